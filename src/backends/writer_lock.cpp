#include "writer_lock.hpp"

#include <cerrno>
#include <fcntl.h>

#include "folder.hpp"

namespace dialog {
namespace {

constexpr off_t kTurn = off_t{1} << 62;
constexpr off_t kRight = kTurn + 1;

struct flock on_byte(off_t byte, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

Result<bool> lock_byte(int file, off_t byte, const std::string& name) {
  struct flock lock = on_byte(byte, F_WRLCK);
  if (fcntl(file, F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return fail(system_failure(errno, "lock " + name));
}

void unlock(int file, off_t byte) {
  struct flock lock = on_byte(byte, F_UNLCK);
  fcntl(file, F_OFD_SETLK, &lock);
}

// By whom a lock of this kind is held, the system does not tell.
bool is_locked(int file, off_t byte) {
  struct flock lock = on_byte(byte, F_WRLCK);
  return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

Result<bool> WriterLock::try_take() {
  if (!has_turn_) {
    DIALOG_ASSIGN(has_turn_, lock_byte(file_, kTurn, name_));
    if (!has_turn_) return false;
  }
  DIALOG_ASSIGN(has_right_, lock_byte(file_, kRight, name_));
  if (!has_right_) return false;
  unlock(file_, kTurn);
  has_turn_ = false;
  return true;
}

void WriterLock::release() {
  if (std::exchange(has_right_, false)) unlock(file_, kRight);
  if (std::exchange(has_turn_, false)) unlock(file_, kTurn);
}

bool WriterLock::is_taken() const { return is_locked(file_, kRight); }

bool WriterLock::is_awaited() const { return is_locked(file_, kTurn); }

}  // namespace dialog
