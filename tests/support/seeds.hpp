#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <string>

#include "support/generator.hpp"

namespace dialog::test {

/// The seeds of one property: [first, first + count).
struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// `count` seeds from 1 on; where the environment variable DIALOG_TEST_SEED is set, that one alone.
SeedRange seeds_to_run(std::uint64_t count);

/// Names the seed for as long as it lives: in the message of a failed assertion, and, natively, on
/// the error output where the test aborts.
class SeedInPlay {
 public:
  explicit SeedInPlay(std::uint64_t seed);
  SeedInPlay(const SeedInPlay&) = delete;
  SeedInPlay& operator=(const SeedInPlay&) = delete;
  ~SeedInPlay();

 private:
  ::testing::ScopedTrace trace_;
};

/// Runs `property(Generator&)` on `count` seeds and stops after the first that fails.
template <class Property>
void for_each_seed(std::uint64_t count, Property&& property) {
  const SeedRange seeds = seeds_to_run(count);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const SeedInPlay in_play(seed);
    Generator generator(seed);
    property(generator);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace dialog::test
