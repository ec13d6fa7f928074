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

namespace dialog::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartPrefix = ".dialogdb.part-";
constexpr int kAttemptsMax = 16;

enum class Locked { yes, by_another, never };

// Opens a folder and locks it.
Locked lock_folder(const std::string& path, int& descriptor) {
  descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return errno == ENOENT ? Locked::by_another : Locked::never;
  const auto locked = lock_named(descriptor, path, LockWait::no);
  if (!locked) return Locked::never;
  return *locked ? Locked::yes : Locked::by_another;
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
    if (lock_folder(path, lock) == Locked::yes) fs::remove_all(path, ignored);
    unlock(lock);
  }
}

// The folder and those above it that are not there, the innermost first.
std::vector<std::string> missing_folders(const std::string& folder) {
  std::vector<std::string> missing;
  std::error_code ignored;
  for (fs::path path = folder; !fs::exists(path, ignored) && path != path.parent_path();
       path = path.parent_path()) {
    missing.push_back(path.string());
  }
  return missing;
}

}  // namespace

Result<NewRepositoryFolder> NewRepositoryFolder::make(const Location& location) {
  NewRepositoryFolder folder(location);
  folder.made_ = missing_folders(location.folder());
  DIALOG_TRY(make_folders(location.folder()));
  remove_leftovers(location.folder());
  std::error_code ignored;
  if (fs::exists(location.state_folder(), ignored)) {
    return fail(ErrorCode::already_exists, location.folder() + " holds a repository already");
  }
  DIALOG_TRY(folder.make_attempt());
  return folder;
}

Result<void> NewRepositoryFolder::make_attempt() {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::string path = location_.folder() + "/" + kPartPrefix + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return fail(system_error(errno, "cannot make a folder in " + location_.folder()));
    }
    // Another process that is clearing up may have been faster. Where folders cannot be locked at
    // all, nobody clears up.
    if (lock_folder(path, lock_) != Locked::by_another) {
      path_ = std::move(path);
      return {};
    }
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
    return fail(system_error(number, "cannot name " + location_.state_folder()));
  }
  path_.clear();
  made_.clear();
  return native_disk().sync_folder(location_.folder());
}

}  // namespace dialog::cli
