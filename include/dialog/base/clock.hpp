#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace dialog {

/// Monotonic time since an arbitrary start.
using MonotonicTime = std::chrono::nanoseconds;
/// Time since the Unix epoch.
using WallTime = std::chrono::milliseconds;

/// The seam for time. Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Never goes back.
  virtual MonotonicTime now() = 0;
  /// May jump; for records that people read, never for time-outs.
  virtual WallTime wall() = 0;
  /// Blocks the caller (in a simulation: moves the time).
  virtual void sleep(std::chrono::nanoseconds duration) = 0;
};

/// The machine's clocks. One object for the whole process.
Clock& system_clock();

/// A clock that stands still until it is told; it starts at zero. Thread-safe.
class ManualClock final : public Clock {
 public:
  MonotonicTime now() override;
  WallTime wall() override;
  /// Moves the time by `duration` at once.
  void sleep(std::chrono::nanoseconds duration) override;

 private:
  std::atomic<std::int64_t> elapsed_ns_{0};
};

}  // namespace dialog
