#include "register_suite.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <string>

namespace dialog::test {

TEST_P(RegisterConformance, KnowsNothingAtFirst) {
  EXPECT_EQ(read(subject_), std::nullopt);
  EXPECT_EQ(history(0).records.size(), 0U);
  EXPECT_TRUE(history(0).complete);
}

TEST_P(RegisterConformance, CreatesFromZerosWithSequenceOne) {
  const auto outcome = swap(0, 1);
  const HeadRecord expected{revision_number(1), Revision(), 1, WallTime(1001), "author 1"};
  ASSERT_NE(accepted(outcome), nullptr);
  EXPECT_EQ(*accepted(outcome), expected);
  EXPECT_EQ(read(subject_), expected);
}

TEST_P(RegisterConformance, RefusesToCreateFromAnythingElse) {
  const auto outcome = swap(1, 2);
  ASSERT_NE(refused(outcome), nullptr);
  EXPECT_EQ(refused(outcome)->actual, std::nullopt);
  EXPECT_EQ(read(subject_), std::nullopt);
}

TEST_P(RegisterConformance, ReplacesTheExpectedRevisionAndCounts) {
  publish(2);
  EXPECT_EQ(read(subject_),
            (HeadRecord{revision_number(2), revision_number(1), 2, WallTime(1002), "author 2"}));
}

TEST_P(RegisterConformance, RefusalShowsWhatIsThereAndChangesNothing) {
  publish(2);
  const auto outcome = swap(1, 3);
  ASSERT_NE(refused(outcome), nullptr);
  EXPECT_EQ(refused(outcome)->actual, read(subject_));
  EXPECT_EQ(read(subject_)->revision, revision_number(2));
  EXPECT_EQ(history(0).records.size(), 2U);
}

TEST_P(RegisterConformance, ZerosDoNotMatchAnExistingRevision) {
  publish(1);
  EXPECT_NE(refused(swap(0, 2)), nullptr);
}

TEST_P(RegisterConformance, ARecordOfZerosAcceptsZerosAndStaysARecord) {
  ASSERT_NE(accepted(swap(0, 0)), nullptr);
  ASSERT_TRUE(read(subject_).has_value());
  EXPECT_TRUE(read(subject_)->revision.is_zero());
  const auto next = swap(0, 1);
  ASSERT_NE(accepted(next), nullptr);
  EXPECT_EQ(accepted(next)->sequence, 2U);
}

TEST_P(RegisterConformance, MustCreateSucceedsOnlyWithoutARecord) {
  auto create = step(0, 0);
  create.must_create = true;
  ASSERT_NE(accepted(swap(subject_, create)), nullptr);
  ASSERT_NE(refused(swap(subject_, create)), nullptr);
  EXPECT_EQ(read(subject_)->sequence, 1U);
}

TEST_P(RegisterConformance, AcceptsARevisionThatItHadBefore) {
  publish(2);
  ASSERT_NE(accepted(swap(2, 1)), nullptr);
  EXPECT_EQ(read(subject_)->sequence, 3U);
}

TEST_P(RegisterConformance, ASwapToTheSameRevisionCounts) {
  publish(1);
  ASSERT_NE(accepted(swap(1, 1)), nullptr);
  EXPECT_EQ(read(subject_)->sequence, 2U);
}

TEST_P(RegisterConformance, SubjectsAreIndependent) {
  publish(3);
  EXPECT_EQ(read(other_), std::nullopt);
  const auto outcome = swap(other_, step(0, 7));
  ASSERT_NE(accepted(outcome), nullptr);
  EXPECT_EQ(accepted(outcome)->sequence, 1U);
  EXPECT_EQ(read(subject_)->revision, revision_number(3));
  EXPECT_EQ(history(0).records.size(), 3U);
}

TEST_P(RegisterConformance, HistoryIsOldestFirstAndChained) {
  publish(4);
  const HeadHistory all = history(0);
  ASSERT_EQ(all.records.size(), 4U);
  EXPECT_TRUE(all.complete);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const HeadRecord expected{revision_number(i), revision_number(i - 1), i, WallTime(1000 + i),
                              "author " + std::to_string(i)};
    EXPECT_EQ(all.records[static_cast<std::size_t>(i - 1)], expected);
  }
}

TEST_P(RegisterConformance, HistoryBeginsAfterTheAskedNumber) {
  publish(4);
  const HeadHistory rest = history(2);
  ASSERT_EQ(rest.records.size(), 2U);
  EXPECT_EQ(rest.records.front().sequence, 3U);
  EXPECT_TRUE(rest.complete);
  EXPECT_TRUE(history(4).records.empty());
  EXPECT_TRUE(history(std::numeric_limits<std::uint64_t>::max()).records.empty());
}

TEST_P(RegisterConformance, HistoryBeyondTheLimitIsIncomplete) {
  publish(4);
  const HeadHistory some = history(1, 2);
  ASSERT_EQ(some.records.size(), 2U);
  EXPECT_EQ(some.records.back().sequence, 3U);
  EXPECT_FALSE(some.complete);
  EXPECT_TRUE(history(1, 3).complete);
}

TEST_P(RegisterConformance, WhatItAcceptedIsThereAfterReopening) {
  publish(3);
  const auto before = read(subject_);
  const auto records = history(0).records;
  fixture().reopen();
  EXPECT_EQ(read(subject_), before);
  EXPECT_EQ(history(0).records, records);
  EXPECT_NE(accepted(swap(3, 4)), nullptr);
}

TEST_P(RegisterConformance, HonoursCancellation) {
  const CancelSource source;
  source.cancel();
  const Context context{std::nullopt, source.token()};
  const auto outcome = fixture().heads().swap(subject_, step(0, 1), context);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  EXPECT_EQ(read(subject_), std::nullopt);
}

}  // namespace dialog::test
