#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <optional>

#include "backend_fixture.hpp"

namespace dialog::test {

/// What every `RevisionBackend` must do. To run it over another one:
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Name, BackendConformance, Fixture);`
template <class Fixture>
class BackendConformance : public testing::Test {
 protected:
  std::unique_ptr<RevisionBackend> connect() { return fixture_.connect(); }

  /// Publishes `number` over `expected` through a connection of its own.
  void publish(std::uint64_t expected, std::uint64_t number) {
    ASSERT_TRUE(
        connect()->swap(subject_, revision_number(expected), revision_number(number)).has_value());
  }

  std::optional<Revision> recorded() { return recorded(subject_); }

  /// What a new connection finds; absent where nothing was published.
  std::optional<Revision> recorded(const Subject& subject) {
    auto revision = connect()->fetch(subject);
    if (revision) return *revision;
    EXPECT_NE(revision.error().template as<NotFound>(), nullptr) << revision.error().message();
    return std::nullopt;
  }

  Context cancelled() {
    const CancelSource source;
    source.cancel();
    return Context{std::nullopt, source.token()};
  }

  Context expired() { return Context{fixture_.clock().now(), {}}; }

  Fixture fixture_;
  const Subject subject_ = subject_named("one");
  const Subject other_ = subject_named("two");
  const Revision zero_{};
  const Revision r1_ = revision_number(1);
  const Revision r2_ = revision_number(2);
  const Revision r3_ = revision_number(3);
};

TYPED_TEST_SUITE_P(BackendConformance);

TYPED_TEST_P(BackendConformance, FetchOfAnUnpublishedSubjectIsNotFound) {
  const auto fetched = this->connect()->fetch(this->subject_);
  ASSERT_FALSE(fetched.has_value());
  ASSERT_NE(fetched.error().template as<NotFound>(), nullptr) << fetched.error().message();
  EXPECT_EQ(fetched.error().subject(), this->subject_);
  EXPECT_EQ(fetched.error().code(), ErrorCode::not_found);
}

TYPED_TEST_P(BackendConformance, SwapFromZerosCreatesTheRecord) {
  auto backend = this->connect();
  ASSERT_TRUE(backend->swap(this->subject_, this->zero_, this->r1_).has_value());
  EXPECT_EQ(this->recorded(), this->r1_);
}

TYPED_TEST_P(BackendConformance, SwapOfAnUnpublishedSubjectFromAnythingElseIsNotFound) {
  auto backend = this->connect();
  const auto swapped = backend->swap(this->subject_, this->r1_, this->r2_);
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().template as<NotFound>(), nullptr) << swapped.error().message();
  EXPECT_EQ(this->recorded(), std::nullopt);
}

TYPED_TEST_P(BackendConformance, SwapReplacesTheExpectedRevision) {
  this->publish(0, 1);
  auto backend = this->connect();
  ASSERT_TRUE(backend->swap(this->subject_, this->r1_, this->r2_).has_value());
  EXPECT_EQ(this->recorded(), this->r2_);
}

TYPED_TEST_P(BackendConformance, EveryConnectionFetchesTheSameRevision) {
  auto first = this->connect();
  auto second = this->connect();
  this->publish(0, 1);
  EXPECT_EQ(first->fetch(this->subject_), this->r1_);
  EXPECT_EQ(second->fetch(this->subject_), this->r1_);
}

TYPED_TEST_P(BackendConformance, MismatchCarriesWhatWasExpectedAndWhatIsThere) {
  this->publish(0, 1);
  const auto swapped = this->connect()->swap(this->subject_, this->r2_, this->r3_);
  ASSERT_FALSE(swapped.has_value());
  const auto* mismatch = swapped.error().template as<RevisionMismatch>();
  ASSERT_NE(mismatch, nullptr) << swapped.error().message();
  EXPECT_EQ(mismatch->subject, this->subject_);
  EXPECT_EQ(mismatch->expected, this->r2_);
  EXPECT_EQ(mismatch->actual, this->r1_);
  EXPECT_EQ(swapped.error().code(), ErrorCode::conflict);
}

TYPED_TEST_P(BackendConformance, RefusedSwapChangesNothing) {
  this->publish(0, 1);
  ASSERT_FALSE(this->connect()->swap(this->subject_, this->r2_, this->r3_).has_value());
  EXPECT_EQ(this->recorded(), this->r1_);
}

TYPED_TEST_P(BackendConformance, CreationOfARecordThatIsThereIsAMismatch) {
  this->publish(0, 1);
  const auto swapped = this->connect()->swap(this->subject_, this->zero_, this->r2_);
  ASSERT_FALSE(swapped.has_value());
  const auto* mismatch = swapped.error().template as<RevisionMismatch>();
  ASSERT_NE(mismatch, nullptr) << swapped.error().message();
  EXPECT_EQ(mismatch->actual, this->r1_);
}

TYPED_TEST_P(BackendConformance, OfTwoSwapsFromTheSameRevisionOneWins) {
  this->publish(0, 1);
  auto first = this->connect();
  auto second = this->connect();
  EXPECT_TRUE(first->swap(this->subject_, this->r1_, this->r2_).has_value());
  const auto lost = second->swap(this->subject_, this->r1_, this->r3_);
  ASSERT_FALSE(lost.has_value());
  ASSERT_NE(lost.error().template as<RevisionMismatch>(), nullptr) << lost.error().message();
  EXPECT_EQ(lost.error().template as<RevisionMismatch>()->actual, this->r2_);
  EXPECT_TRUE(second->swap(this->subject_, this->r2_, this->r3_).has_value());
}

TYPED_TEST_P(BackendConformance, SwapToWhatIsThereAlreadySucceeds) {
  this->publish(0, 1);
  this->publish(1, 2);
  EXPECT_TRUE(this->connect()->swap(this->subject_, this->r1_, this->r2_).has_value());
  EXPECT_TRUE(this->connect()->swap(this->subject_, this->r2_, this->r2_).has_value());
  EXPECT_EQ(this->recorded(), this->r2_);
}

TYPED_TEST_P(BackendConformance, ARevisionThatComesBackIsTheSameRevision) {
  this->publish(0, 1);
  this->publish(1, 2);
  this->publish(2, 1);
  EXPECT_EQ(this->recorded(), this->r1_);
  EXPECT_TRUE(this->connect()->swap(this->subject_, this->r1_, this->r3_).has_value());
}

TYPED_TEST_P(BackendConformance, ARecordOfZerosIsARecord) {
  this->publish(0, 0);
  EXPECT_EQ(this->recorded(), this->zero_);
  this->publish(0, 1);
  this->publish(1, 0);
  EXPECT_EQ(this->recorded(), this->zero_);
  const auto swapped = this->connect()->swap(this->subject_, this->r1_, this->r2_);
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().template as<RevisionMismatch>(), nullptr) << swapped.error().message();
  EXPECT_EQ(swapped.error().template as<RevisionMismatch>()->actual, this->zero_);
}

TYPED_TEST_P(BackendConformance, SubjectsDoNotTouchEachOther) {
  this->publish(0, 1);
  EXPECT_EQ(this->recorded(this->other_), std::nullopt);
  ASSERT_TRUE(this->connect()->swap(this->other_, this->zero_, this->r2_).has_value());
  EXPECT_EQ(this->recorded(), this->r1_);
  EXPECT_EQ(this->recorded(this->other_), this->r2_);
}

TYPED_TEST_P(BackendConformance, SubjectsThatDifferInAnEscapeAreDifferent) {
  const Subject escaped = *Subject::parse("did:web:example.com%3A8443");
  const Subject plain = *Subject::parse("did:web:example.com:8443");
  ASSERT_TRUE(this->connect()->swap(escaped, this->zero_, this->r1_).has_value());
  EXPECT_EQ(this->recorded(escaped), this->r1_);
  EXPECT_EQ(this->recorded(plain), std::nullopt);
}

TYPED_TEST_P(BackendConformance, ANewConnectionKnowsNoRevision) {
  this->publish(0, 1);
  const auto cached = this->connect()->revision(this->subject_);
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ(*cached, std::nullopt);
}

TYPED_TEST_P(BackendConformance, RevisionIsWhatThisConnectionLastFetched) {
  this->publish(0, 1);
  auto backend = this->connect();
  ASSERT_TRUE(backend->fetch(this->subject_).has_value());
  this->publish(1, 2);
  EXPECT_EQ(*backend->revision(this->subject_), this->r1_);
  ASSERT_TRUE(backend->fetch(this->subject_).has_value());
  EXPECT_EQ(*backend->revision(this->subject_), this->r2_);
}

TYPED_TEST_P(BackendConformance, RevisionIsWhatThisConnectionPublished) {
  auto backend = this->connect();
  ASSERT_TRUE(backend->swap(this->subject_, this->zero_, this->r1_).has_value());
  EXPECT_EQ(*backend->revision(this->subject_), this->r1_);
}

TYPED_TEST_P(BackendConformance, RevisionIsWhatAMismatchShowed) {
  this->publish(0, 1);
  auto backend = this->connect();
  ASSERT_FALSE(backend->swap(this->subject_, this->r2_, this->r3_).has_value());
  EXPECT_EQ(*backend->revision(this->subject_), this->r1_);
}

TYPED_TEST_P(BackendConformance, RevisionIsKeptPerSubject) {
  auto backend = this->connect();
  ASSERT_TRUE(backend->swap(this->subject_, this->zero_, this->r1_).has_value());
  EXPECT_EQ(*backend->revision(this->other_), std::nullopt);
}

TYPED_TEST_P(BackendConformance, RevisionDoesNoInputOrOutput) {
  this->publish(0, 1);
  auto backend = this->connect();
  ASSERT_TRUE(backend->fetch(this->subject_).has_value());
  const auto before = this->fixture_.calls();
  EXPECT_EQ(*backend->revision(this->subject_), this->r1_);
  EXPECT_EQ(*backend->revision(this->other_), std::nullopt);
  EXPECT_EQ(this->fixture_.calls(), before);
}

TYPED_TEST_P(BackendConformance, FetchAndSwapTakeOneCallEach) {
  this->publish(0, 1);
  auto backend = this->connect();
  const auto before = this->fixture_.calls();
  ASSERT_TRUE(backend->fetch(this->subject_).has_value());
  EXPECT_EQ(this->fixture_.calls(), before + 1);
  ASSERT_TRUE(backend->swap(this->subject_, this->r1_, this->r2_).has_value());
  EXPECT_EQ(this->fixture_.calls(), before + 2);
  ASSERT_FALSE(backend->swap(this->subject_, this->r1_, this->r3_).has_value());
  EXPECT_EQ(this->fixture_.calls(), before + 3);
}

TYPED_TEST_P(BackendConformance, ACloneSharesTheRegister) {
  auto backend = this->connect();
  auto copy = backend->clone();
  ASSERT_TRUE(backend->swap(this->subject_, this->zero_, this->r1_).has_value());
  EXPECT_EQ(copy->fetch(this->subject_), this->r1_);
}

TYPED_TEST_P(BackendConformance, ACloneStartsWithWhatTheOriginalKnew) {
  auto backend = this->connect();
  ASSERT_TRUE(backend->swap(this->subject_, this->zero_, this->r1_).has_value());
  EXPECT_EQ(*backend->clone()->revision(this->subject_), this->r1_);
}

TYPED_TEST_P(BackendConformance, ACloneHasACacheOfItsOwn) {
  auto backend = this->connect();
  auto copy = backend->clone();
  ASSERT_TRUE(backend->swap(this->subject_, this->zero_, this->r1_).has_value());
  EXPECT_EQ(*copy->revision(this->subject_), std::nullopt);
}

TYPED_TEST_P(BackendConformance, ACloneOutlivesItsOriginal) {
  this->publish(0, 1);
  auto backend = this->connect();
  auto copy = backend->clone();
  backend.reset();
  EXPECT_EQ(copy->fetch(this->subject_), this->r1_);
}

TYPED_TEST_P(BackendConformance, SequenceNumbersCountTheAcceptedSwaps) {
  auto backend = this->connect();
  const auto first = backend->swap_head(this->subject_, this->zero_, this->r1_);
  ASSERT_TRUE(first.has_value());
  ASSERT_FALSE(backend->swap_head(this->subject_, this->r3_, this->r2_).has_value());
  const auto second = backend->swap_head(this->subject_, this->r1_, this->r2_);
  ASSERT_TRUE(second.has_value());
  const auto fetched = backend->fetch_head(this->subject_);
  ASSERT_TRUE(fetched.has_value());
  if (this->fixture_.has_history()) {
    EXPECT_EQ(*first, (Head{this->r1_, 1}));
    EXPECT_EQ(*second, (Head{this->r2_, 2}));
    EXPECT_EQ(*fetched, (Head{this->r2_, 2}));
  } else {
    EXPECT_EQ(*fetched, (Head{this->r2_, std::nullopt}));
  }
}

TYPED_TEST_P(BackendConformance, HistoryTellsTheAcceptedSwapsOldestFirst) {
  this->publish(0, 1);
  this->publish(1, 2);
  ASSERT_FALSE(this->connect()->swap(this->subject_, this->r1_, this->r3_).has_value());
  this->publish(2, 1);
  const auto history = this->connect()->history(this->subject_, 0);
  ASSERT_TRUE(history.has_value()) << history.error().message();
  ASSERT_EQ(history->has_value(), this->fixture_.has_history());
  if (!*history) return;
  const auto& records = (*history)->records;
  ASSERT_EQ(records.size(), 3U);
  EXPECT_TRUE((*history)->complete);
  Revision previous;
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].sequence, i + 1);
    EXPECT_EQ(records[i].previous, previous);
    previous = records[i].revision;
  }
  EXPECT_EQ(records[0].revision, this->r1_);
  EXPECT_EQ(records[1].revision, this->r2_);
  EXPECT_EQ(records[2].revision, this->r1_);
}

TYPED_TEST_P(BackendConformance, HistoryBeginsAfterTheGivenNumber) {
  this->publish(0, 1);
  this->publish(1, 2);
  const auto history = this->connect()->history(this->subject_, 1);
  ASSERT_TRUE(history.has_value());
  ASSERT_EQ(history->has_value(), this->fixture_.has_history());
  if (!*history) return;
  ASSERT_EQ((*history)->records.size(), 1U);
  EXPECT_EQ((*history)->records.front().revision, this->r2_);
  const auto newest = this->connect()->history(this->subject_, 2);
  ASSERT_TRUE(newest.has_value() && newest->has_value());
  EXPECT_TRUE((*newest)->records.empty());
  EXPECT_TRUE((*newest)->complete);
}

TYPED_TEST_P(BackendConformance, HistoryOfAnUnpublishedSubjectIsEmpty) {
  const auto history = this->connect()->history(this->subject_, 0);
  ASSERT_TRUE(history.has_value()) << history.error().message();
  ASSERT_EQ(history->has_value(), this->fixture_.has_history());
  if (!*history) return;
  EXPECT_TRUE((*history)->records.empty());
  EXPECT_TRUE((*history)->complete);
}

TYPED_TEST_P(BackendConformance, AFetchThatIsCancelledSaysSo) {
  this->publish(0, 1);
  auto backend = this->connect();
  const auto before = this->fixture_.calls();
  const auto fetched = backend->fetch(this->subject_, this->cancelled());
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code(), ErrorCode::cancelled);
  EXPECT_NE(fetched.error().template as<FetchFailed>(), nullptr);
  EXPECT_EQ(*backend->revision(this->subject_), std::nullopt);
  EXPECT_LE(this->fixture_.calls(), before + 1);
}

TYPED_TEST_P(BackendConformance, ASwapThatIsCancelledBeforeItLeavesDoesNotHappen) {
  this->publish(0, 1);
  const auto swapped =
      this->connect()->swap(this->subject_, this->r1_, this->r2_, this->cancelled());
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::cancelled);
  const auto* failed = swapped.error().template as<PublishFailed>();
  ASSERT_NE(failed, nullptr);
  EXPECT_FALSE(failed->indeterminate);
  EXPECT_EQ(this->recorded(), this->r1_);
}

TYPED_TEST_P(BackendConformance, ACallAfterItsDeadlineTimesOut) {
  this->publish(0, 1);
  auto backend = this->connect();
  const auto fetched = backend->fetch(this->subject_, this->expired());
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code(), ErrorCode::timeout);
  const auto swapped = backend->swap(this->subject_, this->r1_, this->r2_, this->expired());
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::timeout);
  const auto history = backend->history(this->subject_, 0, this->expired());
  ASSERT_FALSE(history.has_value());
  EXPECT_EQ(history.error().code(), ErrorCode::timeout);
  EXPECT_EQ(this->recorded(), this->r1_);
}

TYPED_TEST_P(BackendConformance, ASwapWhoseAnswerIsLostIsIndeterminate) {
  this->publish(0, 1);
  auto backend = this->connect();
  this->fixture_.lose_next_answer();
  const auto swapped = backend->swap(this->subject_, this->r1_, this->r2_);
  ASSERT_FALSE(swapped.has_value());
  const auto* failed = swapped.error().template as<PublishFailed>();
  ASSERT_NE(failed, nullptr) << swapped.error().message();
  EXPECT_TRUE(failed->indeterminate);
  EXPECT_EQ(swapped.error().code(), ErrorCode::indeterminate);
  EXPECT_EQ(*backend->revision(this->subject_), std::nullopt);
  EXPECT_EQ(this->recorded(), this->r2_);
}

TYPED_TEST_P(BackendConformance, ASwapWhoseRequestIsLostIsIndeterminateAndDoesNotHappen) {
  this->publish(0, 1);
  auto backend = this->connect();
  this->fixture_.lose_next_request();
  const auto swapped = backend->swap(this->subject_, this->r1_, this->r2_);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::indeterminate);
  EXPECT_EQ(this->recorded(), this->r1_);
}

TYPED_TEST_P(BackendConformance, ALostSwapIsNotSentAgainByItself) {
  this->publish(0, 1);
  auto backend = this->connect();
  const auto before = this->fixture_.calls();
  this->fixture_.lose_next_request();
  ASSERT_FALSE(backend->swap(this->subject_, this->r1_, this->r2_).has_value());
  EXPECT_EQ(this->fixture_.calls(), before + 1);
}

TYPED_TEST_P(BackendConformance, ASwapThatIsRepeatedAfterALostAnswerSucceeds) {
  this->publish(0, 1);
  auto backend = this->connect();
  this->fixture_.lose_next_answer();
  ASSERT_FALSE(backend->swap(this->subject_, this->r1_, this->r2_).has_value());
  EXPECT_TRUE(backend->swap(this->subject_, this->r1_, this->r2_).has_value());
  EXPECT_EQ(*backend->revision(this->subject_), this->r2_);
}

TYPED_TEST_P(BackendConformance, HistoryTellsThatALostSwapWasAcceptedOnTheWay) {
  if (!this->fixture_.has_history()) return;
  this->publish(0, 1);
  auto backend = this->connect();
  this->fixture_.lose_next_answer();
  ASSERT_FALSE(backend->swap(this->subject_, this->r1_, this->r2_).has_value());
  this->publish(2, 3);
  const auto swapped = backend->swap(this->subject_, this->r1_, this->r2_);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_NE(swapped.error().template as<RevisionMismatch>(), nullptr);
  const auto history = backend->history(this->subject_, 1);
  ASSERT_TRUE(history.has_value() && history->has_value());
  ASSERT_EQ((*history)->records.size(), 2U);
  EXPECT_EQ((*history)->records[0].revision, this->r2_);
  EXPECT_EQ((*history)->records[0].previous, this->r1_);
}

TYPED_TEST_P(BackendConformance, LongHistoriesAreWhole) {
  if (!this->fixture_.has_history()) return;
  const std::uint64_t swaps = std::min<std::uint64_t>(1203, this->fixture_.history_max());
  auto backend = this->connect();
  for (std::uint64_t i = 0; i < swaps; ++i) {
    ASSERT_TRUE(
        backend->swap(this->subject_, revision_number(i), revision_number(i + 1)).has_value());
  }
  const auto history = backend->history(this->subject_, 1);
  ASSERT_TRUE(history.has_value() && history->has_value());
  ASSERT_EQ((*history)->records.size(), swaps - 1);
  EXPECT_TRUE((*history)->complete);
  EXPECT_EQ((*history)->records.front().sequence, 2U);
  EXPECT_EQ((*history)->records.back().revision, revision_number(swaps));
}

REGISTER_TYPED_TEST_SUITE_P(
    BackendConformance, FetchOfAnUnpublishedSubjectIsNotFound, SwapFromZerosCreatesTheRecord,
    SwapOfAnUnpublishedSubjectFromAnythingElseIsNotFound, SwapReplacesTheExpectedRevision,
    EveryConnectionFetchesTheSameRevision, MismatchCarriesWhatWasExpectedAndWhatIsThere,
    RefusedSwapChangesNothing, CreationOfARecordThatIsThereIsAMismatch,
    OfTwoSwapsFromTheSameRevisionOneWins, SwapToWhatIsThereAlreadySucceeds,
    ARevisionThatComesBackIsTheSameRevision, ARecordOfZerosIsARecord, SubjectsDoNotTouchEachOther,
    SubjectsThatDifferInAnEscapeAreDifferent, ANewConnectionKnowsNoRevision,
    RevisionIsWhatThisConnectionLastFetched, RevisionIsWhatThisConnectionPublished,
    RevisionIsWhatAMismatchShowed, RevisionIsKeptPerSubject, RevisionDoesNoInputOrOutput,
    FetchAndSwapTakeOneCallEach, ACloneSharesTheRegister, ACloneStartsWithWhatTheOriginalKnew,
    ACloneHasACacheOfItsOwn, ACloneOutlivesItsOriginal, SequenceNumbersCountTheAcceptedSwaps,
    HistoryTellsTheAcceptedSwapsOldestFirst, HistoryBeginsAfterTheGivenNumber,
    HistoryOfAnUnpublishedSubjectIsEmpty, AFetchThatIsCancelledSaysSo,
    ASwapThatIsCancelledBeforeItLeavesDoesNotHappen, ACallAfterItsDeadlineTimesOut,
    ASwapWhoseAnswerIsLostIsIndeterminate, ASwapWhoseRequestIsLostIsIndeterminateAndDoesNotHappen,
    ALostSwapIsNotSentAgainByItself, ASwapThatIsRepeatedAfterALostAnswerSucceeds,
    HistoryTellsThatALostSwapWasAcceptedOnTheWay, LongHistoriesAreWhole);

}  // namespace dialog::test
