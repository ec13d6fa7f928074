#pragma once

#include <cstddef>
#include <cstdint>

#include "dialog/base/clock.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// Whether the store must be there already.
enum class LogOpen : std::uint8_t {
  existing,  ///< `not_found` where there is none
  create,    ///< `already_exists` where there is one, or the folder holds anything else
  ensure,    ///< opens what is there, or creates it
};

/// How an embedded store behaves. Nothing of this is recorded in the store: every process chooses.
struct LogOptions {
  LogOpen open = LogOpen::existing;
  store::Limits limits = {};
  /// Blocks that a quarantine keeps in memory. What is beyond goes into a temporary database.
  std::size_t quarantine_bytes_max = std::size_t{32} << 20;
  /// Accepted swaps that a register remembers of each subject, the latest included; at least 1.
  std::uint64_t history_kept = 1024;
  /// Deadlines are measured on this clock; it must outlive the store.
  Clock* clock = &system_clock();
};

}  // namespace dialog
