#pragma once

#include <cstdint>
#include <functional>

#include "dialog/base/context.hpp"

namespace dialog {

struct LogBackupOptions {
  /// Gets the bytes that were copied so far, now and then; false stops with `cancelled`.
  std::function<bool(std::uint64_t bytes)> on_progress = {};
  Context context = {};
};

struct LogBackup {
  std::uint64_t bytes = 0;      ///< of the log
  std::uint64_t new_bytes = 0;  ///< of these, that an earlier backup in the folder did not have
  /// Of the log; what is damaged here is damaged there, too.
  std::uint64_t damaged_places = 0;
};

/// Whether commits that are damaged in the log may be given up.
enum class LoseDamaged : std::uint8_t { no, yes };

struct LogRebuilt {
  std::uint64_t bytes = 0;           ///< of the log, that are sound
  std::uint64_t damaged_blocks = 0;  ///< are missing now
  std::uint64_t damaged_places = 0;  ///< where commits may have been lost
};

}  // namespace dialog
