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

}  // namespace dialog
