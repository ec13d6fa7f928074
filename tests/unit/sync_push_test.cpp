#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "sync_runner.hpp"

namespace dialog::test {
namespace {

using Pushed = PushOutcome::Kind;

class Push : public testing::Test {
 protected:
  /// The branch and the remote agree on `entries`.
  void agree(const Model& entries) {
    const Revision revision = build_tree(run_.local, entries);
    build_tree(run_.remote.blocks, entries);
    run_.remote.accept(revision);
    run_.branch.current = revision;
    run_.branch.tracking.origin = revision;
    run_.branch.tracking.sequence = run_.remote.head->sequence;
    run_.branch.tracking.fetched = run_.remote.head;
    entries_ = entries;
  }
  Revision edit(const std::string& key, const std::string& value) {
    entries_[key] = value;
    return run_.branch.current = build_tree(run_.local, entries_);
  }
  /// A peer publishes something else.
  Revision peer_publishes(const std::string& key) {
    Model entries = read_all(run_.remote.blocks, run_.remote.head->revision);
    entries[key] = "from a peer";
    const Revision revision = build_tree(run_.remote.blocks, entries);
    run_.remote.accept(revision);
    return revision;
  }
  /// The next swap takes effect or not, and its answer is lost either way.
  void lose_answer_of_swap(bool takes_effect, std::function<void()> then = {}) {
    run_.intercept = [this, takes_effect, then,
                      once = false](const Action& action) mutable -> std::optional<Answer> {
      const auto* swap = std::get_if<SwapHead>(&action);
      if (swap == nullptr || std::exchange(once, true)) return std::nullopt;
      if (takes_effect) run_.perform(*swap);
      if (then) then();
      return SwapUnknown{};
    };
  }

  Runner run_;
  Model entries_;
};

TEST_F(Push, IsOneFetchOfTheHeadWhereThereIsNothingToDo) {
  agree(numbered_entries(10));
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::up_to_date);
  EXPECT_EQ(run_.log, "head");
}

TEST_F(Push, PublishesWhereNothingWasEverPublished) {
  const Revision mine = edit("a", "1");
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(outcome->after, mine);
  EXPECT_EQ(run_.log, "head ask upload commit swap commit");
  EXPECT_EQ(run_.remote.head->revision, mine);
  EXPECT_EQ(run_.branch.tracking.origin, mine);
  EXPECT_EQ(run_.branch.tracking.sequence, 1U);
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, OfAnEmptyBranchToAnEmptyRemoteDoesNothing) {
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::up_to_date);
  EXPECT_EQ(run_.log, "head");
}

TEST_F(Push, OfABranchThatWasEmptiedUploadsNothing) {
  agree(numbered_entries(3));
  run_.branch.current = Revision{};
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.log, "head commit swap commit");
  EXPECT_TRUE(run_.remote.head->revision.is_zero());
}

TEST_F(Push, NotesTheIntentBeforeItSwaps) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision mine = edit("key/000003", "changed");
  ASSERT_TRUE(run_.push().has_value());
  ASSERT_EQ(run_.commits.size(), 2U);
  EXPECT_THAT(run_.commits[0].tracking.intents, testing::ElementsAre(SwapIntent{before, 1, mine}));
  EXPECT_EQ(run_.commits[0].tracking.origin, before);
}

