#include "power/cut_disk.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/child.hpp"

namespace dialog::test {
namespace {

constexpr off_t kImageBytes = off_t{160} << 20;
constexpr const char* kMakeFileSystem = "/sbin/mkfs.ext4";
constexpr const char* kLoopControl = "/dev/loop-control";
constexpr int kAttempts = 100;
/// EXT4_IOC_SHUTDOWN, and its way that drops the journal's latest, too.
constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kWithoutJournal = 2;

std::string failure(const std::string& attempt) {
  return "cannot " + attempt + ": " + std::strerror(errno);
}

}  // namespace

std::optional<std::string> CutDisk::why_not() {
  if (geteuid() != 0) return "it needs to be root";
  if (access(kMakeFileSystem, X_OK) != 0) return failure(std::string("run ") + kMakeFileSystem);
  const int control = open(kLoopControl, O_RDWR | O_CLOEXEC);
  if (control < 0) return failure(std::string("open ") + kLoopControl);
  const int number = ioctl(control, LOOP_CTL_GET_FREE);
  close(control);
  if (number < 0) return failure("get a loop device");
  if (unshare(CLONE_NEWNS) != 0) return failure("have mounts of its own");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return failure("have mounts of its own");
  }
  return std::nullopt;
}

CutDisk::~CutDisk() {
  if (is_mounted_) umount2(path().c_str(), MNT_DETACH);
  if (device_ < 0) return;
  ioctl(device_, LOOP_CLR_FD);
  close(device_);
}

std::optional<std::string> CutDisk::make() {
  if (device_ < 0) {
    mkdir(path().c_str(), 0700);
    const int file = open(image().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const bool is_made = file >= 0 && ftruncate(file, kImageBytes) == 0;
    if (file >= 0) close(file);
    if (!is_made) return failure("make " + image());
    if (auto wrong = attach()) return wrong;
  }
  // A small journal, so that it goes round.
  Child maker({kMakeFileSystem, "-q", "-F", "-J", "size=4", device_name_});
  if (maker.wait() != 0) return "mkfs.ext4 failed";
  return std::nullopt;
}

std::optional<std::string> CutDisk::attach() {
  const int file = open(image().c_str(), O_RDWR | O_CLOEXEC);
  const int control = open(kLoopControl, O_RDWR | O_CLOEXEC);
  // Another process may take the device that was free.
  for (int attempt = 0; attempt < kAttempts && device_ < 0; ++attempt) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) break;
    device_name_ = "/dev/loop" + std::to_string(number);
    const int device = open(device_name_.c_str(), O_RDWR | O_CLOEXEC);
    if (device < 0) break;
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(file);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (ioctl(device, LOOP_CONFIGURE, &config) == 0) {
      device_ = device;
    } else {
      close(device);
      if (errno != EBUSY) break;
    }
  }
  std::optional<std::string> wrong;
  if (device_ < 0) wrong = failure("attach " + image() + " to a loop device");
  close(control);
  close(file);
  return wrong;
}

std::optional<std::string> CutDisk::mount(const std::string& options) {
  if (::mount(device_name_.c_str(), path().c_str(), "ext4", MS_NOATIME, options.c_str()) != 0) {
    return failure("mount " + device_name_ + " with \"" + options + "\"");
  }
  is_mounted_ = true;
  return std::nullopt;
}

std::optional<std::string> CutDisk::cut() {
  const int folder = open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::uint32_t how = kWithoutJournal;
  const bool is_cut = folder >= 0 && ioctl(folder, kShutdown, &how) == 0;
  std::optional<std::string> wrong;
  if (!is_cut) wrong = failure("shut down " + path());
  if (folder >= 0) close(folder);
  return wrong;
}

std::optional<std::string> CutDisk::unmount() {
  if (umount2(path().c_str(), 0) != 0) return failure("unmount " + path());
  is_mounted_ = false;
  // What was changed in memory and never written would be taken for what is on the disk.
  if (ioctl(device_, BLKFLSBUF, 0) != 0) return failure("forget what is cached of " + device_name_);
  return std::nullopt;
}

}  // namespace dialog::test
