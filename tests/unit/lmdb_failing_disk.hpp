#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// A disk that fails on demand and notes what was written. This program's own `pwrite`, `writev`,
// `fsync` and `fdatasync` take the place of the system's, for the libraries too; they look only at
// files below one folder. For one thread.

namespace dialog::test {

enum class DiskFault : std::uint8_t {
  none,
  io_error,     ///< EIO, and nothing was written
  full,         ///< ENOSPC, and nothing was written
  short_write,  ///< half of it was written; syncs fail with EIO
};

/// What happened to one file, in order.
struct DiskEvent {
  enum class Kind : std::uint8_t { write, sync, mark };
  Kind kind;
  std::uint64_t offset = 0;
  std::string bytes = {};
  bool durable = false;  ///< the write itself waited for the disk
  int mark = 0;          ///< what the test said at that moment
};

/// Watches the files below `folder` while it lives. One at a time.
class FailingDisk {
 public:
  explicit FailingDisk(std::string folder);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  /// The call with this number, counted from 1 from now on, fails; with `forever` every one after
  /// it too.
  void fail_at(int call, DiskFault fault, bool forever);
  void heal() { fail_at(0, DiskFault::none, false); }
  /// How many calls there were since the last `fail_at`.
  [[nodiscard]] int calls() const;
  /// Whether any call has failed since the last `fail_at`.
  [[nodiscard]] bool has_failed() const;

  /// Notes the writes to `file` from now on.
  void record(const std::string& file);
  void mark(int mark);
  [[nodiscard]] const std::vector<DiskEvent>& events() const;

  /// The folders that were synced, as often as they were.
  [[nodiscard]] const std::vector<std::string>& synced_folders() const;
};

}  // namespace dialog::test