TEST_F(Push, UploadsOnlyTheChangedPath) {
  agree(numbered_entries(20'000));
  edit("key/010000", "changed");
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_LT(outcome->traffic.uploaded, 12U);
  EXPECT_EQ(read_all(run_.remote.blocks, run_.remote.head->revision), entries_);
}

TEST_F(Push, UploadsNothingThatTheRemoteHas) {
  agree(numbered_entries(100));
  const Revision mine = edit("key/000050", "changed");
  build_tree(run_.remote.blocks, entries_);
  const std::size_t blocks = run_.remote.blocks.block_count();
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->traffic.uploaded, 0U);
  EXPECT_GT(outcome->traffic.present_at_remote, 0U);
  EXPECT_EQ(run_.log, "head ask commit swap commit");
  EXPECT_EQ(run_.remote.blocks.block_count(), blocks);
  EXPECT_EQ(run_.remote.head->revision, mine);
}

TEST_F(Push, UploadsWhatLiesBelowABlockThatTheRemoteHas) {
  edit("first", "1");
  entries_ = numbered_entries(5'000);
  const Revision mine = run_.branch.current = build_tree(run_.local, entries_);
  const std::optional<Block> top = run_.local.get_one(mine.root()).value();
  ASSERT_TRUE(run_.remote.blocks.put({&*top, 1}).has_value());
  ASSERT_TRUE(run_.push().has_value());
  EXPECT_EQ(read_all(run_.remote.blocks, run_.remote.head->revision), entries_);
}

TEST_F(Push, UploadsNoBlockBeforeWhatItRefersTo) {
  Model entries = numbered_entries(9'000);
  entries["key/000007"] = std::string(5'000, 'x');
  entries["key/000009"] = std::string(200'000, 'y');
  const Revision mine = run_.branch.current = build_tree(run_.local, entries);
  NodeSource source(run_.local);
  std::set<Hash> there;
  run_.intercept = [&](const Action& action) -> std::optional<Answer> {
    const auto* upload = std::get_if<UploadBlocks>(&action);
    if (upload == nullptr) return std::nullopt;
    EXPECT_LE(upload->blocks.size(), kWindowBlocksMax);
    for (const Block& block : upload->blocks) {
      const auto node = Node::parse(block);
      if (!node) continue;
      for (const BlockRef& child : refs_of(**node))
        EXPECT_TRUE(there.contains(child.hash)) << "child of a node";
    }
    for (const Block& block : upload->blocks) there.insert(block.hash());
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_TRUE(there.contains(mine.root()));
  EXPECT_EQ(read_all(run_.remote.blocks, mine), entries);
}

TEST_F(Push, IsRejectedWhereTheRemoteHasMovedOn) {
  agree(numbered_entries(10));
  edit("mine", "1");
  const Revision theirs = peer_publishes("theirs");
  const SyncState before = run_.branch;
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::rejected);
  EXPECT_EQ(outcome->actual->revision, theirs);
  EXPECT_FALSE(outcome->ambiguous);
  EXPECT_EQ(run_.log, "head commit");
  SyncState noted = before;
  noted.tracking.shown = run_.remote.head;
  EXPECT_EQ(run_.branch, noted);
  EXPECT_EQ(run_.push()->kind, Pushed::rejected);
  EXPECT_EQ(run_.commits.size(), 1U) << "what is known is not noted again";
}

TEST_F(Push, ThatWasRejectedKnowsThatTheRemoteHadAHead) {
  for (const bool tells_sequence : {true, false}) {
    run_.branch = {};
    run_.remote.tells_sequence = tells_sequence;
    run_.remote.accept(build_tree(run_.remote.blocks, {{"theirs", "1"}}));
    edit("mine", "1");
    ASSERT_EQ(run_.push()->kind, Pushed::rejected);
    run_.remote.head.reset();
    EXPECT_EQ(run_.push().error().code, ErrorCode::remote_reset);
    EXPECT_EQ(run_.pull().error().code, ErrorCode::remote_reset);
  }
}

TEST_F(Push, ThatWasRefusedKnowsThatTheRemoteHadAHead) {
  edit("mine", "1");
  run_.intercept = [this](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<SwapHead>(action) && !run_.remote.head)
      run_.remote.accept(build_tree(run_.remote.blocks, {{"theirs", "1"}}));
    return std::nullopt;
  };
  ASSERT_EQ(run_.push()->kind, Pushed::rejected);
  EXPECT_EQ(run_.branch.tracking.shown, run_.remote.head);
  run_.remote.head.reset();
  run_.intercept = {};
  EXPECT_EQ(run_.push().error().code, ErrorCode::remote_reset);
}

TEST_F(Push, ThatWasRejectedKnowsTheNumberOfTheHead) {
  agree(numbered_entries(10));
  edit("mine", "1");
  peer_publishes("older");
  const std::optional<Head> older = run_.remote.head;
  peer_publishes("newer");
  ASSERT_EQ(run_.push()->kind, Pushed::rejected);
  run_.remote.head = older;
  EXPECT_EQ(run_.push().error().code, ErrorCode::rollback);
  EXPECT_EQ(run_.pull().error().code, ErrorCode::rollback);
}

TEST_F(Push, ThatIsAmbiguousNotesTheHeadToo) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  run_.branch.tracking.intents = {{before, 1, edit("mine", "1")}};
  run_.remote.keeps_history = false;
  peer_publishes("theirs");
  ASSERT_TRUE(run_.push()->ambiguous);
  EXPECT_EQ(run_.branch.tracking.shown, run_.remote.head);
  EXPECT_EQ(run_.branch.tracking.intents.size(), 1U);
}

TEST_F(Push, FindsThatTheRemoteHasTheSameAlready) {
  agree(numbered_entries(10));
  const Revision mine = edit("same", "1");
  build_tree(run_.remote.blocks, entries_);
  run_.remote.accept(mine);
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::up_to_date);
  EXPECT_EQ(run_.branch.tracking.origin, mine);
  EXPECT_EQ(run_.branch.tracking.sequence, 2U);
}

TEST_F(Push, TakesAHeadThatIsKnownAlready) {
  agree(numbered_entries(10));
  edit("mine", "1");
  ASSERT_TRUE(run_.push({run_.remote.head}).has_value());
  EXPECT_EQ(run_.log, "ask upload commit swap commit");
}

TEST_F(Push, ChangesNothingWhereTheRemoteWasReset) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.remote.head.reset();
  const Picture before = picture_of(run_);
  const auto outcome = run_.push();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::remote_reset);
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(Push, ChangesNothingWhereTheRemoteWasRolledBack) {
  agree(numbered_entries(10));
  peer_publishes("newer");
  run_.branch.tracking.fetched = run_.remote.head;
  edit("mine", "1");
  run_.remote.head = Head{run_.branch.tracking.origin, 1};
  const auto outcome = run_.push();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::rollback);
}

