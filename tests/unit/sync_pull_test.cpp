#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "sync_runner.hpp"

namespace dialog::test {
namespace {

using Kind = PullOutcome::Kind;

class Pull : public testing::Test {
 protected:
  void agree(const Model& entries) {
    const Revision revision = build_tree(run_.local, entries);
    build_tree(run_.remote.blocks, entries);
    run_.remote.accept(revision);
    run_.branch.current = revision;
    run_.branch.tracking.origin = revision;
    run_.branch.tracking.sequence = run_.remote.head->sequence;
    run_.branch.tracking.fetched = run_.remote.head;
    local_ = remote_ = entries;
  }
  Revision edit(const std::string& key, const std::string& value) {
    local_[key] = value;
    return run_.branch.current = build_tree(run_.local, local_);
  }
  Revision publish(const Model& entries) {
    remote_ = entries;
    const Revision revision = build_tree(run_.remote.blocks, entries);
    run_.remote.accept(revision);
    return revision;
  }
  Revision peer_puts(const std::string& key, const std::string& value) {
    remote_[key] = value;
    return publish(remote_);
  }
  Revision peer_deletes(const std::string& key) {
    remote_.erase(key);
    return publish(remote_);
  }
  Model local_entries() { return read_all(run_.local, run_.branch.current); }

  Runner run_;
  Model local_;
  Model remote_;
};

TEST_F(Pull, IsOneFetchOfTheHeadWhereThereIsNothingNew) {
  agree(numbered_entries(10));
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::up_to_date);
  EXPECT_EQ(run_.log, "head");
}

TEST_F(Pull, KeepsLocalChangesWhereThereIsNothingNew) {
  agree(numbered_entries(10));
  const Revision mine = edit("mine", "1");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::up_to_date);
  EXPECT_EQ(run_.branch.current, mine);
  EXPECT_EQ(run_.log, "head");
}

TEST_F(Pull, TakesAnAbsentHeadForAnEmptyRemoteWhereTheyNeverMet) {
  const Revision mine = edit("mine", "1");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::up_to_date);
  EXPECT_FALSE(outcome->remote.has_value());
  EXPECT_EQ(run_.branch.current, mine);
}

