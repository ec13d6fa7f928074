#include "backend_suite.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <optional>

namespace dialog::test {

TEST_P(BackendConformance, FetchOfAnUnpublishedSubjectIsNotFound) {
  const auto fetched = connect()->fetch(subject_);
  ASSERT_FALSE(fetched.has_value());
  ASSERT_NE(fetched.error().as<NotFound>(), nullptr) << fetched.error().message();
  EXPECT_EQ(fetched.error().subject(), subject_);
  EXPECT_EQ(fetched.error().code(), ErrorCode::not_found);
}

TEST_P(BackendConformance, SwapFromZerosCreatesTheRecord) {
  auto backend = connect();
  ASSERT_TRUE(backend->swap(subject_, zero_, r1_).has_value());
  EXPECT_EQ(recorded(), r1_);
}

TEST_P(BackendConformance, SwapOfAnUnpublishedSubjectFromAnythingElseIsNotFound) {
  auto backend = connect();
  const auto swapped = backend->swap(subject_, r1_, r2_);
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().as<NotFound>(), nullptr) << swapped.error().message();
  EXPECT_EQ(recorded(), std::nullopt);
}

TEST_P(BackendConformance, SwapReplacesTheExpectedRevision) {
  publish(0, 1);
  auto backend = connect();
  ASSERT_TRUE(backend->swap(subject_, r1_, r2_).has_value());
  EXPECT_EQ(recorded(), r2_);
}

TEST_P(BackendConformance, EveryConnectionFetchesTheSameRevision) {
  auto first = connect();
  auto second = connect();
  publish(0, 1);
  EXPECT_EQ(first->fetch(subject_), r1_);
  EXPECT_EQ(second->fetch(subject_), r1_);
}

TEST_P(BackendConformance, MismatchCarriesWhatWasExpectedAndWhatIsThere) {
  publish(0, 1);
  const auto swapped = connect()->swap(subject_, r2_, r3_);
  ASSERT_FALSE(swapped.has_value());
  const auto* mismatch = swapped.error().as<RevisionMismatch>();
  ASSERT_NE(mismatch, nullptr) << swapped.error().message();
  EXPECT_EQ(mismatch->subject, subject_);
  EXPECT_EQ(mismatch->expected, r2_);
  EXPECT_EQ(mismatch->actual, r1_);
  EXPECT_EQ(swapped.error().code(), ErrorCode::conflict);
}

TEST_P(BackendConformance, RefusedSwapChangesNothing) {
  publish(0, 1);
  ASSERT_FALSE(connect()->swap(subject_, r2_, r3_).has_value());
  EXPECT_EQ(recorded(), r1_);
}

TEST_P(BackendConformance, CreationOfARecordThatIsThereIsAMismatch) {
  publish(0, 1);
  const auto swapped = connect()->swap(subject_, zero_, r2_);
  ASSERT_FALSE(swapped.has_value());
  const auto* mismatch = swapped.error().as<RevisionMismatch>();
  ASSERT_NE(mismatch, nullptr) << swapped.error().message();
  EXPECT_EQ(mismatch->actual, r1_);
}

TEST_P(BackendConformance, OfTwoSwapsFromTheSameRevisionOneWins) {
  publish(0, 1);
  auto first = connect();
  auto second = connect();
  EXPECT_TRUE(first->swap(subject_, r1_, r2_).has_value());
  const auto lost = second->swap(subject_, r1_, r3_);
  ASSERT_FALSE(lost.has_value());
  ASSERT_NE(lost.error().as<RevisionMismatch>(), nullptr) << lost.error().message();
  EXPECT_EQ(lost.error().as<RevisionMismatch>()->actual, r2_);
  EXPECT_TRUE(second->swap(subject_, r2_, r3_).has_value());
}

TEST_P(BackendConformance, SwapToWhatIsThereAlreadySucceeds) {
  publish(0, 1);
  publish(1, 2);
  EXPECT_TRUE(connect()->swap(subject_, r1_, r2_).has_value());
  EXPECT_TRUE(connect()->swap(subject_, r2_, r2_).has_value());
  EXPECT_EQ(recorded(), r2_);
}

TEST_P(BackendConformance, ARevisionThatComesBackIsTheSameRevision) {
  publish(0, 1);
  publish(1, 2);
  publish(2, 1);
  EXPECT_EQ(recorded(), r1_);
  EXPECT_TRUE(connect()->swap(subject_, r1_, r3_).has_value());
}

