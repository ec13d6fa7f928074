#include "byte_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "dialog/base/disk.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kPendingBytesMax = std::size_t{256} * 1024;
constexpr mode_t kOutputMode = 0666;

// So that a name given in it survives a power cut.
Result<void> sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_failure(errno, "open the folder " + folder));
  const bool synced = ::fsync(descriptor) == 0;
  const int number = errno;
  ::close(descriptor);
  if (!synced) return fail(system_failure(number, "sync the folder " + folder));
  return {};
}

}  // namespace

Result<void> write_all(int descriptor, ByteView bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(system_failure(errno, "write " + std::string(what)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::size_t> MemorySource::read(std::span<char> buffer) {
  const std::size_t count = std::min(buffer.size(), rest_.size());
  std::copy_n(rest_.begin(), count, buffer.begin());
  rest_.remove_prefix(count);
  return count;
}

Result<void> MemorySink::write(ByteView bytes) {
  bytes_ += bytes;
  return {};
}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path, int stop) {
  if (path == "-") {
    return std::unique_ptr<FileSource>(new FileSource(STDIN_FILENO, "standard input", stop));
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_failure(errno, "open " + path));
  return std::unique_ptr<FileSource>(new FileSource(descriptor, path, stop));
}

FileSource::FileSource(int descriptor, std::string path, int stop)
    : descriptor_(descriptor), path_(std::move(path)), stop_(stop) {
  struct stat status{};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
}

FileSource::~FileSource() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

Result<void> FileSource::wait_for_input() const {
  std::array<pollfd, 2> awaited{{{descriptor_, POLLIN, 0}, {stop_, POLLIN, 0}}};
  while (::poll(awaited.data(), awaited.size(), -1) < 0) {
    if (errno != EINTR) return fail(system_failure(errno, "wait for " + path_));
  }
  if (awaited[1].revents == 0) return {};
  return fail(ErrorCode::cancelled, "interrupted while reading " + path_);
}

Result<std::size_t> FileSource::read(std::span<char> buffer) {
  if (stop_ != kNeverStops && !size_) DIALOG_TRY(wait_for_input());
  while (true) {
    const ssize_t count = ::read(descriptor_, buffer.data(), buffer.size());
    if (count >= 0) {
      bytes_read_ += static_cast<std::uint64_t>(count);
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR) return fail(system_failure(errno, "read " + path_));
  }
}

Result<std::unique_ptr<FileSink>> FileSink::create(const std::string& path) {
  // What is no regular file (a pipe, /dev/stdout) cannot be replaced by renaming.
  struct stat status{};
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  if (!is_there && errno != ENOENT) return fail(system_failure(errno, "look at " + path));
  const bool in_place = is_there && !S_ISREG(status.st_mode);
  const std::string temporary = in_place ? "" : path + ".part-" + std::to_string(::getpid());
  const std::string& opened = in_place ? path : temporary;
  const int descriptor =
      ::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOutputMode);
  if (descriptor < 0) return fail(system_failure(errno, "create " + opened));
  return std::unique_ptr<FileSink>(new FileSink(descriptor, path, temporary));
}

FileSink::FileSink(int descriptor, std::string path, std::string temporary)
    : descriptor_(descriptor), path_(std::move(path)), temporary_(std::move(temporary)) {}

FileSink::~FileSink() {
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> FileSink::write(ByteView bytes) {
  pending_ += bytes;
  return pending_.size() < kPendingBytesMax ? Result<void>{} : drain();
}

Result<void> FileSink::drain() {
  DIALOG_TRY(write_all(descriptor_, pending_, path_));
  pending_.clear();
  return {};
}

Result<void> FileSink::finish() {
  DIALOG_TRY(drain());
  if (temporary_.empty()) return {};
  if (::fsync(descriptor_) != 0) return fail(system_failure(errno, "sync " + path_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail(system_failure(errno, "name the output " + path_));
  }
  temporary_.clear();
  return sync_folder(parent_of(path_));
}

}  // namespace dialog::cli
