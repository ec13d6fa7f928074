#include "dialog/backends/named_lock.hpp"

#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>

#include "folder.hpp"

namespace dialog {

Result<bool> lock_named(int descriptor, const std::string& path, LockWait wait) {
  const int operation = wait == LockWait::yes ? LOCK_EX : LOCK_EX | LOCK_NB;
  while (flock(descriptor, operation) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return fail(system_failure(errno, "lock " + path));
  }
  struct stat locked{};
  struct stat named{};
  return fstat(descriptor, &locked) == 0 && stat(path.c_str(), &named) == 0 &&
         locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

}  // namespace dialog
