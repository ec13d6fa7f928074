#include <array>
#include <gtest/gtest.h>
#include <set>
#include <vector>

#include "dialog/base/check.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/base/random.hpp"

namespace dialog {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(SystemClock, NeverGoesBack) {
  MonotonicTime last = system_clock().now();
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = system_clock().now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  const MonotonicTime before = system_clock().now();
  system_clock().sleep(nanoseconds(1));
  EXPECT_GE(system_clock().now() - before, nanoseconds(1));
}

TEST(SystemClock, DoesNotSleepForANegativeTime) { system_clock().sleep(-hours(1000)); }

TEST(SystemClock, KnowsTheYear) {
  EXPECT_GT(system_clock().wall(), milliseconds(1'700'000'000'000));
}

TEST(ManualClock, StandsStillUntilItIsTold) {
  ManualClock clock;
  const auto now = clock.now();
  const auto wall = clock.wall();
  EXPECT_EQ(clock.now(), now);
  clock.sleep(hours(48));
  EXPECT_EQ(clock.now(), now + hours(48));
  EXPECT_EQ(clock.wall(), wall + hours(48));
}

TEST(ManualClock, NeverGoesBack) {
  ManualClock clock;
  clock.sleep(nanoseconds(5));
  clock.sleep(-nanoseconds(3));
  EXPECT_EQ(clock.now(), nanoseconds(5));
}

TEST(SystemRandom, FillsEveryLengthDifferentlyEachTime) {
  for (const std::size_t size :
       {std::size_t{16}, std::size_t{256}, std::size_t{257}, std::size_t{10'000}}) {
    std::vector<std::uint8_t> first(size);
    std::vector<std::uint8_t> second(size);
    system_random().fill(first);
    system_random().fill(second);
    EXPECT_NE(first, second);
    // The last 16 bytes all stay zero in one of 2^128 runs.
    EXPECT_NE(std::vector<std::uint8_t>(first.end() - 16, first.end()),
              std::vector<std::uint8_t>(16));
  }
}

TEST(SystemRandom, FillsNothing) { system_random().fill({}); }

TEST(SeededRandom, GivesTheSameNumbersOnEveryPlatform) {
  // Computed from the published algorithm by other means: SplitMix64 of seed 42 into xoshiro256**.
  SeededRandom random(42);
  EXPECT_EQ(random.next(), 1546998764402558742U);
  EXPECT_EQ(random.next(), 6990951692964543102U);
  EXPECT_EQ(random.next(), 12544586762248559009U);
}

TEST(SeededRandom, StaysBelowItsBoundAndReachesAllOfIt) {
  SeededRandom random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t number = random.below(7);
    EXPECT_LT(number, 7U);
    seen.insert(number);
  }
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(SeededRandom, IsUniformForBoundsThatDoNotDivideTheRange) {
  // Two thirds of 2^64: without drawing again, the lower half of the results would come twice as
  // often.
  constexpr std::uint64_t kBound = 0xaaaa'aaaa'aaaa'aaaaU;
  SeededRandom random(3);
  int lower = 0;
  for (int i = 0; i < 10'000; ++i) lower += random.below(kBound) < kBound / 2 ? 1 : 0;
  EXPECT_NEAR(lower, 5000, 300);
}

TEST(SeededRandom, ChanceIsNeverOrAlwaysAtItsEnds) {
  SeededRandom random(5);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(random.chance(0, 3));
    EXPECT_TRUE(random.chance(3, 3));
  }
}

#if GTEST_HAS_DEATH_TEST
TEST(CheckDeathTest, AbortsWithTheMessageAndThePlace) {
  EXPECT_DEATH(DIALOG_CHECK(1 + 1 == 3, "sums hold"), "sums hold.*1 \\+ 1 == 3.*base_seams_test");
}

TEST(CheckDeathTest, ABoundOfZeroIsADefectOfTheCaller) {
  EXPECT_DEATH(SeededRandom(1).below(0), "must not be zero");
}
#endif

TEST(Check, EvaluatesItsConditionOnce) {
  int count = 0;
  DIALOG_CHECK(++count == 1, "first");
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace dialog