TEST_P(BackendConformance, ARecordOfZerosIsARecord) {
  publish(0, 0);
  EXPECT_EQ(recorded(), zero_);
  publish(0, 1);
  publish(1, 0);
  EXPECT_EQ(recorded(), zero_);
  const auto swapped = connect()->swap(subject_, r1_, r2_);
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().as<RevisionMismatch>(), nullptr) << swapped.error().message();
  EXPECT_EQ(swapped.error().as<RevisionMismatch>()->actual, zero_);
}

TEST_P(BackendConformance, SubjectsDoNotTouchEachOther) {
  publish(0, 1);
  EXPECT_EQ(recorded(other_), std::nullopt);
  ASSERT_TRUE(connect()->swap(other_, zero_, r2_).has_value());
  EXPECT_EQ(recorded(), r1_);
  EXPECT_EQ(recorded(other_), r2_);
}

TEST_P(BackendConformance, SubjectsThatDifferInAnEscapeAreDifferent) {
  const Subject escaped = *Subject::parse("did:web:example.com%3A8443");
  const Subject plain = *Subject::parse("did:web:example.com:8443");
  ASSERT_TRUE(connect()->swap(escaped, zero_, r1_).has_value());
  EXPECT_EQ(recorded(escaped), r1_);
  EXPECT_EQ(recorded(plain), std::nullopt);
}

TEST_P(BackendConformance, ANewConnectionKnowsNoRevision) {
  publish(0, 1);
  const auto cached = connect()->revision(subject_);
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ(*cached, std::nullopt);
}

TEST_P(BackendConformance, RevisionIsWhatThisConnectionLastFetched) {
  publish(0, 1);
  auto backend = connect();
  ASSERT_TRUE(backend->fetch(subject_).has_value());
  publish(1, 2);
  EXPECT_EQ(*backend->revision(subject_), r1_);
  ASSERT_TRUE(backend->fetch(subject_).has_value());
  EXPECT_EQ(*backend->revision(subject_), r2_);
}

TEST_P(BackendConformance, RevisionIsWhatThisConnectionPublished) {
  auto backend = connect();
  ASSERT_TRUE(backend->swap(subject_, zero_, r1_).has_value());
  EXPECT_EQ(*backend->revision(subject_), r1_);
}

TEST_P(BackendConformance, RevisionIsWhatAMismatchShowed) {
  publish(0, 1);
  auto backend = connect();
  ASSERT_FALSE(backend->swap(subject_, r2_, r3_).has_value());
  EXPECT_EQ(*backend->revision(subject_), r1_);
}

TEST_P(BackendConformance, RevisionIsKeptPerSubject) {
  auto backend = connect();
  ASSERT_TRUE(backend->swap(subject_, zero_, r1_).has_value());
  EXPECT_EQ(*backend->revision(other_), std::nullopt);
}

TEST_P(BackendConformance, RevisionDoesNoInputOrOutput) {
  publish(0, 1);
  auto backend = connect();
  ASSERT_TRUE(backend->fetch(subject_).has_value());
  const auto before = fixture().calls();
  EXPECT_EQ(*backend->revision(subject_), r1_);
  EXPECT_EQ(*backend->revision(other_), std::nullopt);
  EXPECT_EQ(fixture().calls(), before);
}

TEST_P(BackendConformance, FetchAndSwapTakeOneCallEach) {
  publish(0, 1);
  auto backend = connect();
  const auto before = fixture().calls();
  ASSERT_TRUE(backend->fetch(subject_).has_value());
  EXPECT_EQ(fixture().calls(), before + 1);
  ASSERT_TRUE(backend->swap(subject_, r1_, r2_).has_value());
  EXPECT_EQ(fixture().calls(), before + 2);
  ASSERT_FALSE(backend->swap(subject_, r1_, r3_).has_value());
  EXPECT_EQ(fixture().calls(), before + 3);
}

TEST_P(BackendConformance, ACloneSharesTheRegister) {
  auto backend = connect();
  auto copy = backend->clone();
  ASSERT_TRUE(backend->swap(subject_, zero_, r1_).has_value());
  EXPECT_EQ(copy->fetch(subject_), r1_);
}

