#include "new_repository_folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "byte_stream.hpp"
#include "dialog/backends/named_lock.hpp"
#include "dialog/backends/native_disk.hpp"
#include "dialog/base/system_failure.hpp"

namespace dialog::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartPrefix = ".dialogdb.part-";
constexpr int kAttemptsMax = 16;

// Opens a folder and locks it.
Result<NamedLock> lock_folder(const std::string& path, int& descriptor) {
  descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return NamedLock::lost;
  if (descriptor < 0) return fail(system_failure(errno, "open " + path));
  return lock_named(descriptor, path, LockWait::no);
}

void unlock(int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
}

void remove_leftovers(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with(kPartPrefix)) continue;
    const std::string path = at->path().string();
    int lock = -1;
    std::error_code ignored;
    const auto locked = lock_folder(path, lock);
    if (locked && *locked == NamedLock::won) fs::remove_all(path, ignored);
    unlock(lock);
  }
}

// The folder and those above it that are not there, the innermost first.
Result<std::vector<std::string>> missing_folders(const std::string& folder) {
  std::vector<std::string> missing;
  for (fs::path path = folder; path != path.parent_path(); path = path.parent_path()) {
    DIALOG_ASSIGN(const bool is_here, is_there(path.string()));
    if (is_here) break;
    missing.push_back(path.string());
  }
  return missing;
}

}  // namespace

Result<NewRepositoryFolder> NewRepositoryFolder::make(const Location& location) {
  NewRepositoryFolder folder(location);
  DIALOG_ASSIGN(folder.made_, missing_folders(location.folder()));
  DIALOG_TRY(make_folders(location.folder()));
  remove_leftovers(location.folder());
  DIALOG_ASSIGN(const bool is_here, is_there(location.state_folder()));
  if (is_here) {
    return fail(ErrorCode::already_exists, location.folder() + " holds a repository already");
  }
  DIALOG_TRY(folder.make_attempt());
  return folder;
}

Result<void> NewRepositoryFolder::make_attempt() {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::string path = location_.folder() + "/" + kPartPrefix + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return fail(system_failure(errno, "make a folder in " + location_.folder()));
    }
    const auto locked = lock_folder(path, lock_);
    // Another process that is clearing up may have been faster. Where folders cannot be locked at
    // all, nobody clears up.
    if (!locked || *locked != NamedLock::lost) path_ = std::move(path);
    if (!locked) return fail(locked.error());
    if (!path_.empty()) return {};
    unlock(std::exchange(lock_, -1));
  }
  return fail(ErrorCode::busy, "cannot keep a folder of its own in " + location_.folder());
}

NewRepositoryFolder::NewRepositoryFolder(NewRepositoryFolder&& other) noexcept
    : location_(std::move(other.location_)),
      made_(std::exchange(other.made_, {})),
      path_(std::exchange(other.path_, {})),
      lock_(std::exchange(other.lock_, -1)) {}

NewRepositoryFolder::~NewRepositoryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  unlock(lock_);
  // Only where nobody put anything there meanwhile.
  for (const std::string& folder : made_) ::rmdir(folder.c_str());
}

Result<void> NewRepositoryFolder::publish() {
  DIALOG_TRY(native_disk().sync_folder(path_));
  if (::rename(path_.c_str(), location_.state_folder().c_str()) != 0) {
    const int number = errno;
    if (number == ENOTEMPTY || number == EEXIST) {
      return fail(ErrorCode::already_exists,
                  location_.folder() + " got a repository from another process meanwhile");
    }
    return fail(system_failure(number, "name " + location_.state_folder()));
  }
  path_.clear();
  made_.clear();
  return native_disk().sync_folder(location_.folder());
}

}  // namespace dialog::cli
