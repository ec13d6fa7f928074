#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync_runner.hpp"

namespace dialog::test {
namespace {

using Pushed = PushOutcome::Kind;

// Several processes push one branch at once, and a peer deletes what they published before all of
// them know. Whatever they hear and in which order, it must stay deleted.
class SessionsOfOneBranch : public testing::Test {
 protected:
  SessionsOfOneBranch() {
    base_ = run_.branch.current = build_tree(run_.local, {{"x", "1"}});
    build_tree(run_.remote.blocks, {{"x", "1"}});
    run_.remote.accept(base_);
    run_.branch.tracking.origin = base_;
    run_.branch.tracking.sequence = 1;
    run_.branch.tracking.fetched = run_.remote.head;
    mine_ = run_.branch.current = build_tree(run_.local, {{"x", "1"}, {"mine", "1"}});
  }

  /// A push that is about to send its swap.
  PushSession push_until_swap() {
    PushSession session(run_.input());
    for (int i = 0; i < 100 && !std::holds_alternative<SwapHead>(session.next()); ++i) {
      session.supply(act(session));
    }
    EXPECT_TRUE(std::holds_alternative<SwapHead>(session.next()));
    return session;
  }
  /// What came of the session's present action.
  Answer act(PushSession& session) {
    return std::visit([this](const auto& action) { return run_.perform(action); }, session.next());
  }
  Result<PushOutcome> finish(PushSession& session) {
    run_.run(session);
    return session.outcome();
  }
  void peer_deletes_mine() {
    const Revision theirs = build_tree(run_.remote.blocks, {{"x", "1"}, {"other", "2"}});
    run_.remote.accept(theirs);
  }
  void expect_mine_stays_deleted() {
    const auto pulled = run_.pull();
    ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
    EXPECT_EQ(read_all(run_.local, run_.branch.current), (Model{{"x", "1"}, {"other", "2"}}));
  }
  const std::vector<SwapIntent>& intents() { return run_.branch.tracking.intents; }

  Runner run_;
  Revision base_;
  Revision mine_;
};

TEST_F(SessionsOfOneBranch, ARefusalOfOneLeavesTheSwapOfAnotherOutstanding) {
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  Answer late = act(second);
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  EXPECT_EQ(intents().size(), 1U);
  second.supply(std::move(late));
  EXPECT_EQ(finish(second)->kind, Pushed::accepted);
  EXPECT_EQ(run_.branch.tracking.origin, mine_);
  expect_mine_stays_deleted();
}

TEST_F(SessionsOfOneBranch, ARefusalOfOneDoesNotHideThatTheOtherLostItsAnswer) {
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  act(second);
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  second.supply(SwapUnknown{});
  EXPECT_EQ(finish(second)->kind, Pushed::accepted) << "the history tells";
  expect_mine_stays_deleted();
}

TEST_F(SessionsOfOneBranch, ARefusalOfOneLeavesTheSwapOfACrashedOneOutstanding) {
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  act(second);
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  expect_mine_stays_deleted();
}

TEST_F(SessionsOfOneBranch, ACertainFailureOfOneLeavesTheSwapOfAnotherOutstanding) {
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  act(second);
  peer_deletes_mine();
  first.supply(Failed{Error{ErrorCode::unauthorized, "read only", {}}});
  EXPECT_EQ(finish(first).error().code, ErrorCode::unauthorized);
  expect_mine_stays_deleted();
}

TEST_F(SessionsOfOneBranch, RefusalsOfTwoLeaveTheSwapOfAThirdOutstanding) {
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  PushSession third = push_until_swap();
  act(second);
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  ASSERT_EQ(finish(third)->kind, Pushed::rejected);
  expect_mine_stays_deleted();
}

TEST_F(SessionsOfOneBranch, NothingIsAmbiguousOnceAllOfThemWereRefused) {
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  peer_deletes_mine();
  run_.remote.keeps_history = false;
  ASSERT_EQ(finish(second)->kind, Pushed::rejected);
  EXPECT_TRUE(run_.push()->ambiguous);
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  const auto pulled = run_.pull();
  ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
  EXPECT_TRUE(pulled->ambiguous.empty());
  EXPECT_TRUE(intents().empty());
}

TEST_F(SessionsOfOneBranch, AllOfThemMustBeRefusedBeforeAPlainRegistersSwapIsForgotten) {
  run_.remote.tells_sequence = false;
  run_.remote.head->sequence.reset();
  run_.branch.tracking.sequence.reset();
  run_.branch.tracking.fetched = run_.remote.head;
  PushSession first = push_until_swap();
  PushSession second = push_until_swap();
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  EXPECT_EQ(intents().size(), 1U);
  ASSERT_EQ(finish(second)->kind, Pushed::rejected);
  EXPECT_TRUE(intents().empty());
}

TEST_F(SessionsOfOneBranch, OneThatDiedBeforeItSentKeepsTheSwapOutstanding) {
  PushSession first = push_until_swap();
  {
    const PushSession died = push_until_swap();
  }
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  EXPECT_EQ(intents().size(), 1U);
}

TEST_F(SessionsOfOneBranch, OneThatFindsTheSwapSettledBeginsAnewInsteadOfSendingIt) {
  PushSession first = push_until_swap();
  PushSession second(run_.input());
  while (!std::holds_alternative<CommitState>(second.next())) second.supply(act(second));
  peer_deletes_mine();
  ASSERT_EQ(finish(first)->kind, Pushed::rejected);
  run_.log.clear();
  EXPECT_EQ(finish(second)->kind, Pushed::rejected);
  EXPECT_THAT(run_.log, testing::Not(testing::HasSubstr("swap")));
}

TEST_F(SessionsOfOneBranch, AnAcceptedSwapCountsThoughAnotherSessionTookItForSettled) {
  PushSession first = push_until_swap();
  // Meanwhile a peer publishes and takes it back, and another session looks in between.
  run_.remote.accept(build_tree(run_.remote.blocks, {{"x", "1"}, {"other", "1"}}));
  ASSERT_EQ(run_.push()->kind, Pushed::rejected);
  ASSERT_TRUE(intents().empty());
  run_.remote.accept(base_);
  Answer accepted = act(first);
  peer_deletes_mine();
  first.supply(std::move(accepted));
  EXPECT_EQ(finish(first)->kind, Pushed::accepted);
  EXPECT_EQ(run_.branch.tracking.origin, mine_);
  expect_mine_stays_deleted();
}

TEST_F(SessionsOfOneBranch, ALateAnswerNeverMovesTheOriginBack) {
  PushSession first = push_until_swap();
  Answer late = act(first);
  // A peer undoes it, and another session has seen that.
  run_.remote.accept(base_);
  ASSERT_TRUE(run_.pull().has_value());
  ASSERT_EQ(run_.branch.tracking.origin, base_);
  const SyncState undone = run_.branch;
  first.supply(std::move(late));
  EXPECT_EQ(finish(first)->kind, Pushed::accepted);
  EXPECT_EQ(run_.branch, undone);
}

}  // namespace
}  // namespace dialog::test
