#include "native_coordinator.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "folder.hpp"

namespace dialog {
namespace {

constexpr std::size_t kFileBytes = 4096;
constexpr std::size_t kBootBytes = 36;
constexpr const char* kBootFile = "/proc/sys/kernel/random/boot_id";

Result<std::string> this_boot() {
  const int file = open(kBootFile, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(system_failure(errno, std::string("read ") + kBootFile));
  std::string boot(kBootBytes, '\0');
  const ssize_t count = read(file, boot.data(), boot.size());
  const int error_number = count < 0 ? errno : EIO;
  close(file);
  if (count != static_cast<ssize_t>(kBootBytes)) {
    return fail(system_failure(error_number, std::string("read ") + kBootFile));
  }
  return boot;
}

}  // namespace

// In memory that several processes write: nothing but numbers that change in one step.
struct NativeCoordinator::Shared {
  std::array<std::atomic<char>, 40> boot;
  struct Durable {
    std::atomic<std::uint64_t> end;  ///< segment and offset
    std::atomic<std::uint64_t> sequence;
    std::atomic<std::uint64_t> checksum;
  };
  /// Which of the two counts: the other one is being changed, by whoever writes or died over it.
  std::atomic<std::uint64_t> version;
  std::array<Durable, 2> durable;
  std::atomic<std::uint64_t> checkpoint;
  std::atomic<std::uint32_t> writing;  ///< somebody has the right, or had it when he died
  std::atomic<std::uint32_t> process;  ///< who had it last
  std::atomic<std::uint32_t> next;     ///< who came last to be the first of those that wait
};

Result<std::unique_ptr<NativeCoordinator>> NativeCoordinator::open(const std::string& name) {
  static_assert(sizeof(Shared) <= kFileBytes);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  DIALOG_ASSIGN(std::string boot, this_boot());
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(system_failure(errno, "open " + name));
  // Memory without room on the disk would kill whoever touches it.
  int error_number = posix_fallocate(file, 0, kFileBytes);
  void* memory = MAP_FAILED;
  if (error_number == 0) {
    memory = mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) error_number = errno;
  }
  if (error_number != 0) {
    close(file);
    return fail(system_failure(error_number, "share " + name));
  }
  return std::unique_ptr<NativeCoordinator>(
      new NativeCoordinator(file, name, static_cast<Shared*>(memory), std::move(boot)));
}

NativeCoordinator::NativeCoordinator(int file, const std::string& name, Shared* shared,
                                     std::string boot)
    : file_(file), shared_(shared), boot_(std::move(boot)) {
  lock_.watch(file_, name);
}

NativeCoordinator::~NativeCoordinator() {
  abandon();
  munmap(shared_, kFileBytes);
  close(file_);
}

// Once it is, it stays so.
bool NativeCoordinator::is_of_this_boot() const {
  if (was_of_this_boot_.load(std::memory_order_acquire)) return true;
  for (std::size_t i = 0; i < boot_.size(); ++i) {
    if (shared_->boot[i].load(std::memory_order_acquire) != boot_[i]) return false;
  }
  was_of_this_boot_ = true;
  return true;
}

Result<store::Coordinator::Taken> NativeCoordinator::try_lock() {
  DIALOG_ASSIGN(has_right_, lock_.try_take());
  const auto self = static_cast<std::uint32_t>(getpid());
  if (!has_right_) {
    if (lock_.has_turn()) shared_->next = self;
    return Taken::no;
  }
  shared_->process = self;
  return shared_->writing.exchange(1) == 0 ? Taken::clean : Taken::after_failure;
}

void NativeCoordinator::unlock() {
  if (std::exchange(has_right_, false)) shared_->writing = 0;
  lock_.release();
}

void NativeCoordinator::abandon() {
  has_right_ = false;
  lock_.release();
}

std::string NativeCoordinator::holder() {
  const auto& process = lock_.is_taken() ? shared_->process : shared_->next;
  return "process " + std::to_string(process.load());
}

std::optional<store::Published> NativeCoordinator::published() {
  if (!is_of_this_boot()) return std::nullopt;
  // Read again only where somebody has published meanwhile.
  while (true) {
    const std::uint64_t version = shared_->version.load(std::memory_order_acquire);
    const Shared::Durable& durable = shared_->durable[version % 2];
    store::Published published;
    const std::uint64_t end = durable.end.load(std::memory_order_acquire);
    published.durable.end = {static_cast<std::uint32_t>(end >> 32U),
                             static_cast<std::uint32_t>(end)};
    published.durable.sequence = durable.sequence.load(std::memory_order_acquire);
    published.durable.checksum = durable.checksum.load(std::memory_order_acquire);
    published.checkpoint = shared_->checkpoint.load(std::memory_order_acquire);
    if (shared_->version.load(std::memory_order_acquire) == version) return published;
  }
}

void NativeCoordinator::publish(const store::Tip& durable) {
  const bool is_first = !is_of_this_boot();
  const std::uint64_t version = shared_->version.load() + 1;
  Shared::Durable& next = shared_->durable[version % 2];
  next.end = std::uint64_t{durable.end.segment} << 32U | durable.end.offset;
  next.sequence = durable.sequence;
  next.checksum = durable.checksum;
  if (is_first) shared_->checkpoint = 0;
  shared_->version = version;
  if (!is_first) return;
  for (std::size_t i = 0; i < boot_.size(); ++i) shared_->boot[i] = boot_[i];
}

void NativeCoordinator::publish_checkpoint(std::uint64_t sequence) {
  std::uint64_t present = shared_->checkpoint.load();
  while (present < sequence && !shared_->checkpoint.compare_exchange_weak(present, sequence)) {
  }
}

}  // namespace dialog