TEST_F(Push, NoticesAnotherRevisionUnderAKnownNumber) {
  agree(numbered_entries(10));
  run_.remote.head->revision = build_tree(run_.remote.blocks, {{"other", "1"}});
  edit("mine", "1");
  EXPECT_EQ(run_.push().error().code, ErrorCode::rollback);
}

TEST_F(Push, IsAcceptedWhereOnlyTheAnswerWasLost) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  lose_answer_of_swap(true);
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.log, "head ask upload commit swap head commit");
  EXPECT_EQ(run_.branch.tracking.origin, mine);
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, SendsASwapAgainThatNeverArrived) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  lose_answer_of_swap(false);
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.log, "head ask upload commit swap head commit swap commit");
  EXPECT_EQ(run_.remote.head->revision, mine);
}

TEST_F(Push, GivesUpOnARegisterThatAnswersNoSwapAndLeavesTheIntent) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  run_.intercept = [](const Action& action) -> std::optional<Answer> {
    if (!std::holds_alternative<SwapHead>(action)) return std::nullopt;
    return SwapUnknown{Error{ErrorCode::storage_failed, "the disk is gone", {}}};
  };
  const auto outcome = run_.push();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::indeterminate);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("the disk is gone"));
  ASSERT_EQ(run_.branch.tracking.intents.size(), 1U);
  EXPECT_EQ(run_.branch.tracking.intents[0].desired, mine);
}

TEST_F(Push, IsIndeterminateWhereNeitherTheSwapNorTheQuestionIsAnswered) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [this](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<SwapHead>(action))
      return SwapUnknown{Error{ErrorCode::timeout, "no answer in time", {}}};
    const bool is_second = run_.log.find("swap head") != std::string::npos;
    if (is_second) return Failed{Error{ErrorCode::unavailable, "no route", {}}};
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::indeterminate);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("no answer in time; then: no route"));
  EXPECT_EQ(run_.branch.tracking.intents.size(), 1U);
}

