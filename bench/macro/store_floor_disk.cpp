#include <cstdint>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>

#include "report.hpp"
#include "store_floors.hpp"

namespace dialog::bench {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kFileBytes = std::size_t{64} << 20;

class DiskFloor final : public StoreFloor {
 public:
  explicit DiskFloor(const std::string& folder)
      : descriptor_(::open((folder + "/disk").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    const std::string zeros(std::size_t{1} << 20, '\0');
    for (std::size_t at = 0; at < kFileBytes; at += zeros.size()) write(at, zeros);
    if (::fsync(descriptor_) != 0) give_up("disk: fsync");
  }
  ~DiskFloor() override { ::close(descriptor_); }

  void put(std::span<const Item> /*items*/) override {
    const std::lock_guard lock(mutex_);
    ++page_.front();
    write(at_, page_);
    at_ = (at_ + kPageBytes) % kFileBytes;
    if (::fdatasync(descriptor_) != 0) give_up("disk: fdatasync");
  }

  bool get(std::string_view /*key*/, std::string& /*value*/) override { return false; }

 private:
  void write(std::size_t at, const std::string& bytes) const {
    const auto size = static_cast<ssize_t>(bytes.size());
    if (::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at)) != size)
      give_up("disk: write");
  }

  std::mutex mutex_;
  int descriptor_;
  std::size_t at_ = 0;
  std::string page_ = std::string(kPageBytes, 'x');
};

}  // namespace

std::unique_ptr<StoreFloor> open_disk_floor(const std::string& folder) {
  return std::make_unique<DiskFloor>(folder);
}

}  // namespace dialog::bench