TEST_F(Pull, FetchesEverythingInTheFirstPlace) {
  const Revision theirs = publish(numbered_entries(20'000));
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Kind::fast_forward);
  EXPECT_EQ(run_.branch.current, theirs);
  EXPECT_EQ(run_.branch.tracking.origin, theirs);
  EXPECT_EQ(run_.branch.tracking.sequence, 1U);
  EXPECT_EQ(local_entries(), remote_);
  EXPECT_EQ(outcome->traffic.fetched, run_.remote.blocks.block_count());
}

TEST_F(Pull, FetchesLargeValues) {
  Model entries = numbered_entries(200);
  entries["one block"] = std::string(5'000, 'x');
  entries["chunks"] = Generator(1).bytes(300'000);
  publish(entries);
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(local_entries(), entries);
}

TEST_F(Pull, FastForwardsToASmallChangeWithOneFetchPerLevel) {
  agree(numbered_entries(20'000));
  const Revision theirs = peer_puts("key/010000", "changed");
  NodeSource source(run_.remote.blocks);
  const std::size_t depth = summarize_tree(source, theirs.root())->depth;
  ASSERT_GE(depth, 3U);
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Kind::fast_forward);
  EXPECT_EQ(std::count(run_.log.begin(), run_.log.end(), ' ') + 1,
            static_cast<std::ptrdiff_t>(depth + 2))
      << run_.log;
  EXPECT_LT(outcome->traffic.fetched, 12U);
  EXPECT_EQ(local_entries(), remote_);
}

TEST_F(Pull, NeverAsksForMoreThanAWindow) {
  publish(numbered_entries(150'000, std::string(20, 'v')));
  std::size_t largest = 0;
  run_.intercept = [&](const Action& action) -> std::optional<Answer> {
    if (const auto* fetch = std::get_if<FetchBlocks>(&action))
      largest = std::max(largest, fetch->hashes.size());
    return std::nullopt;
  };
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_LE(largest, kWindowBlocksMax);
  EXPECT_GT(largest, 100U);
}

TEST_F(Pull, MergesAndMakesTheRemotesRootTheOrigin) {
  agree(numbered_entries(1'000));
  const Revision before = edit("mine", "1");
  const Revision theirs = peer_puts("theirs", "2");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Kind::merged);
  EXPECT_EQ(outcome->before, before);
  EXPECT_EQ(outcome->after, run_.branch.current);
  EXPECT_EQ(run_.branch.tracking.origin, theirs);
  EXPECT_EQ(run_.branch.tracking.sequence, 2U);
  EXPECT_NE(run_.branch.current, theirs);
  Model both = remote_;
  both["mine"] = "1";
  EXPECT_EQ(local_entries(), both);
}

TEST_F(Pull, AppliesWhatPeersDeleted) {
  agree(numbered_entries(100));
  edit("mine", "1");
  peer_deletes("key/000050");
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_FALSE(local_entries().contains("key/000050"));
  EXPECT_TRUE(local_entries().contains("mine"));
}

TEST_F(Pull, MergesWithARemoteThatWasEmptied) {
  agree(numbered_entries(10));
  edit("mine", "1");
  publish({});
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_EQ(local_entries(), (Model{{"mine", "1"}}));
}

TEST_F(Pull, CountsAndDecidesConflicts) {
  agree(numbered_entries(10));
  edit("key/000003", "mine");
  peer_puts("key/000003", "theirs");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->merge.conflicts(), 1U);
  const bool mine_is_greater = Hash::of("theirs") < Hash::of("mine");
  EXPECT_EQ(local_entries()["key/000003"], mine_is_greater ? "mine" : "theirs");
}

TEST_F(Pull, LeavesTheBranchWhereAPolicyDecidesNothing) {
  agree(numbered_entries(10));
  const Revision mine = edit("key/000003", "mine");
  const Revision theirs = peer_puts("key/000003", "theirs");
  ReportPolicy policy;
  PullOptions options;
  options.policy = &policy;
  const auto outcome = run_.pull(options);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::undecided);
  ASSERT_EQ(outcome->open.size(), 1U);
  EXPECT_EQ(outcome->open[0].key, "key/000003");
  EXPECT_EQ(run_.branch.current, mine);
  EXPECT_EQ(run_.branch.tracking.fetched->revision, theirs);
  EXPECT_EQ(read_all(run_.local, theirs), remote_);
}

TEST_F(Pull, OnlyFetchesWhereAskedTo) {
  agree(numbered_entries(100));
  const Revision mine = edit("mine", "1");
  const Revision before = run_.branch.tracking.origin;
  const Revision theirs = peer_puts("theirs", "2");
  PullOptions options;
  options.fetch_only = true;
  const auto outcome = run_.pull(options);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::fetched);
  EXPECT_EQ(run_.branch.current, mine);
  EXPECT_EQ(run_.branch.tracking.origin, before);
  EXPECT_EQ(run_.branch.tracking.fetched->revision, theirs);
  EXPECT_EQ(read_all(run_.local, theirs), remote_);
}

TEST_F(Pull, FetchesNothingAfterAFetch) {
  agree(numbered_entries(100));
  edit("mine", "1");
  peer_puts("theirs", "2");
  PullOptions options;
  options.fetch_only = true;
  ASSERT_TRUE(run_.pull(options).has_value());
  run_.log.clear();
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_EQ(run_.log, "head commit");
}

TEST_F(Pull, FindsThatTheRemoteHasTheSameAlready) {
  agree(numbered_entries(10));
  const Revision same = edit("same", "1");
  peer_puts("same", "1");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::up_to_date);
  EXPECT_EQ(run_.log, "head commit");
  EXPECT_EQ(run_.branch.tracking.origin, same);
}

TEST_F(Pull, ChangesNothingWhereTheRemoteWasReset) {
  agree(numbered_entries(10));
  run_.remote.head.reset();
  const Picture before = picture_of(run_);
  EXPECT_EQ(run_.pull().error().code, ErrorCode::remote_reset);
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(Pull, ChangesNothingWhereAFetchedRemoteWasReset) {
  publish(numbered_entries(10));
  PullOptions options;
  options.fetch_only = true;
  ASSERT_TRUE(run_.pull(options).has_value());
  run_.remote.head.reset();
  EXPECT_EQ(run_.pull().error().code, ErrorCode::remote_reset);
}

TEST_F(Pull, ChangesNothingWhereTheRemoteWasRolledBack) {
  agree(numbered_entries(10));
  peer_puts("a", "1");
  ASSERT_TRUE(run_.pull().has_value());
  const Picture before = picture_of(run_);
  run_.remote.head = Head{run_.remote.history.records[0].revision, 1};
  EXPECT_EQ(run_.pull().error().code, ErrorCode::rollback);
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(Pull, TakesAnUndoneChangeForAChange) {
  agree(numbered_entries(10));
  const Revision first = run_.branch.current;
  peer_puts("a", "1");
  ASSERT_TRUE(run_.pull().has_value());
  peer_deletes("a");
  ASSERT_EQ(run_.remote.head->revision, first);
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(run_.branch.current, first);
  EXPECT_FALSE(outcome->seen_before);
}

TEST_F(Pull, TellsThatAPlainRegisterShowedTheRevisionBefore) {
  run_.remote.tells_sequence = false;
  publish(numbered_entries(10));
  ASSERT_TRUE(run_.pull().has_value());
  peer_puts("a", "1");
  ASSERT_TRUE(run_.pull().has_value());
  peer_deletes("a");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->seen_before);
  EXPECT_EQ(local_entries(), remote_);
}

TEST_F(Pull, MergesACommitThatRacesIt) {
  agree(numbered_entries(1'000));
  peer_puts("theirs", "2");
  run_.intercept = [this, once = false](const Action& action) mutable -> std::optional<Answer> {
    if (std::holds_alternative<CommitState>(action) && !std::exchange(once, true))
      edit("racing", "1");
    return std::nullopt;
  };
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  Model both = remote_;
  both["racing"] = "1";
  EXPECT_EQ(local_entries(), both);
  EXPECT_EQ(run_.log.find("commit head"), std::string::npos) << "the fetched blocks are still good";
}

TEST_F(Pull, EndsWhereTheBranchNeverStandsStill) {
  agree(numbered_entries(10));
  peer_puts("theirs", "2");
  run_.intercept = [this, i = 0](const Action& action) mutable -> std::optional<Answer> {
    if (std::holds_alternative<CommitState>(action)) edit("racing", std::to_string(++i));
    return std::nullopt;
  };
  EXPECT_EQ(run_.pull().error().code, ErrorCode::conflict);
}

TEST_F(Pull, RefusesABlockThatIsNotTheOneAskedFor) {
  publish(numbered_entries(1'000));
  const Picture before = picture_of(run_);
  run_.intercept = [](const Action& action) -> std::optional<Answer> {
    const auto* fetch = std::get_if<FetchBlocks>(&action);
    if (fetch == nullptr) return std::nullopt;
    return BlocksAre{{fetch->hashes.size(), Block::of("something else")}};
  };
  const auto outcome = run_.pull();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::corrupt);
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(Pull, RefusesATreeWhoseNodesDoNotFitTogether) {
  // A value's bytes as the root: a sound block, but no node.
  const Block nonsense = Block::of(std::string(100, 'x'));
  ASSERT_TRUE(run_.remote.blocks.put({&nonsense, 1}).has_value());
  run_.remote.accept(Revision(nonsense.hash()));
  const Picture before = picture_of(run_);
  const auto outcome = run_.pull();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::corrupt);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr(nonsense.hash().hex()));
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(Pull, NamesTheBlocksThatTheRemoteLacks) {
  const Revision theirs = publish(numbered_entries(5'000));
  const Hash lost = blocks_of(run_.remote.blocks, theirs).front().hash;
  ASSERT_TRUE(run_.remote.blocks.remove({&lost, 1}).has_value());
  const Picture before = picture_of(run_);
  const auto outcome = run_.pull();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::missing_blocks);
  EXPECT_THAT(outcome.error().missing, testing::ElementsAre(lost));
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(Pull, FetchesWhatLiesBelowABlockThatIsHereAlready) {
  const Revision theirs = publish(numbered_entries(5'000));
  const std::optional<Block> top = run_.remote.blocks.get_one(theirs.root()).value();
  ASSERT_TRUE(run_.local.put({&*top, 1}).has_value());
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_EQ(local_entries(), remote_);
}

TEST_F(Pull, FetchesNoBlockTwice) {
  Model entries = numbered_entries(2'000);
  for (int i = 0; i < 50; ++i) entries["same/" + std::to_string(100 + i)] = std::string(3'000, 's');
  publish(entries);
  std::multiset<Hash> asked;
  run_.intercept = [&](const Action& action) -> std::optional<Answer> {
    if (const auto* fetch = std::get_if<FetchBlocks>(&action))
      asked.insert(fetch->hashes.begin(), fetch->hashes.end());
    return std::nullopt;
  };
  ASSERT_TRUE(run_.pull().has_value());
  for (const Hash& hash : asked) EXPECT_EQ(asked.count(hash), 1U);
}

// Swaps of unknown fate.

class PullAfterALostAnswer : public Pull {
 protected:
  /// This branch added a key and sent a swap, of which it knows nothing.
  void send(bool takes_effect) {
    agree(numbered_entries(10));
    base_ = run_.branch.current;
    desired_ = edit("mine", "1");
    run_.branch.tracking.intents = {{base_, run_.remote.head->sequence, desired_}};
    if (takes_effect) peer_puts("mine", "1");
  }

  Revision base_;
  Revision desired_;
};

TEST_F(PullAfterALostAnswer, DoesNotBringBackWhatAPeerDeletedSince) {
  send(true);
  remote_["theirs"] = "2";
  peer_deletes("mine");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_FALSE(local_entries().contains("mine"));
  EXPECT_TRUE(outcome->ambiguous.empty());
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(PullAfterALostAnswer, AppliesAnUndoThatGivesTheOldRootAgain) {
  send(true);
  peer_deletes("mine");
  ASSERT_EQ(run_.remote.head->revision, base_);
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_FALSE(local_entries().contains("mine"));
}

TEST_F(PullAfterALostAnswer, KeepsTheChangeWhereItWasNotAccepted) {
  send(false);
  peer_puts("theirs", "2");
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_EQ(local_entries()["mine"], "1");
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(PullAfterALostAnswer, LeavesItOutstandingWhileTheRegisterStandsStill) {
  send(false);
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::up_to_date);
  EXPECT_EQ(run_.log, "head");
  EXPECT_EQ(run_.branch.tracking.intents.size(), 1U);
}

TEST_F(PullAfterALostAnswer, MovesTheOriginWhereTheRegisterShowsIt) {
  send(true);
  edit("later", "2");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::up_to_date);
  EXPECT_EQ(run_.branch.tracking.origin, desired_);
  EXPECT_EQ(local_entries()["later"], "2");
}

TEST_F(PullAfterALostAnswer, FetchesTheHeadAgainWhereItArrivedAfterTheHeadWasRead) {
  send(false);
  peer_puts("theirs", "2");
  const Head stale = *run_.remote.head;
  // The register went back to the old root, and then the swap arrived.
  publish(numbered_entries(10));
  ASSERT_EQ(run_.remote.head->revision, base_);
  peer_puts("mine", "1");
  run_.intercept = [&, once = false](const Action& action) mutable -> std::optional<Answer> {
    if (std::holds_alternative<FetchHead>(action) && !std::exchange(once, true))
      return HeadIs{stale};
    return std::nullopt;
  };
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_EQ(run_.log.substr(0, 17), "head history head") << run_.log;
  EXPECT_EQ(run_.branch.tracking.origin, desired_);
  EXPECT_FALSE(local_entries().contains("theirs"));
}

TEST_F(PullAfterALostAnswer, KeepsLocalChangesWhereNobodyCanTellAndSaysSo) {
  send(true);
  remote_["theirs"] = "2";
  peer_deletes("mine");
  run_.remote.keeps_history = false;
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  ASSERT_EQ(outcome->ambiguous.size(), 1U);
  EXPECT_EQ(outcome->ambiguous[0].desired, desired_);
  EXPECT_EQ(local_entries()["mine"], "1");
  EXPECT_TRUE(run_.branch.tracking.intents.empty());
}

TEST_F(PullAfterALostAnswer, KeepsWhatWasDoneAfterTheSwapWhereNobodyCanTell) {
  send(true);
  local_.erase("mine");
  edit("key/000003", "later");
  peer_puts("theirs", "2");
  run_.remote.keeps_history = false;
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_FALSE(local_entries().contains("mine"))
      << "the remote has what was sent, and it was deleted since";
  EXPECT_EQ(local_entries()["key/000003"], "later");
  EXPECT_EQ(local_entries()["theirs"], "2");
  EXPECT_EQ(run_.branch.tracking.origin, run_.remote.head->revision);
}

TEST_F(PullAfterALostAnswer, KeepsAnUndoOfTheSwapWhereNobodyCanTell) {
  send(true);
  run_.branch.current = base_;
  peer_puts("theirs", "2");
  run_.remote.keeps_history = false;
  ASSERT_TRUE(run_.pull().has_value());
  EXPECT_FALSE(local_entries().contains("mine"));
  EXPECT_EQ(local_entries()["theirs"], "2");
}

TEST_F(PullAfterALostAnswer, AssumesThatItWasAcceptedWhereAskedTo) {
  send(true);
  remote_["theirs"] = "2";
  peer_deletes("mine");
  run_.remote.keeps_history = false;
  PullOptions options;
  options.ambiguous = AmbiguousSwap::assume_accepted;
  ASSERT_TRUE(run_.pull(options).has_value());
  EXPECT_FALSE(local_entries().contains("mine"));
}

TEST_F(PullAfterALostAnswer, RefusesToDecideWhereAskedTo) {
  send(true);
  peer_puts("theirs", "2");
  run_.remote.keeps_history = false;
  const Picture before = picture_of(run_);
  PullOptions options;
  options.ambiguous = AmbiguousSwap::refuse;
  EXPECT_EQ(run_.pull(options).error().code, ErrorCode::indeterminate);
  EXPECT_EQ(picture_of(run_), before);
}

TEST_F(PullAfterALostAnswer, LeavesItOutstandingWhereItOnlyFetchesAndNobodyCanTell) {
  send(true);
  peer_puts("theirs", "2");
  run_.remote.keeps_history = false;
  PullOptions options;
  options.fetch_only = true;
  ASSERT_TRUE(run_.pull(options).has_value());
  EXPECT_EQ(run_.branch.tracking.intents.size(), 1U);
  EXPECT_EQ(run_.branch.tracking.origin, base_);
}

// Partial replicas.

class PartialPull : public Pull {
 protected:
  PartialPull() { run_.partial = true; }
};

TEST_F(PartialPull, AdoptsARootWithoutItsBlocks) {
  const Revision theirs = publish(numbered_entries(5'000));
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::fast_forward);
  EXPECT_EQ(run_.branch.current, theirs);
  EXPECT_EQ(run_.log, "head commit");
  EXPECT_EQ(run_.local.block_count(), 0U);
}

TEST_F(PartialPull, FetchesWhatTheMergeReadsAndNoMore) {
  const Model entries = numbered_entries(20'000);
  publish(entries);
  ASSERT_TRUE(run_.pull().has_value());
  local_ = entries;
  // The local change was made on a few fetched blocks; here the rest is taken away again.
  edit("key/010000", "mine");
  ASSERT_TRUE(
      run_.local.remove(hashes_of(run_.remote.blocks, run_.branch.tracking.origin)).has_value());
  peer_puts("key/000007", "theirs");
  const auto outcome = run_.pull();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->kind, Kind::merged);
  EXPECT_GT(outcome->traffic.fetched, 0U);
  EXPECT_LT(outcome->traffic.fetched, 60U);
  run_.partial = false;
  run_.branch.tracking.fetched.reset();
  ASSERT_TRUE(run_.push().has_value());
  Model both = remote_;
  both["key/010000"] = "mine";
  EXPECT_EQ(read_all(run_.remote.blocks, run_.remote.head->revision), both);
}

TEST_F(PartialPull, NamesTheBlocksThatTheRemoteLacks) {
  publish(numbered_entries(5'000));
  ASSERT_TRUE(run_.pull().has_value());
  local_ = remote_;
  edit("key/000001", "mine");
  ASSERT_TRUE(
      run_.local.remove(hashes_of(run_.remote.blocks, run_.branch.tracking.origin)).has_value());
  const Revision theirs = peer_puts("key/000007", "theirs");
  const Hash lost = theirs.root();
  ASSERT_TRUE(run_.remote.blocks.remove({&lost, 1}).has_value());
  const SyncState before = run_.branch;
  const auto outcome = run_.pull();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::missing_blocks);
  EXPECT_THAT(outcome.error().missing, testing::Contains(lost));
  EXPECT_EQ(run_.branch, before);
}

}  // namespace
}  // namespace dialog::test
