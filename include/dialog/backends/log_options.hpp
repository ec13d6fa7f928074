#pragma once

#include <cstddef>
#include <cstdint>

#include "dialog/backends/store_open.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/store/engine.hpp"

namespace dialog {

/// How an embedded store behaves. Nothing of this is recorded in the store: every process chooses.
struct LogOptions {
  StoreOpen open = StoreOpen::existing;
  store::Limits limits = {};
  /// Blocks that a quarantine keeps in memory. What is beyond goes into a temporary database.
  std::size_t quarantine_bytes_max = std::size_t{32} << 20;
  /// Accepted swaps that a register remembers of each subject, the latest included; at least 1.
  std::uint64_t history_kept = 1024;
  /// Deadlines are measured on this clock; it must outlive the store.
  Clock* clock = &system_clock();
};

}  // namespace dialog
