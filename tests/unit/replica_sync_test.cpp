#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replica_fixture.hpp"
#include "replica_hooked_store.hpp"

namespace dialog::test {
namespace {

TEST(Synchronization, TakesAChangeFromOneDeviceToAnother) {
  TestRemote remote;
  Device a;
  Device b;
  const Revision revision = a.put_all({{"x", "1"}, {"y", "2"}});
  const auto pushed = a->push("main", remote.connection());
  ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
  EXPECT_EQ(pushed->outcome.kind, PushOutcome::Kind::accepted);
  EXPECT_EQ(remote.revision(), revision);
  const auto pulled = b->pull("main", remote.connection());
  ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
  EXPECT_EQ(pulled->outcome.kind, PullOutcome::Kind::fast_forward);
  EXPECT_EQ(b.entries(), a.entries());
  EXPECT_EQ(b.current(), revision);
}

TEST(Synchronization, ConvergesAfterWorkOnBothSides) {
  TestRemote remote;
  Device a;
  Device b;
  a.put_all({{"x", "1"}, {"y", "2"}});
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  ASSERT_TRUE(b->sync("main", remote.connection()).has_value());
  a.put("x", "from a");
  a.put("only a", "1");
  b.put("x", "from b");
  b.erase("y");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  const auto synced = b->sync("main", remote.connection());
  ASSERT_TRUE(synced.has_value()) << synced.error().message;
  EXPECT_EQ(synced->pull.kind, PullOutcome::Kind::merged);
  EXPECT_EQ(synced->push.kind, PushOutcome::Kind::accepted);
  EXPECT_EQ(synced->rounds, 1U);
  EXPECT_EQ(synced->pull.merge.conflicts(), 1U);
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  EXPECT_EQ(a.current(), b.current());
  EXPECT_EQ(a.current(), remote.revision());
  EXPECT_FALSE(a.get("y").has_value());
}

TEST(Synchronization, IsOneRoundTripWhereThereIsNothingToDo) {
  TestRemote remote;
  Device a;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  remote.blocks.reset();
  const auto idle = a->sync("main", remote.connection());
  ASSERT_TRUE(idle.has_value());
  EXPECT_EQ(idle->stats.round_trips(), 1U);
  EXPECT_EQ(idle->stats.head_fetches, 1U);
  EXPECT_EQ(idle->stats.commits, 0U);
  EXPECT_EQ(remote.blocks.counts(), ArchiveCounts{});
  EXPECT_EQ(idle->push.kind, PushOutcome::Kind::up_to_date);
}

TEST(Synchronization, PushesWithTheHeadThatItPulled) {
  TestRemote remote;
  Device a;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  a.put("x", "2");
  const auto synced = a->sync("main", remote.connection());
  ASSERT_TRUE(synced.has_value());
  EXPECT_EQ(synced->stats.head_fetches, 1U);
  EXPECT_EQ(synced->stats.round_trips(), 4U) << "head, ask, upload, swap";
}

TEST(Synchronization, GoesRoundAgainWhereThePeerWasFaster) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  ASSERT_TRUE(b->sync("main", remote.connection()).has_value());
  a.put("a", "1");
  b.put("b", "1");
  remote.backend.plan().loses_request = [&, once = false]() mutable {
    if (!std::exchange(once, true)) {
      EXPECT_TRUE(b->sync("main", remote.connection()).has_value());
    }
    return false;
  };
  const auto synced = a->sync("main", remote.connection());
  ASSERT_TRUE(synced.has_value()) << synced.error().message;
  EXPECT_EQ(synced->rounds, 2U);
  EXPECT_EQ(a.entries(), (Model{{"x", "1"}, {"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(remote.revision(), a.current());
}

TEST(Synchronization, EndsWhereThePeerIsAlwaysFaster) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  a.put("a", "1");
  bool is_inner = false;
  remote.backend.plan().loses_request = [&, i = 0]() mutable {
    if (std::exchange(is_inner, true)) return false;
    b.put("b", std::to_string(++i));
    EXPECT_TRUE(b->sync("main", remote.connection()).has_value());
    is_inner = false;
    return false;
  };
  EXPECT_EQ(a->sync("main", remote.connection()).error().code, ErrorCode::conflict);
  EXPECT_EQ(a.get("a"), "1");
}

TEST(Synchronization, SurvivesALostAnswer) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  ASSERT_TRUE(b->sync("main", remote.connection()).has_value());
  a.put("mine", "1");
  // The answer is lost, and by the time anybody asks, a peer has deleted the key.
  remote.backend.plan().loses_answer = [&, once = false]() mutable {
    if (std::exchange(once, true)) return false;
    EXPECT_TRUE(b->sync("main", remote.connection()).has_value());
    b.erase("mine");
    EXPECT_TRUE(b->sync("main", remote.connection()).has_value());
    return true;
  };
  const auto synced = a->sync("main", remote.connection());
  ASSERT_TRUE(synced.has_value()) << synced.error().message;
  EXPECT_EQ(synced->push.kind, PushOutcome::Kind::accepted);
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  EXPECT_FALSE(a.get("mine").has_value());
  EXPECT_EQ(a.current(), b.current());
}

TEST(Synchronization, KeepsItsCountsAndReportsProgress) {
  TestRemote remote;
  Device a;
  a.put_all({{"x", "1"}, {"large", std::string(5'000, 'x')}});
  SyncOptions options;
  std::uint64_t last = 0;
  options.on_progress = [&](const SyncStats& stats) {
    EXPECT_GE(stats.round_trips(), last);
    last = stats.round_trips();
  };
  const auto pushed = a->push("main", remote.connection(), options);
  ASSERT_TRUE(pushed.has_value());
  EXPECT_EQ(last, pushed->stats.round_trips());
  EXPECT_EQ(pushed->stats.traffic.uploaded, remote.stored.block_count());
  EXPECT_EQ(pushed->stats.traffic.uploaded_bytes, remote.stored.byte_count());
}

TEST(Synchronization, WritesPullsIntoTheReflogAndNoPush) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  EXPECT_EQ(a->log("main", {})->size(), 1U);
  SyncOptions options;
  options.who = "b";
  ASSERT_TRUE(b->pull("main", remote.connection("hub"), options).has_value());
  const auto log = b->log("main", {}).value();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].what, "pull hub");
  EXPECT_EQ(log[0].who, "b");
}

TEST(Synchronization, StopsWhenItIsCancelled) {
  TestRemote remote;
  Device a;
  a.put("x", "1");
  CancelSource cancel;
  SyncOptions options;
  options.context.cancel = cancel.token();
  options.on_progress = [&](const SyncStats& stats) {
    if (stats.uploads == 1) cancel.cancel();
  };
  EXPECT_EQ(a->push("main", remote.connection(), options).error().code, ErrorCode::cancelled);
  EXPECT_TRUE(remote.revision().is_zero());
  EXPECT_TRUE(a->push("main", remote.connection()).has_value());
}

TEST(Synchronization, KeepsEveryRemoteApart) {
  TestRemote first;
  TestRemote second;
  Device a;
  a.put("x", "1");
  ASSERT_TRUE(a->push("main", first.connection("first")).has_value());
  a.put("y", "2");
  ASSERT_TRUE(a->push("main", second.connection("second")).has_value());
  EXPECT_NE(first.revision(), second.revision());
  EXPECT_EQ(a.tracking("first").origin, first.revision());
  EXPECT_EQ(a.tracking("second").origin, second.revision());
}

TEST(Synchronization, StopsAtUndecidedConflicts) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  ASSERT_TRUE(b->sync("main", remote.connection()).has_value());
  a.put("x", "a");
  b.put("x", "b");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  const Revision before = b.current();
  ReportPolicy policy;
  SyncOptions options;
  options.pull.policy = &policy;
  const auto synced = b->sync("main", remote.connection(), options);
  ASSERT_TRUE(synced.has_value());
  EXPECT_EQ(synced->pull.kind, PullOutcome::Kind::undecided);
  EXPECT_EQ(synced->push.kind, PushOutcome::Kind::rejected);
  EXPECT_EQ(b.current(), before);
}

TEST(AResetRemote, IsTakenForEmptyOnlyOnceItIsForgotten) {
  TestRemote remote;
  Device a;
  a.put("x", "1");
  ASSERT_TRUE(a->sync("main", remote.connection()).has_value());
  TestRemote wiped;
  EXPECT_EQ(a->sync("main", wiped.connection()).error().code, ErrorCode::remote_reset);
  EXPECT_EQ(a.get("x"), "1");
  ASSERT_TRUE(a->forget_remote_state("main", "origin").has_value());
  ASSERT_TRUE(a->sync("main", wiped.connection()).has_value());
  EXPECT_EQ(wiped.revision(), a.current());
}

// Clones.

TEST(Clone, StandsWhereTheRemoteDoes) {
  TestRemote remote;
  Device a;
  a.put_all({{"x", "1"}, {"y", "2"}});
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  MemoryRepositoryStore store;
  ManualClock clock;
  Repository::Clone wanted;
  wanted.create.branch = "trunk";
  wanted.remote = {"origin", "http://x", "did:web:remote.example", {}};
  auto clone = Repository::clone(store, clock, remote.connection(), wanted);
  ASSERT_TRUE(clone.has_value()) << clone.error().message;
  const Branch branch = clone->repository.branch("trunk").value();
  EXPECT_EQ(branch.built, a.current());
  EXPECT_EQ(branch.upstream, "origin");
  EXPECT_EQ(branch.tracking_of("origin").origin, a.current());
  EXPECT_EQ(clone->repository.remote("origin").value(), wanted.remote);
  EXPECT_EQ(clone->repository.snapshot("trunk")->get("y").value(), "2");
  EXPECT_EQ(clone->repository.log("trunk", {})->at(0).what, "clone origin");
  EXPECT_TRUE(clone->repository.verify()->sound());
  EXPECT_EQ(Repository::clone(store, clock, remote.connection(), wanted).error().code,
            ErrorCode::already_exists);
}

TEST(Clone, OfNothingFailsUnlessAskedFor) {
  TestRemote remote;
  MemoryRepositoryStore store;
  ManualClock clock;
  Repository::Clone wanted;
  wanted.remote = {"origin", "http://x", "did:web:remote.example", {}};
  EXPECT_EQ(Repository::clone(store, clock, remote.connection(), wanted).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(Repository::open(store, clock).error().code, ErrorCode::not_found)
      << "nothing is left behind";
  wanted.allow_empty = true;
  auto clone = Repository::clone(store, clock, remote.connection(), wanted);
  ASSERT_TRUE(clone.has_value());
  EXPECT_EQ(clone->repository.branch("main")->upstream, "origin");
}

TEST(Clone, ThatFailsLeavesNothing) {
  TestRemote remote;
  Device a;
  a.put_all({{"x", "1"}});
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  const Hash root = remote.revision().root();
  ASSERT_TRUE(remote.stored.remove({&root, 1}).has_value());
  MemoryRepositoryStore store;
  ManualClock clock;
  Repository::Clone wanted;
  wanted.remote = {"origin", "http://x", "did:web:remote.example", {}};
  EXPECT_EQ(Repository::clone(store, clock, remote.connection(), wanted).error().code,
            ErrorCode::missing_blocks);
  EXPECT_EQ(Repository::open(store, clock).error().code, ErrorCode::not_found);
  EXPECT_EQ(block_count(store.archive()), 0U);
}

TEST(Clone, ThatFailsInTheMiddleOfATreeLeavesNothing) {
  TestRemote remote;
  Device a;
  a.put_all(many_entries());
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  const std::vector<Hash> lost = hashes_in(
      remote.stored, [](ByteView bytes) { return bytes.find("key/10000") != ByteView::npos; });
  ASSERT_TRUE(remote.stored.remove(lost).has_value());
  MemoryRepositoryStore store;
  ManualClock clock;
  Repository::Clone wanted;
  wanted.remote = {"origin", "http://x", "did:web:remote.example", {}};
  EXPECT_EQ(Repository::clone(store, clock, remote.connection(), wanted).error().code,
            ErrorCode::missing_blocks);
  EXPECT_EQ(Repository::open(store, clock).error().code, ErrorCode::not_found);
  EXPECT_EQ(block_count(store.archive()), 0U);
}

TEST(Clone, WhoseRecordsCannotBeWrittenLeavesNothingButBlocksForTheNextOne) {
  TestRemote remote;
  Device a;
  a.put_all({{"x", "1"}});
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  HookedStore store;
  ManualClock clock;
  Repository::Clone wanted;
  wanted.remote = {"origin", "http://x", "did:web:remote.example", {}};
  store.hooks().is_full = true;
  EXPECT_EQ(Repository::clone(store, clock, remote.connection(), wanted).error().code,
            ErrorCode::storage_full);
  EXPECT_EQ(Repository::open(store, clock).error().code, ErrorCode::not_found);
  EXPECT_THAT(store.heads().list({}).value(), testing::IsEmpty());
  store.hooks().is_full = false;
  ASSERT_TRUE(Repository::clone(store, clock, remote.connection(), wanted).has_value());
  EXPECT_EQ(block_count(store.archive()), block_count(remote.stored));
}

TEST(Pull, ThatCannotBeCommittedLeavesTheBranchAndOnlyGarbage) {
  TestRemote remote;
  Device a;
  a.put_all({{"x", "1"}});
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  HookedStore store;
  ManualClock clock;
  auto repository = Repository::create(store, clock).value();
  const Branch before = repository.branch("main").value();
  store.hooks().is_full = true;
  EXPECT_EQ(repository.pull("main", remote.connection()).error().code, ErrorCode::storage_full);
  EXPECT_EQ(repository.branch("main").value(), before);
  EXPECT_EQ(block_count(store.archive()), block_count(remote.stored));
  ASSERT_TRUE(repository.collect_garbage().has_value());
  EXPECT_EQ(block_count(store.archive()), 0U);
}

// Partial replicas.

class LazyReplica : public testing::Test {
 protected:
  LazyReplica() {
    full_.put_all(many_entries());
    EXPECT_TRUE(full_->push("main", remote_.connection()).has_value());
    Repository::Clone wanted;
    wanted.create.partial = true;
    wanted.remote = {"origin", "http://x", "did:web:remote.example", {}};
    OpenRepository open;
    open.read_through = &remote_.stored;
    lazy_.emplace(std::move(
        Repository::clone(store_, clock_, remote_.connection(), wanted, {}, open)->repository));
  }

  TestRemote remote_;
  Device full_;
  MemoryRepositoryStore store_;
  ManualClock clock_;
  std::optional<Repository> lazy_;
};

TEST_F(LazyReplica, FetchesWhatAReadNeeds) {
  auto& archive = store_.archive();
  EXPECT_EQ(lazy_->snapshot("main")->get("key/12345").value(), std::string(50, 'v'));
  std::size_t blocks = 0;
  ASSERT_TRUE(archive
                  .for_each([&](const Hash&, ByteView) {
                    ++blocks;
                    return true;
                  })
                  .has_value());
  EXPECT_GT(blocks, 0U);
  EXPECT_LT(blocks, 6U);
}

TEST_F(LazyReplica, NamesTheBlocksThatAReadLacksWithoutARemote) {
  auto alone = Repository::open(store_, clock_).value();
  EXPECT_EQ(alone.snapshot("main")->get("key/12345").error().code, ErrorCode::missing_blocks);
}

TEST_F(LazyReplica, PushesWhatItChanged) {
  ASSERT_TRUE(lazy_->transact("main", [](Transaction& t) { return t.put("key/12345", "changed"); })
                  .has_value());
  const auto pushed = lazy_->push("main", remote_.connection());
  ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
  EXPECT_EQ(pushed->outcome.kind, PushOutcome::Kind::accepted);
  EXPECT_LT(pushed->stats.traffic.uploaded, 8U);
  ASSERT_TRUE(full_->pull("main", remote_.connection()).has_value());
  EXPECT_EQ(full_.get("key/12345"), "changed");
  EXPECT_EQ(full_.entries().size(), many_entries().size());
}

TEST_F(LazyReplica, MergesAndPushesAfterAPeerDid) {
  ASSERT_TRUE(lazy_->transact("main", [](Transaction& t) { return t.put("key/10001", "lazy"); })
                  .has_value());
  full_.put("key/14000", "full");
  ASSERT_TRUE(full_->push("main", remote_.connection()).has_value());
  const auto synced = lazy_->sync("main", remote_.connection());
  ASSERT_TRUE(synced.has_value()) << synced.error().message;
  EXPECT_EQ(synced->pull.kind, PullOutcome::Kind::merged);
  ASSERT_TRUE(full_->pull("main", remote_.connection()).has_value());
  EXPECT_EQ(full_.current(), lazy_->branch("main")->built);
  EXPECT_EQ(full_.get("key/10001"), "lazy");
}

TEST_F(LazyReplica, SaysWhichBlocksItLacksForAnotherRemote) {
  TestRemote other;
  const auto pushed = lazy_->push("main", other.connection("other"));
  ASSERT_FALSE(pushed.has_value());
  EXPECT_EQ(pushed.error().code, ErrorCode::missing_blocks);
  EXPECT_FALSE(pushed.error().missing.empty());
  EXPECT_TRUE(other.revision().is_zero());
}

TEST_F(LazyReplica, IsSoundAndCollectableThoughItLacksBlocks) {
  ASSERT_TRUE(lazy_->transact("main", [](Transaction& t) { return t.put("key/10001", "lazy"); })
                  .has_value());
  const auto report = lazy_->verify();
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->sound());
  EXPECT_GT(report->absent, 0U);
  ASSERT_TRUE(lazy_->collect_garbage().has_value());
  EXPECT_EQ(lazy_->snapshot("main")->get("key/10001").value(), "lazy");
}

}  // namespace
}  // namespace dialog::test
