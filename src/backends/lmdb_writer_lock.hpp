#pragma once

#include "dialog/base/result.hpp"

namespace dialog::lmdb {

/// The right to write in a database, which one process has at a time. LMDB has a lock of its own
/// for that, and it can only be waited for without end; whoever takes this one first finds that one
/// free. Ends with the process. For one thread at a time.
///
/// Two locks of the operating system's on the database file, on bytes that it never reaches. Who
/// waits for the right holds the turn meanwhile, so that nobody who had it before gets it again
/// first.
class WriterLock {
 public:
  /// `file` is the database's, open for writing; it outlives this object.
  void watch(int file) { file_ = file; }

  /// Never waits: false where another process has the right, or is before this one.
  Result<bool> try_take();
  /// Gives the right back, or the place among those who wait for it.
  void release();

 private:
  int file_ = -1;
  bool has_turn_ = false;
  bool has_right_ = false;
};

}  // namespace dialog::lmdb
