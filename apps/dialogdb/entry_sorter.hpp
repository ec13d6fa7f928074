#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "entry_format.hpp"

namespace dialog::cli {

/// Puts entries in the order of their keys, in bounded memory: what does not fit is spilled in
/// sorted runs into an unnamed file. Of several entries with one key the last added counts. Not
/// thread-safe.
class EntrySorter final {
 public:
  /// The file is made in `spill_folder`, and only once more than `memory_bytes_max` are added.
  EntrySorter(std::string spill_folder, std::size_t memory_bytes_max);
  EntrySorter(const EntrySorter&) = delete;
  EntrySorter& operator=(const EntrySorter&) = delete;
  ~EntrySorter();

  /// `storage_full`, `storage_failed`.
  Result<void> add(Entry entry);

  using Visitor = std::function<Result<void>(const Entry& entry)>;
  /// Calls `visit` with every entry in ascending order of keys and ends with its first error. May
  /// be repeated; nothing may be added any more.
  Result<void> for_each(const Visitor& visit);

  /// How many entries were added, and how many of them another one with the same key replaced; the
  /// latter only after `for_each`.
  [[nodiscard]] std::uint64_t added() const { return added_; }
  [[nodiscard]] std::uint64_t replaced() const {
    return replaced_in_memory_ + replaced_across_runs_;
  }

 private:
  struct Run {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  class RunReader;

  void sort_pending();
  Result<void> spill();
  Result<void> merge_runs(const Visitor& visit);

  std::string spill_folder_;
  std::size_t memory_bytes_max_;
  std::vector<Entry> pending_;
  std::size_t pending_bytes_ = 0;
  bool pending_is_sorted_ = true;
  int spill_file_ = -1;
  std::uint64_t spilled_bytes_ = 0;
  std::vector<Run> runs_;
  std::uint64_t added_ = 0;
  std::uint64_t replaced_in_memory_ = 0;
  std::uint64_t replaced_across_runs_ = 0;
};

}  // namespace dialog::cli
