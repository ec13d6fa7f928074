#pragma once

#include <cstdint>

#include "dialog/replica/head_store.hpp"

// Counters that several processes add to, by compare-and-swap, each noting in the same commit how
// much it has added itself.

namespace dialog::test {

/// How often this worker has added one.
Result<int> counted_by(HeadStore& heads, int worker);

/// Adds one to one of the counters, however often others are faster.
Result<void> count_one(HeadStore& heads, int worker);

struct Counts {
  std::uint64_t by_counter = 0;
  std::uint64_t by_worker = 0;  ///< the same, as the workers noted it
};
/// The sums, from one snapshot.
Result<Counts> counts(HeadStore& heads);

}  // namespace dialog::test
