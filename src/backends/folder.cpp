#include "folder.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "dialog/backends/named_lock.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/random.hpp"

namespace dialog {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOwner = "/owner";

std::string random_name() {
  std::uint8_t bytes[8];
  system_random().fill(bytes);
  return std::to_string(getpid()) + "-" +
         to_hex({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

// The lock of a scratch folder, or -1 where others were faster. Creates the file where it is
// missing.
Result<int> lock_owner(const std::string& folder) {
  const std::string name = folder + kOwner;
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 && errno == ENOENT) return -1;
  if (file < 0) return fail(system_failure(errno, "open " + name));
  const auto lock = lock_named(file, name, LockWait::no);
  if (lock && *lock == NamedLock::won) return file;
  close(file);
  if (!lock) return fail(lock.error());
  if (*lock == NamedLock::lost) return -1;
  return fail(ErrorCode::unsupported, "cannot lock " + name + ": its file system has no locks");
}

void remove_all(const std::string& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace

std::string parent_folder(const std::string& path) {
  fs::path full = fs::path(path);
  if (!full.has_filename()) full = full.parent_path();
  const std::string parent = full.parent_path().string();
  return parent.empty() ? "." : parent;
}

Result<void> sync_folder(const std::string& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) {
    // A folder above a user's own often may not be read; then it is not this user who made names in
    // it.
    if (errno == EACCES || errno == EPERM) return {};
    return fail(system_failure(errno, "open the folder " + folder));
  }
  const int error_number = fsync(file) == 0 ? 0 : errno;
  close(file);
  // Some file systems have nothing to sync in a folder and say so.
  if (error_number != 0 && error_number != EINVAL && error_number != ENOTSUP) {
    return fail(system_failure(error_number, "sync the folder " + folder));
  }
  return {};
}

Result<void> make_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) return sync_folder(parent_folder(folder));
  if (errno == EEXIST) return {};
  const std::string parent = parent_folder(folder);
  if (errno != ENOENT || parent == folder) {
    return fail(system_failure(errno, "create the folder " + folder));
  }
  DIALOG_TRY(make_folder(parent));
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(system_failure(errno, "create the folder " + folder));
  }
  return sync_folder(parent);
}

Result<FileLock> FileLock::take(const std::string& name, Kind kind) {
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(system_failure(errno, "open " + name));
  if (flock(file, (kind == Kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return FileLock(file);
  const int error_number = errno;
  close(file);
  if (error_number != EWOULDBLOCK) return fail(system_failure(error_number, "lock " + name));
  return fail(ErrorCode::busy, "somebody else holds the lock on " + name);
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock::~FileLock() {
  if (file_ >= 0) close(file_);
}

Result<std::unique_ptr<ScratchFolder>> ScratchFolder::make(const std::string& above) {
  constexpr int kAttempts = 16;
  const std::string all = above + "/" + kName;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (mkdir(all.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(system_failure(errno, "create the folder " + all));
    }
    std::string path = all + "/" + random_name();
    if (mkdir(path.c_str(), 0700) != 0) {
      if (errno == ENOENT || errno == EEXIST) continue;
      return fail(system_failure(errno, "create the folder " + path));
    }
    const auto lock = lock_owner(path);
    if (!lock) {
      remove_all(path);
      return fail(lock.error());
    }
    if (*lock >= 0) {
      return std::unique_ptr<ScratchFolder>(new ScratchFolder(std::move(path), *lock));
    }
  }
  return fail(ErrorCode::busy, "cannot get a folder of its own in " + all);
}

ScratchFolder::~ScratchFolder() {
  remove_all(path_);
  close(lock_);
  // Succeeds for the last one only.
  rmdir(parent_folder(path_).c_str());
}

void ScratchFolder::remove_abandoned(const std::string& above) {
  const std::string all = above + "/" + kName;
  std::error_code error;
  for (fs::directory_iterator at(all, error), end; !error && at != end; at.increment(error)) {
    const std::string path = at->path().string();
    // Creating the lock file covers an owner that died before it had one; an owner that is just
    // about to lock notices and takes another name.
    const auto lock = lock_owner(path);
    if (!lock || *lock < 0) continue;
    remove_all(path);
    close(*lock);
  }
  rmdir(all.c_str());
}

}  // namespace dialog
