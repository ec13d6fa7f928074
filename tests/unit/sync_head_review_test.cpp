#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "head_review.hpp"

namespace dialog::test {
namespace {

const Revision kBase{Hash::of("base")};
const Revision kMine{Hash::of("mine")};
const Revision kOther{Hash::of("other")};
const Revision kTheirs{Hash::of("theirs")};

HeadRecord record(std::uint64_t sequence, const Revision& previous, const Revision& revision) {
  return {revision, previous, sequence, WallTime{0}, {}};
}

class HeadReviewTest : public testing::Test {
 protected:
  HeadReviewTest() {
    state_.current = kMine;
    state_.tracking.origin = kBase;
    state_.tracking.sequence = 5;
    state_.tracking.intents = {{kBase, 5, kMine}};
    state_.current = Revision(Hash::of("later"));
  }

  HeadReview review(const Head& head) { return review_head(state_, head, known_).value(); }
  Settlement settle(const Head& head) {
    HeadReview reviewed = review(head);
    EXPECT_TRUE(std::holds_alternative<Settlement>(reviewed));
    return std::holds_alternative<Settlement>(reviewed) ? std::get<Settlement>(reviewed)
                                                        : Settlement{};
  }
  void history(std::vector<HeadRecord> records, bool complete = true) {
    known_.add(5, HeadHistory{std::move(records), complete});
  }

