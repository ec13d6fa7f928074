#include "dialog/backends/named_lock.hpp"

#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>

#include "dialog/base/system_failure.hpp"

namespace dialog {

Result<NamedLock> lock_named(int descriptor, const std::string& path, LockWait wait) {
  const int operation = wait == LockWait::yes ? LOCK_EX : LOCK_EX | LOCK_NB;
  while (flock(descriptor, operation) != 0) {
    if (errno == EWOULDBLOCK) return NamedLock::lost;
    if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) return NamedLock::unsupported;
    if (errno != EINTR) return fail(system_failure(errno, "lock " + path));
  }
  struct stat locked{};
  struct stat named{};
  const bool is_seen = fstat(descriptor, &locked) == 0;
  if (!is_seen || (stat(path.c_str(), &named) != 0 && errno != ENOENT)) {
    return fail(system_failure(errno, "look at " + path));
  }
  const bool is_same = locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
  return is_same ? NamedLock::won : NamedLock::lost;
}

}  // namespace dialog