TEST_F(Push, LearnsFromTheHistoryThatItWasAcceptedAndOvertaken) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  lose_answer_of_swap(true, [this] {
    build_tree(run_.remote.blocks, entries_);
    peer_publishes("theirs");
  });
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(outcome->after, mine);
  EXPECT_EQ(outcome->actual, run_.remote.head);
  EXPECT_EQ(run_.log, "head ask upload commit swap head history commit");
  EXPECT_EQ(run_.branch.tracking.origin, mine);
  EXPECT_EQ(run_.branch.tracking.sequence, 2U);
}

TEST_F(Push, LearnsFromTheHistoryThatItWasNotAccepted) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  edit("mine", "1");
  lose_answer_of_swap(false, [this] { peer_publishes("theirs"); });
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::rejected);
  EXPECT_FALSE(outcome->ambiguous);
  EXPECT_EQ(run_.branch.tracking.origin, before);
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, LeavesAnAmbiguousSwapToTheNextPull) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.remote.keeps_history = false;
  lose_answer_of_swap(false, [this] { peer_publishes("theirs"); });
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::rejected);
  EXPECT_TRUE(outcome->ambiguous);
  EXPECT_EQ(run_.branch.tracking.intents.size(), 1U);
}

TEST_F(Push, ForgetsAnIntentThatWasRefusedAtOnceByAPlainRegister) {
  run_.remote.tells_sequence = false;
  agree(numbered_entries(10));
  run_.branch.tracking.seen = {run_.branch.current};
  edit("mine", "1");
  run_.intercept = [this](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<SwapHead>(action)) peer_publishes("theirs");
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::rejected);
  EXPECT_EQ(outcome->actual, run_.remote.head);
  EXPECT_EQ(run_.log, "head ask upload commit swap commit");
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, BelievesTheHistoryMoreThanARefusalForARequestMayHaveBeenRepeated) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  run_.intercept = [this](const Action& action) -> std::optional<Answer> {
    const auto* swap = std::get_if<SwapHead>(&action);
    if (swap == nullptr) return std::nullopt;
    run_.perform(*swap);
    build_tree(run_.remote.blocks, entries_);
    peer_publishes("theirs");
    return run_.perform(*swap);
  };
  ASSERT_EQ(run_.push()->kind, Pushed::rejected);
  EXPECT_THAT(run_.branch.tracking.intents,
              testing::ElementsAre(SwapIntent{run_.branch.tracking.origin, 1, mine, 0}));
  run_.intercept = {};
  ASSERT_EQ(run_.push()->kind, Pushed::rejected);
  EXPECT_EQ(run_.branch.tracking.origin, mine);
}

TEST_F(Push, KeepsAnIntentThatWasRefusedOnlyTheSecondTime) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [this, sent = 0](const Action& action) mutable -> std::optional<Answer> {
    if (!std::holds_alternative<SwapHead>(action)) return std::nullopt;
    if (++sent == 1) return SwapUnknown{};
    peer_publishes("theirs");
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::rejected);
  EXPECT_EQ(run_.branch.tracking.intents.size(), 1U);
}

TEST_F(Push, IsAcceptedWhereTheRefusalNamesTheDesiredRevision) {
  agree(numbered_entries(10));
  const Revision before_push = run_.branch.current;
  const Revision mine = edit("mine", "1");
  run_.intercept = [&](const Action& action) -> std::optional<Answer> {
    const auto* swap = std::get_if<SwapHead>(&action);
    if (swap == nullptr) return std::nullopt;
    run_.perform(*swap);
    return SwapRefused{Head{mine, std::nullopt}};
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.branch.tracking.origin, mine);
  EXPECT_EQ(run_.branch.tracking.newest_head(), (Head{before_push, 1}))
      << "the last known number must not be forgotten";
}

TEST_F(Push, AsksForTheHeadWhereAnAcceptanceNamesAnotherRevision) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [&](const Action& action) -> std::optional<Answer> {
    const auto* swap = std::get_if<SwapHead>(&action);
    if (swap == nullptr) return std::nullopt;
    run_.perform(*swap);
    return SwapAccepted{Head{swap->expected, 2}};
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.log, "head ask upload commit swap head commit");
}