TEST_P(BackendConformance, ACloneStartsWithWhatTheOriginalKnew) {
  auto backend = connect();
  ASSERT_TRUE(backend->swap(subject_, zero_, r1_).has_value());
  EXPECT_EQ(*backend->clone()->revision(subject_), r1_);
}

TEST_P(BackendConformance, ACloneHasACacheOfItsOwn) {
  auto backend = connect();
  auto copy = backend->clone();
  ASSERT_TRUE(backend->swap(subject_, zero_, r1_).has_value());
  EXPECT_EQ(*copy->revision(subject_), std::nullopt);
}

TEST_P(BackendConformance, ACloneOutlivesItsOriginal) {
  publish(0, 1);
  auto backend = connect();
  auto copy = backend->clone();
  backend.reset();
  EXPECT_EQ(copy->fetch(subject_), r1_);
}

TEST_P(BackendConformance, SequenceNumbersCountTheAcceptedSwaps) {
  auto backend = connect();
  const auto first = backend->swap_head(subject_, zero_, r1_);
  ASSERT_TRUE(first.has_value());
  ASSERT_FALSE(backend->swap_head(subject_, r3_, r2_).has_value());
  const auto second = backend->swap_head(subject_, r1_, r2_);
  ASSERT_TRUE(second.has_value());
  const auto fetched = backend->fetch_head(subject_);
  ASSERT_TRUE(fetched.has_value());
  if (fixture().has_history()) {
    EXPECT_EQ(*first, (Head{r1_, 1}));
    EXPECT_EQ(*second, (Head{r2_, 2}));
    EXPECT_EQ(*fetched, (Head{r2_, 2}));
  } else {
    EXPECT_EQ(*fetched, (Head{r2_, std::nullopt}));
  }
}

TEST_P(BackendConformance, HistoryTellsTheAcceptedSwapsOldestFirst) {
  publish(0, 1);
  publish(1, 2);
  ASSERT_FALSE(connect()->swap(subject_, r1_, r3_).has_value());
  publish(2, 1);
  const auto history = connect()->history(subject_, 0);
  ASSERT_TRUE(history.has_value()) << history.error().message();
  ASSERT_EQ(history->has_value(), fixture().has_history());
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
  EXPECT_EQ(records[0].revision, r1_);
  EXPECT_EQ(records[1].revision, r2_);
  EXPECT_EQ(records[2].revision, r1_);
}

TEST_P(BackendConformance, HistoryBeginsAfterTheGivenNumber) {
  publish(0, 1);
  publish(1, 2);
  const auto history = connect()->history(subject_, 1);
  ASSERT_TRUE(history.has_value());
  ASSERT_EQ(history->has_value(), fixture().has_history());
  if (!*history) return;
  ASSERT_EQ((*history)->records.size(), 1U);
  EXPECT_EQ((*history)->records.front().revision, r2_);
  const auto newest = connect()->history(subject_, 2);
  ASSERT_TRUE(newest.has_value() && newest->has_value());
  EXPECT_TRUE((*newest)->records.empty());
  EXPECT_TRUE((*newest)->complete);
}

TEST_P(BackendConformance, HistoryOfAnUnpublishedSubjectIsEmpty) {
  const auto history = connect()->history(subject_, 0);
  ASSERT_TRUE(history.has_value()) << history.error().message();
  ASSERT_EQ(history->has_value(), fixture().has_history());
  if (!*history) return;
  EXPECT_TRUE((*history)->records.empty());
  EXPECT_TRUE((*history)->complete);
}

TEST_P(BackendConformance, AFetchThatIsCancelledSaysSo) {
  publish(0, 1);
  auto backend = connect();
  const auto before = fixture().calls();
  const auto fetched = backend->fetch(subject_, cancelled());
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code(), ErrorCode::cancelled);
  EXPECT_NE(fetched.error().as<FetchFailed>(), nullptr);
  EXPECT_EQ(*backend->revision(subject_), std::nullopt);
  EXPECT_LE(fixture().calls(), before + 1);
}

TEST_P(BackendConformance, ASwapThatIsCancelledBeforeItLeavesDoesNotHappen) {
  publish(0, 1);
  const auto swapped = connect()->swap(subject_, r1_, r2_, cancelled());
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::cancelled);
  const auto* failed = swapped.error().as<PublishFailed>();
  ASSERT_NE(failed, nullptr);
  EXPECT_FALSE(failed->indeterminate);
  EXPECT_EQ(recorded(), r1_);
}

