#pragma once

#include <string>
#include <utility>

#include "dialog/base/result.hpp"

namespace dialog {

/// The right to write in a folder, which one process has at a time. Ends with the process. For one
/// thread at a time.
///
/// Two locks of the operating system's on a file, on bytes that it never reaches. Who waits for the
/// right holds the turn meanwhile, so that nobody who had it before gets it again first.
class WriterLock {
 public:
  /// `file` is open for writing, and outlives this object; `name` is for messages.
  void watch(int file, std::string name) {
    file_ = file;
    name_ = std::move(name);
  }

  /// Never waits: false where another process has the right, or is before this one.
  Result<bool> try_take();
  /// Gives the right back, or the place among those who wait for it.
  void release();
  /// Whether this process is the first of those that wait.
  [[nodiscard]] bool has_turn() const { return has_turn_; }
  /// Whether another process has the right.
  [[nodiscard]] bool is_taken() const;
  /// Whether another process waits for the right that this one has.
  [[nodiscard]] bool is_awaited() const;

 private:
  int file_ = -1;
  std::string name_;
  bool has_turn_ = false;
  bool has_right_ = false;
};

}  // namespace dialog