TEST_F(Push, ForgetsTheIntentOfASwapThatCertainlyFailed) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<SwapHead>(action))
      return Failed{Error{ErrorCode::unauthorized, "read only", {}}};
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::unauthorized);
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, FailsAsARemoteResetWhereTheSwapFindsNoHead) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<SwapHead>(action)) return SwapRefused{};
    return std::nullopt;
  };
  EXPECT_EQ(run_.push().error().code, ErrorCode::remote_reset);
  EXPECT_EQ(run_.branch.tracking.intents.at(0).requests, 0U);
}

TEST_F(Push, SettlesAnIntentOfAnEarlierSessionFirst) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision first = edit("first", "1");
  run_.branch.tracking.intents = {{before, 1, first}};
  build_tree(run_.remote.blocks, entries_);
  run_.remote.accept(first);
  const Revision second = edit("second", "2");
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.remote.head->revision, second);
  EXPECT_EQ(run_.log, "head commit ask upload commit swap commit");
}

TEST_F(Push, ReportsThatAnEarlierSwapWasAccepted) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision first = edit("first", "1");
  run_.branch.tracking.intents = {{before, 1, first}};
  run_.remote.accept(first);
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(outcome->after, first);
  EXPECT_EQ(run_.log, "head commit");
}

TEST_F(Push, NotesANewIntentBesideAnOlderOneThatMayStillArrive) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision first = edit("first", "1");
  run_.branch.tracking.intents = {{before, 1, first}};
  const Revision second = edit("second", "2");
  ASSERT_TRUE(run_.push().has_value());
  EXPECT_THAT(run_.commits[0].tracking.intents,
              testing::ElementsAre(SwapIntent{before, 1, first}, SwapIntent{before, 1, second}));
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, SendsAnOutstandingSwapAgainWithoutAnotherIntent) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision mine = edit("mine", "1");
  run_.branch.tracking.intents = {{before, 1, mine}};
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(run_.log, "head ask upload commit swap commit");
  EXPECT_EQ(run_.remote.head->revision, mine);
}

TEST_F(Push, GoesOnFromAnOlderSwapThatArrivesLate) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision first = edit("first", "1");
  build_tree(run_.remote.blocks, entries_);
  run_.branch.tracking.intents = {{before, 1, first}};
  const Revision second = edit("second", "2");
  run_.intercept = [&, once = false](const Action& action) mutable -> std::optional<Answer> {
    if (std::holds_alternative<SwapHead>(action) && !std::exchange(once, true))
      run_.remote.accept(first);
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.remote.head->revision, second);
  EXPECT_EQ(run_.remote.history.records.back().previous, first);
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(Push, DoesNotForgetASwapThatMayArriveThoughTheBranchWentBack) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  const Revision sent = edit("sent", "1");
  build_tree(run_.remote.blocks, entries_);
  run_.branch.current = before;
  run_.branch.tracking.intents = {{before, 1, sent}};
  ASSERT_EQ(run_.push()->kind, Pushed::up_to_date);
  run_.remote.accept(sent);
  ASSERT_EQ(run_.push()->kind, Pushed::accepted);
  EXPECT_EQ(run_.remote.head->revision, before) << "the later undo is what counts";
}

TEST_F(Push, SettlesTheLatestSwapFirstWhereNoMoreIntentsFit) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  for (std::size_t i = 0; i < kOutstandingIntentsMax; ++i) {
    run_.branch.tracking.intents.push_back({before, 1, edit("edit", std::to_string(i))});
  }
  const Revision latest = run_.branch.tracking.intents.back().desired;
  const Revision mine = edit("edit", "last");
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.remote.head->revision, mine);
  EXPECT_EQ(run_.remote.history.records[1].revision, latest);
  for (const SyncState& state : run_.commits)
    EXPECT_LE(state.tracking.intents.size(), kOutstandingIntentsMax);
}

