#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "backend_fixture.hpp"
#include "dialog/remote/register.hpp"

namespace dialog::test {

/// What every `Register` must do, from one thread. A fixture has `Register& heads()`, empty at
/// first, and `void reopen()`, which closes and opens what is durable:
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Name, RegisterConformance, Fixture);`
template <class Fixture>
class RegisterConformance : public testing::Test {
 protected:
  static Register::Swap step(std::uint64_t expected, std::uint64_t desired) {
    return {revision_number(expected), revision_number(desired), WallTime(1000 + desired),
            "author " + std::to_string(desired), false};
  }

  Register::SwapOutcome swap(const Subject& subject, const Register::Swap& wanted) {
    auto outcome = fixture_.heads().swap(subject, wanted, {});
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    return outcome ? *std::move(outcome) : Register::SwapOutcome{};
  }
  Register::SwapOutcome swap(std::uint64_t expected, std::uint64_t desired) {
    return swap(subject_, step(expected, desired));
  }

  static const HeadRecord* accepted(const Register::SwapOutcome& outcome) {
    const auto* const found = std::get_if<Register::Accepted>(&outcome);
    return found == nullptr ? nullptr : &found->record;
  }
  static const Register::Refused* refused(const Register::SwapOutcome& outcome) {
    return std::get_if<Register::Refused>(&outcome);
  }

  std::optional<HeadRecord> read(const Subject& subject) {
    auto record = fixture_.heads().read(subject, {});
    EXPECT_TRUE(record.has_value()) << record.error().message;
    return record ? *std::move(record) : std::nullopt;
  }

  HeadHistory history(std::uint64_t after, std::size_t limit = 100) {
    auto history = fixture_.heads().history(subject_, after, limit, {});
    EXPECT_TRUE(history.has_value()) << history.error().message;
    return history ? *std::move(history) : HeadHistory{};
  }

  /// Publishes the revisions 1 to `count`, one after the other.
  void publish(std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) ASSERT_NE(accepted(swap(i - 1, i)), nullptr);
  }

  Fixture fixture_;
  const Subject subject_ = subject_named("one");
  const Subject other_ = subject_named("two");
};

TYPED_TEST_SUITE_P(RegisterConformance);

TYPED_TEST_P(RegisterConformance, KnowsNothingAtFirst) {
  EXPECT_EQ(this->read(this->subject_), std::nullopt);
  EXPECT_EQ(this->history(0).records.size(), 0U);
  EXPECT_TRUE(this->history(0).complete);
}

TYPED_TEST_P(RegisterConformance, CreatesFromZerosWithSequenceOne) {
  const auto outcome = this->swap(0, 1);
  const HeadRecord expected{revision_number(1), Revision(), 1, WallTime(1001), "author 1"};
  ASSERT_NE(this->accepted(outcome), nullptr);
  EXPECT_EQ(*this->accepted(outcome), expected);
  EXPECT_EQ(this->read(this->subject_), expected);
}

TYPED_TEST_P(RegisterConformance, RefusesToCreateFromAnythingElse) {
  const auto outcome = this->swap(1, 2);
  ASSERT_NE(this->refused(outcome), nullptr);
  EXPECT_EQ(this->refused(outcome)->actual, std::nullopt);
  EXPECT_EQ(this->read(this->subject_), std::nullopt);
}

TYPED_TEST_P(RegisterConformance, ReplacesTheExpectedRevisionAndCounts) {
  this->publish(2);
  EXPECT_EQ(this->read(this->subject_),
            (HeadRecord{revision_number(2), revision_number(1), 2, WallTime(1002), "author 2"}));
}

TYPED_TEST_P(RegisterConformance, RefusalShowsWhatIsThereAndChangesNothing) {
  this->publish(2);
  const auto outcome = this->swap(1, 3);
  ASSERT_NE(this->refused(outcome), nullptr);
  EXPECT_EQ(this->refused(outcome)->actual, this->read(this->subject_));
  EXPECT_EQ(this->read(this->subject_)->revision, revision_number(2));
  EXPECT_EQ(this->history(0).records.size(), 2U);
}

TYPED_TEST_P(RegisterConformance, ZerosDoNotMatchAnExistingRevision) {
  this->publish(1);
  EXPECT_NE(this->refused(this->swap(0, 2)), nullptr);
}

TYPED_TEST_P(RegisterConformance, ARecordOfZerosAcceptsZerosAndStaysARecord) {
  ASSERT_NE(this->accepted(this->swap(0, 0)), nullptr);
  ASSERT_TRUE(this->read(this->subject_).has_value());
  EXPECT_TRUE(this->read(this->subject_)->revision.is_zero());
  const auto next = this->swap(0, 1);
  ASSERT_NE(this->accepted(next), nullptr);
  EXPECT_EQ(this->accepted(next)->sequence, 2U);
}

TYPED_TEST_P(RegisterConformance, MustCreateSucceedsOnlyWithoutARecord) {
  auto create = this->step(0, 0);
  create.must_create = true;
  ASSERT_NE(this->accepted(this->swap(this->subject_, create)), nullptr);
  ASSERT_NE(this->refused(this->swap(this->subject_, create)), nullptr);
  EXPECT_EQ(this->read(this->subject_)->sequence, 1U);
}

TYPED_TEST_P(RegisterConformance, AcceptsARevisionThatItHadBefore) {
  this->publish(2);
  ASSERT_NE(this->accepted(this->swap(2, 1)), nullptr);
  EXPECT_EQ(this->read(this->subject_)->sequence, 3U);
}

TYPED_TEST_P(RegisterConformance, ASwapToTheSameRevisionCounts) {
  this->publish(1);
  ASSERT_NE(this->accepted(this->swap(1, 1)), nullptr);
  EXPECT_EQ(this->read(this->subject_)->sequence, 2U);
}

TYPED_TEST_P(RegisterConformance, SubjectsAreIndependent) {
  this->publish(3);
  EXPECT_EQ(this->read(this->other_), std::nullopt);
  const auto outcome = this->swap(this->other_, this->step(0, 7));
  ASSERT_NE(this->accepted(outcome), nullptr);
  EXPECT_EQ(this->accepted(outcome)->sequence, 1U);
  EXPECT_EQ(this->read(this->subject_)->revision, revision_number(3));
  EXPECT_EQ(this->history(0).records.size(), 3U);
}

TYPED_TEST_P(RegisterConformance, HistoryIsOldestFirstAndChained) {
  this->publish(4);
  const HeadHistory all = this->history(0);
  ASSERT_EQ(all.records.size(), 4U);
  EXPECT_TRUE(all.complete);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const HeadRecord expected{revision_number(i), revision_number(i - 1), i, WallTime(1000 + i),
                              "author " + std::to_string(i)};
    EXPECT_EQ(all.records[static_cast<std::size_t>(i - 1)], expected);
  }
}

TYPED_TEST_P(RegisterConformance, HistoryBeginsAfterTheAskedNumber) {
  this->publish(4);
  const HeadHistory rest = this->history(2);
  ASSERT_EQ(rest.records.size(), 2U);
  EXPECT_EQ(rest.records.front().sequence, 3U);
  EXPECT_TRUE(rest.complete);
  EXPECT_TRUE(this->history(4).records.empty());
  EXPECT_TRUE(this->history(std::numeric_limits<std::uint64_t>::max()).records.empty());
}

TYPED_TEST_P(RegisterConformance, HistoryBeyondTheLimitIsIncomplete) {
  this->publish(4);
  const HeadHistory some = this->history(1, 2);
  ASSERT_EQ(some.records.size(), 2U);
  EXPECT_EQ(some.records.back().sequence, 3U);
  EXPECT_FALSE(some.complete);
  EXPECT_TRUE(this->history(1, 3).complete);
}

TYPED_TEST_P(RegisterConformance, WhatItAcceptedIsThereAfterReopening) {
  this->publish(3);
  const auto before = this->read(this->subject_);
  const auto history = this->history(0).records;
  this->fixture_.reopen();
  EXPECT_EQ(this->read(this->subject_), before);
  EXPECT_EQ(this->history(0).records, history);
  EXPECT_NE(this->accepted(this->swap(3, 4)), nullptr);
}

TYPED_TEST_P(RegisterConformance, HonoursCancellation) {
  const CancelSource source;
  source.cancel();
  const Context context{std::nullopt, source.token()};
  const auto outcome = this->fixture_.heads().swap(this->subject_, this->step(0, 1), context);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  EXPECT_EQ(this->read(this->subject_), std::nullopt);
}

REGISTER_TYPED_TEST_SUITE_P(
    RegisterConformance, KnowsNothingAtFirst, CreatesFromZerosWithSequenceOne,
    RefusesToCreateFromAnythingElse, ReplacesTheExpectedRevisionAndCounts,
    RefusalShowsWhatIsThereAndChangesNothing, ZerosDoNotMatchAnExistingRevision,
    ARecordOfZerosAcceptsZerosAndStaysARecord, MustCreateSucceedsOnlyWithoutARecord,
    AcceptsARevisionThatItHadBefore, ASwapToTheSameRevisionCounts, SubjectsAreIndependent,
    HistoryIsOldestFirstAndChained, HistoryBeginsAfterTheAskedNumber,
    HistoryBeyondTheLimitIsIncomplete, WhatItAcceptedIsThereAfterReopening, HonoursCancellation);

}  // namespace dialog::test