TEST_P(BackendConformance, ACallAfterItsDeadlineTimesOut) {
  publish(0, 1);
  auto backend = connect();
  const auto fetched = backend->fetch(subject_, expired());
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code(), ErrorCode::timeout);
  const auto swapped = backend->swap(subject_, r1_, r2_, expired());
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::timeout);
  const auto history = backend->history(subject_, 0, expired());
  ASSERT_FALSE(history.has_value());
  EXPECT_EQ(history.error().code(), ErrorCode::timeout);
  EXPECT_EQ(recorded(), r1_);
}

TEST_P(BackendConformance, ASwapWhoseAnswerIsLostIsIndeterminate) {
  publish(0, 1);
  auto backend = connect();
  fixture().lose_next_answer();
  const auto swapped = backend->swap(subject_, r1_, r2_);
  ASSERT_FALSE(swapped.has_value());
  const auto* failed = swapped.error().as<PublishFailed>();
  ASSERT_NE(failed, nullptr) << swapped.error().message();
  EXPECT_TRUE(failed->indeterminate);
  EXPECT_EQ(swapped.error().code(), ErrorCode::indeterminate);
  EXPECT_EQ(*backend->revision(subject_), std::nullopt);
  EXPECT_EQ(recorded(), r2_);
}

TEST_P(BackendConformance, ASwapWhoseRequestIsLostIsIndeterminateAndDoesNotHappen) {
  publish(0, 1);
  auto backend = connect();
  fixture().lose_next_request();
  const auto swapped = backend->swap(subject_, r1_, r2_);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::indeterminate);
  EXPECT_EQ(recorded(), r1_);
}

TEST_P(BackendConformance, ALostSwapIsNotSentAgainByItself) {
  publish(0, 1);
  auto backend = connect();
  const auto before = fixture().calls();
  fixture().lose_next_request();
  ASSERT_FALSE(backend->swap(subject_, r1_, r2_).has_value());
  EXPECT_EQ(fixture().calls(), before + 1);
}

TEST_P(BackendConformance, ASwapThatIsRepeatedAfterALostAnswerSucceeds) {
  publish(0, 1);
  auto backend = connect();
  fixture().lose_next_answer();
  ASSERT_FALSE(backend->swap(subject_, r1_, r2_).has_value());
  EXPECT_TRUE(backend->swap(subject_, r1_, r2_).has_value());
  EXPECT_EQ(*backend->revision(subject_), r2_);
}

TEST_P(BackendConformance, HistoryTellsThatALostSwapWasAcceptedOnTheWay) {
  if (!fixture().has_history()) return;
  publish(0, 1);
  auto backend = connect();
  fixture().lose_next_answer();
  ASSERT_FALSE(backend->swap(subject_, r1_, r2_).has_value());
  publish(2, 3);
  const auto swapped = backend->swap(subject_, r1_, r2_);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_NE(swapped.error().as<RevisionMismatch>(), nullptr);
  const auto history = backend->history(subject_, 1);
  ASSERT_TRUE(history.has_value() && history->has_value());
  ASSERT_EQ((*history)->records.size(), 2U);
  EXPECT_EQ((*history)->records[0].revision, r2_);
  EXPECT_EQ((*history)->records[0].previous, r1_);
}

TEST_P(BackendConformance, LongHistoriesAreWhole) {
  if (!fixture().has_history()) return;
  const std::uint64_t swaps = std::min<std::uint64_t>(1203, fixture().history_max());
  auto backend = connect();
  for (std::uint64_t i = 0; i < swaps; ++i) {
    ASSERT_TRUE(backend->swap(subject_, revision_number(i), revision_number(i + 1)).has_value());
  }
  const auto history = backend->history(subject_, 1);
  ASSERT_TRUE(history.has_value() && history->has_value());
  ASSERT_EQ((*history)->records.size(), swaps - 1);
  EXPECT_TRUE((*history)->complete);
  EXPECT_EQ((*history)->records.front().sequence, 2U);
  EXPECT_EQ((*history)->records.back().revision, revision_number(swaps));
}

}  // namespace dialog::test
