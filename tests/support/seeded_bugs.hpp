#pragma once

#include <cstdint>
#include <optional>

namespace dialog::test {

/// One invariant of docs/protocol/sync.md each, broken.
enum class SeededBug : std::uint8_t {
  origin_is_the_merged_root,  // 1
  parents_travel_first,       // 2
  swap_without_an_intent,     // 3
  racing_commit_is_dropped,   // 4
  blocks_are_not_checked,     // 5
  absent_is_an_error,         // 6
  everything_is_sent_again,   // 7
  only_branches_are_kept,     // 8
  rollback_goes_unnoticed,    // 9
  gone_is_empty,              // 10
};

inline constexpr SeededBug kSeededBugs[] = {
    SeededBug::origin_is_the_merged_root, SeededBug::parents_travel_first,
    SeededBug::swap_without_an_intent,    SeededBug::racing_commit_is_dropped,
    SeededBug::blocks_are_not_checked,    SeededBug::absent_is_an_error,
    SeededBug::everything_is_sent_again,  SeededBug::only_branches_are_kept,
    SeededBug::rollback_goes_unnoticed,   SeededBug::gone_is_empty,
};

/// The bug that is on; one at a time. For one thread.
inline std::optional<SeededBug>& seeded_bug() {
  static std::optional<SeededBug> bug;
  return bug;
}

inline bool is_seeded(SeededBug bug) { return seeded_bug() == bug; }

}  // namespace dialog::test
