#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dialog/base/clock.hpp"

namespace dialog::cli {

/// A line on standard error that shows how far a long task has come, and is gone when the object
/// is. Draws at most ten times a second, and nothing within the first half second. Not thread-safe.
class Progress {
 public:
  /// Draws only where `visible`: on a terminal, and not with --json or --quiet.
  Progress(bool visible, std::string label, bool counts_bytes = false);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void update(std::uint64_t done, std::optional<std::uint64_t> total = std::nullopt);

 private:
  void draw(std::uint64_t done, std::optional<std::uint64_t> total);
  bool visible_;
  bool counts_bytes_;
  bool drawn_ = false;
  std::string label_;
  MonotonicTime started_;
  MonotonicTime next_draw_;
};

}  // namespace dialog::cli
