#include "lmdb_failing_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace dialog::test {
namespace {

struct State {
  bool watching = false;
  std::string folder;
  std::string recorded;
  int calls = 0;
  int fail_at = 0;
  DiskFault fault = DiskFault::none;
  bool forever = false;
  bool failed = false;
  std::vector<DiskEvent> events;
  std::vector<std::string> synced_folders;
};

State& state() {
  static State the_state;
  return the_state;
}

std::string path_of(int file) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = readlink(link.c_str(), path, sizeof path);
  return size < 0 ? "" : std::string(path, static_cast<std::size_t>(size));
}

bool is_watched(const std::string& path) {
  return state().watching && path.starts_with(state().folder);
}

DiskFault next_fault() {
  State& disk = state();
  ++disk.calls;
  const bool hit =
      disk.fail_at != 0 && (disk.forever ? disk.calls >= disk.fail_at : disk.calls == disk.fail_at);
  if (hit) disk.failed = true;
  return hit ? disk.fault : DiskFault::none;
}

ssize_t write_at(int file, const std::string& bytes, off_t offset) {
  return syscall(SYS_pwrite64, file, bytes.data(), bytes.size(), offset);
}

// A write of any kind: what fails, what is noted, what reaches the file.
ssize_t watched_write(int file, const std::string& path, std::string bytes, off_t offset) {
  const DiskFault fault = next_fault();
  if (fault == DiskFault::io_error || fault == DiskFault::full) {
    errno = fault == DiskFault::full ? ENOSPC : EIO;
    return -1;
  }
  if (fault == DiskFault::short_write) bytes.resize(bytes.size() / 2);
  const ssize_t written = write_at(file, bytes, offset);
  if (written > 0 && path == state().recorded) {
    bytes.resize(static_cast<std::size_t>(written));
    const bool durable = (fcntl(file, F_GETFL) & O_DSYNC) != 0;
    state().events.push_back(
        {DiskEvent::Kind::write, static_cast<std::uint64_t>(offset), std::move(bytes), durable});
  }
  return written;
}

int watched_sync(const std::string& path) {
  const DiskFault fault = next_fault();
  if (fault != DiskFault::none) {
    errno = fault == DiskFault::full ? ENOSPC : EIO;
    return -1;
  }
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    state().synced_folders.push_back(path);
  }
  if (path == state().recorded) state().events.push_back({DiskEvent::Kind::sync});
  // No test cuts the power of the machine.
  return 0;
}

}  // namespace

FailingDisk::FailingDisk(std::string folder) {
  state() = State{};
  state().folder = std::move(folder);
  state().watching = true;
}

FailingDisk::~FailingDisk() { state() = State{}; }

void FailingDisk::fail_at(int call, DiskFault fault, bool forever) {
  state().calls = 0;
  state().failed = false;
  state().fail_at = call;
  state().fault = fault;
  state().forever = forever;
}

int FailingDisk::calls() const { return state().calls; }
bool FailingDisk::has_failed() const { return state().failed; }

void FailingDisk::record(const std::string& file) {
  state().recorded = file;
  state().events.clear();
}

void FailingDisk::mark(int mark) {
  state().events.push_back({DiskEvent::Kind::mark, 0, {}, false, mark});
}

const std::vector<DiskEvent>& FailingDisk::events() const { return state().events; }
const std::vector<std::string>& FailingDisk::synced_folders() const {
  return state().synced_folders;
}

}  // namespace dialog::test

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  const std::string path = dialog::test::path_of(file);
  if (!dialog::test::is_watched(path)) return syscall(SYS_pwrite64, file, bytes, size, offset);
  return dialog::test::watched_write(file, path, {static_cast<const char*>(bytes), size}, offset);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  const std::string path = dialog::test::path_of(file);
  if (!dialog::test::is_watched(path)) return syscall(SYS_writev, file, parts, count);
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  const off_t offset = lseek(file, 0, SEEK_CUR);
  const ssize_t written = dialog::test::watched_write(file, path, std::move(bytes), offset);
  if (written > 0) lseek(file, offset + written, SEEK_SET);
  return written;
}

int fdatasync(int file) {
  const std::string path = dialog::test::path_of(file);
  if (!dialog::test::is_watched(path)) return static_cast<int>(syscall(SYS_fdatasync, file));
  return dialog::test::watched_sync(path);
}

int fsync(int file) {
  const std::string path = dialog::test::path_of(file);
  if (!dialog::test::is_watched(path)) return static_cast<int>(syscall(SYS_fsync, file));
  return dialog::test::watched_sync(path);
}

}  // extern "C"