TEST_F(Push, DoesNotTakeTheSwapThatItSentInItsPlaceForItsOwn) {
  agree(numbered_entries(10));
  const Revision before = run_.branch.current;
  for (std::size_t i = 0; i < kOutstandingIntentsMax; ++i) {
    run_.branch.tracking.intents.push_back({before, 1, edit("edit", std::to_string(i))});
  }
  const Revision latest = run_.branch.tracking.intents.back().desired;
  build_tree(run_.remote.blocks, entries_);
  edit("edit", "last");
  lose_answer_of_swap(true, [this] { peer_publishes("theirs"); });
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::rejected);
  EXPECT_EQ(run_.branch.tracking.origin, latest);
}

TEST_F(Push, LeavesACommitThatHappensMeanwhileForTheNextOne) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  Revision later;
  run_.intercept = [&](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<UploadBlocks>(action)) later = edit("later", "2");
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->after, mine);
  EXPECT_EQ(run_.branch.current, later);
  EXPECT_EQ(run_.branch.tracking.origin, mine);
  EXPECT_EQ(run_.log, "head ask upload commit commit swap commit");
}

TEST_F(Push, BeginsAnewWhereAnotherSessionChangedWhatIsKnown) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [this, once = false](const Action& action) mutable -> std::optional<Answer> {
    if (std::holds_alternative<AskPresent>(action) && !std::exchange(once, true)) {
      run_.branch.tracking.seen.push_back(Revision(Hash::of("x")));
    }
    return std::nullopt;
  };
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.log, "head ask upload commit head ask commit swap commit");
}

TEST_F(Push, EndsWhereTheBranchNeverStandsStill) {
  agree(numbered_entries(10));
  edit("mine", "1");
  run_.intercept = [this, i = 0](const Action& action) mutable -> std::optional<Answer> {
    if (std::holds_alternative<CommitState>(action)) {
      run_.branch.tracking.seen = {Revision(Hash::of(std::to_string(++i)))};
    }
    return std::nullopt;
  };
  EXPECT_EQ(run_.push().error().code, ErrorCode::conflict);
}

TEST_F(Push, OfAPartialReplicaUploadsWhatItMade) {
  agree(numbered_entries(20'000));
  const Revision mine = edit("key/010000", "changed");
  // Only the new path and what is beside it stays here.
  std::vector<Hash> origin = hashes_of(run_.local, run_.branch.tracking.origin);
  ASSERT_TRUE(run_.local.remove(origin).has_value());
  run_.partial = true;
  const auto outcome = run_.push();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Pushed::accepted);
  EXPECT_EQ(run_.remote.head->revision, mine);
  EXPECT_EQ(read_all(run_.remote.blocks, mine), entries_);
}

TEST_F(Push, NamesTheBlocksThatNeitherSideHas) {
  Model entries = numbered_entries(5'000);
  run_.branch.current = build_tree(run_.local, entries);
  const Hash lost = blocks_of(run_.local, run_.branch.current).front().hash;
  ASSERT_TRUE(run_.local.remove({&lost, 1}).has_value());
  const auto outcome = run_.push();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::missing_blocks);
  EXPECT_THAT(outcome.error().missing, testing::ElementsAre(lost));
  EXPECT_FALSE(run_.remote.head.has_value());
}

TEST_F(Push, EndsWithTheErrorOfAnAnswer) {
  agree(numbered_entries(10));
  edit("mine", "1");
  const SyncState before = run_.branch;
  run_.intercept = [](const Action& action) -> std::optional<Answer> {
    if (std::holds_alternative<UploadBlocks>(action))
      return Failed{Error{ErrorCode::storage_full, "full", {}}};
    return std::nullopt;
  };
  EXPECT_EQ(run_.push().error().code, ErrorCode::storage_full);
  EXPECT_EQ(run_.branch, before);
}

TEST_F(Push, RefusesAnAnswerToAnotherAction) {
  run_.intercept = [](const Action&) -> std::optional<Answer> { return Uploaded{}; };
  EXPECT_EQ(run_.push().error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace dialog::test
