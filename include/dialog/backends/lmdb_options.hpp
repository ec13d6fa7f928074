#pragma once

#include <cstddef>
#include <cstdint>

#include "dialog/backends/store_open.hpp"
#include "dialog/base/clock.hpp"

namespace dialog {

/// How an embedded store behaves. Nothing of this is recorded in the store: every process chooses.
struct LmdbOptions {
  StoreOpen open = StoreOpen::existing;

  /// Address space that is reserved at first. Costs neither memory nor disk. Grows by doubling,
  /// which waits for the calls of this process that are reading at that moment.
  std::size_t map_bytes = std::size_t{1} << 30;
  /// The database never grows beyond this size: then writes fail with `storage_full`. A database
  /// that is larger already can still be read.
  std::size_t map_bytes_max = std::size_t{1} << 44;

  /// Blocks that an archive keeps in memory between two flushes. What is beyond is written early.
  std::size_t buffered_bytes_max = std::size_t{16} << 20;
  /// Blocks that a quarantine keeps in memory. What is beyond goes into a temporary database.
  std::size_t quarantine_bytes_max = std::size_t{32} << 20;

  /// Accepted swaps that a register remembers of each subject, the latest included; at least 1.
  std::uint64_t history_kept = 1024;

  /// Deadlines are measured on this clock; it must outlive the store.
  Clock* clock = &system_clock();
};

}  // namespace dialog