  SyncState state_;
  KnownHistory known_;
};

TEST_F(HeadReviewTest, AsksForTheHistorySinceTheOldestIntent) {
  state_.tracking.intents.push_back({kBase, 4, kOther});
  const HeadReview reviewed = review({kTheirs, 7});
  ASSERT_TRUE(std::holds_alternative<NeedHistory>(reviewed));
  EXPECT_EQ(std::get<NeedHistory>(reviewed).after, 4U);
}

TEST_F(HeadReviewTest, FindsTheAcceptedSwapInTheHistory) {
  history({record(6, kBase, kMine), record(7, kMine, kTheirs)});
  const Settlement settled = settle({kTheirs, 7});
  EXPECT_EQ(settled.tracking.origin, kMine);
  EXPECT_EQ(settled.tracking.sequence, 6U);
  EXPECT_TRUE(settled.tracking.intents.empty());
}

TEST_F(HeadReviewTest, KeepsANewerHeadThatWasFetchedWhereTheHistorySettlesAnOlderSwap) {
  const Head fetched{kOther, 7};
  state_.tracking.fetched = fetched;
  history({record(6, kBase, kMine), record(7, kMine, kOther), record(8, kOther, kTheirs)});
  const Settlement settled = settle({kTheirs, 8});
  EXPECT_EQ(settled.tracking.origin, kMine);
  EXPECT_EQ(settled.tracking.fetched, fetched);
  EXPECT_EQ(settled.tracking.newest_head(), (Head{kTheirs, 8}));
}

TEST_F(HeadReviewTest, NoticesARollbackAfterTheHistorySettledAnOlderSwap) {
  history({record(6, kBase, kMine), record(7, kMine, kOther), record(8, kOther, kTheirs)});
  state_.tracking = settle({kTheirs, 8}).tracking;
  const auto reviewed = review_head(state_, Head{kOther, 7}, {});
  ASSERT_FALSE(reviewed.has_value());
  EXPECT_EQ(reviewed.error().code, ErrorCode::rollback);
}

TEST_F(HeadReviewTest, KeepsTheGreatestNumberWhereALateAnswerHasNone) {
  state_.tracking.fetched = Head{kOther, 7};
  agree_on(state_.tracking, {kMine, std::nullopt});
  EXPECT_EQ(state_.tracking.origin, kMine);
  EXPECT_EQ(state_.tracking.newest_head(), (Head{kOther, 7}));
}

TEST_F(HeadReviewTest, ForgetsWhatWasShownOnceTheBranchAccountsForIt) {
  state_.tracking.intents.clear();
  state_.tracking = settle({kTheirs, 7}).tracking;
  EXPECT_EQ(state_.tracking.shown, (Head{kTheirs, 7}));
  agree_on(state_.tracking, {kTheirs, 7});
  EXPECT_EQ(state_.tracking.shown, std::nullopt);
  EXPECT_EQ(settle({kTheirs, 7}).tracking, state_.tracking);
}

TEST_F(HeadReviewTest, PrefersTheLatestOfSeveralAcceptedSwaps) {
  state_.tracking.intents.push_back({kBase, 5, kOther});
  history({record(6, kBase, kMine), record(7, kMine, kBase), record(8, kBase, kOther),
           record(9, kOther, kTheirs)});
  EXPECT_EQ(settle({kTheirs, 9}).tracking.origin, kOther);
}

TEST_F(HeadReviewTest, DoesNotTakeAnotherWayToTheSameRevisionForTheSwap) {
  history({record(6, kBase, kTheirs), record(7, kTheirs, kMine), record(8, kMine, kOther)});
  const Settlement settled = settle({kOther, 8});
  EXPECT_EQ(settled.tracking.origin, kBase);
  EXPECT_TRUE(settled.tracking.intents.empty());
}

TEST_F(HeadReviewTest, IsAmbiguousWhereTheHistoryHasAGap) {
  history({record(7, kOther, kTheirs)});
  const Settlement settled = settle({kTheirs, 7});
  EXPECT_EQ(settled.ambiguous.size(), 1U);
  EXPECT_EQ(settled.tracking.intents.size(), 1U);
}

TEST_F(HeadReviewTest, IsAmbiguousWhereTheChainIsBroken) {
  history({record(6, kBase, kOther), record(7, kBase, kTheirs)});
  EXPECT_EQ(settle({kTheirs, 7}).ambiguous.size(), 1U);
}

TEST_F(HeadReviewTest, IsAmbiguousWhereACompleteHistoryEndsBeforeTheHead) {
  history({});
  EXPECT_EQ(settle({kTheirs, 7}).ambiguous.size(), 1U);
}

TEST_F(HeadReviewTest, IsAmbiguousWhereOlderRecordsAreGone) {
  history({record(7, kOther, kTheirs)}, false);
  EXPECT_EQ(settle({kTheirs, 7}).ambiguous.size(), 1U);
}

TEST_F(HeadReviewTest, IsAmbiguousWithoutNumbers) {
  state_.tracking.intents[0].expected_sequence.reset();
  history({record(6, kBase, kMine), record(7, kMine, kTheirs)});
  EXPECT_EQ(settle({kTheirs, 7}).ambiguous.size(), 1U);
  EXPECT_EQ(settle({kTheirs, std::nullopt}).ambiguous.size(), 1U);
}

TEST_F(HeadReviewTest, BelievesARefusalWhereNoHistoryTells) {
  state_.tracking.intents = {{kBase, 5, kMine, 0}};
  known_.asked = KnownHistory::Asked::absent;
  const Settlement settled = settle({kTheirs, 7});
  EXPECT_TRUE(settled.ambiguous.empty());
  EXPECT_TRUE(settled.tracking.intents.empty());
}

TEST_F(HeadReviewTest, ReadsAHistoryPageByPage) {
  history({record(6, kBase, kOther)}, false);
  const HeadReview reviewed = review({kTheirs, 7});
  ASSERT_TRUE(std::holds_alternative<NeedHistory>(reviewed));
  EXPECT_EQ(std::get<NeedHistory>(reviewed).after, 6U);
  known_.add(6, HeadHistory{{record(7, kOther, kTheirs)}, true});
  EXPECT_TRUE(settle({kTheirs, 7}).tracking.intents.empty());
}

TEST_F(HeadReviewTest, DoesNotReadAHistoryForEver) {
  HeadReview reviewed = review({kTheirs, 1'000'000});
  std::size_t pages = 0;
  Revision last = kBase;
  while (const auto* need = std::get_if<NeedHistory>(&reviewed)) {
    const Revision next(Hash::of(std::to_string(need->after)));
    known_.add(need->after, HeadHistory{{record(need->after + 1, last, next)}, false});
    last = next;
    ASSERT_LE(++pages, 16U);
    reviewed = review({kTheirs, 1'000'000});
  }
  EXPECT_EQ(std::get<Settlement>(reviewed).ambiguous.size(), 1U);
}

TEST_F(HeadReviewTest, WantsANewerHeadWhereTheHistoryIsAheadOfIt) {
  history({record(6, kBase, kTheirs), record(7, kTheirs, kBase), record(8, kBase, kMine)});
  EXPECT_TRUE(std::holds_alternative<NeedHead>(review({kTheirs, 6})));
}

TEST_F(HeadReviewTest, LooksIntoTheHistoryWhereTheOldRootIsBackUnderAHigherNumber) {
  EXPECT_TRUE(std::holds_alternative<NeedHistory>(review({kBase, 7})));
  history({record(6, kBase, kMine), record(7, kMine, kBase)});
  EXPECT_EQ(settle({kBase, 7}).tracking.origin, kMine);
}

TEST_F(HeadReviewTest, KeepsIntentsWhereTheOldRootIsBackAndTheyMayStillArrive) {
  history({record(6, kBase, kTheirs), record(7, kTheirs, kBase)});
  EXPECT_EQ(settle({kBase, 7}).tracking.intents, (std::vector<SwapIntent>{{kBase, 7, kMine}}));
}

TEST_F(HeadReviewTest, KeepsIntentsWhileTheHeadHasNotMoved) {
  const Settlement settled = settle({kBase, 5});
  EXPECT_EQ(settled.tracking, state_.tracking);
}

TEST_F(HeadReviewTest, KeepsIntentsOfABranchThatWentBackToTheOrigin) {
  state_.current = kBase;
  EXPECT_EQ(settle({kBase, 5}).tracking, state_.tracking);
}

TEST_F(HeadReviewTest, ForgetsIntentsWhereTheRemoteHasTheBranchesRevision) {
  const Settlement settled = settle({state_.current, 7});
  EXPECT_EQ(settled.tracking.origin, state_.current);
  EXPECT_TRUE(settled.tracking.intents.empty());
}

TEST_F(HeadReviewTest, RemembersABoundedNumberOfRevisionsOfAPlainRegister) {
  state_.tracking.intents.clear();
  for (int i = 0; i < 100; ++i) {
    state_.tracking = settle({Revision(Hash::of(std::to_string(i))), std::nullopt}).tracking;
    EXPECT_LE(state_.tracking.seen.size(), kSeenRevisionsMax);
  }
  EXPECT_TRUE(settle({Revision(Hash::of("99")), std::nullopt}).seen_before);
  EXPECT_FALSE(settle({Revision(Hash::of("0")), std::nullopt}).seen_before);
}

}  // namespace
}  // namespace dialog::test
