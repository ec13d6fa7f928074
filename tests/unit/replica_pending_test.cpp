#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replica_fixture.hpp"
#include "replica_hooked_store.hpp"
#include "support/root_of.hpp"

// Commits whose edits are in no tree yet.

namespace dialog::test {
namespace {

using testing::HasSubstr;

std::uint64_t pending(Device& device) { return device->branch("main")->pending.commits; }

OpenRepository bounded(std::size_t edits) {
  OpenRepository open;
  open.pending_edits_max = edits;
  return open;
}

/// How many pending commits the records hold.
std::size_t edits_records(Device& device) {
  return device.store().heads().list({"edits/", {}, SIZE_MAX, false})->size();
}

TEST(SmallCommits, WriteNoBlocksUntilSomebodyNeedsARevision) {
  Device device;
  Model model;
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = "key/" + std::to_string(i % 700);
    EXPECT_EQ(device.put(key, std::to_string(i)).version(), static_cast<std::uint64_t>(i) + 1);
    model[key] = std::to_string(i);
  }
  EXPECT_EQ(block_count(device.store().archive()), 0U);
  EXPECT_EQ(pending(device), 1'000U);
  EXPECT_EQ(device.entries(), model);
  EXPECT_EQ(device.current(), root_of(model));
  EXPECT_EQ(pending(device), 0U);
  EXPECT_EQ(edits_records(device), 0U);
  EXPECT_EQ(device->branch("main")->moves, 1'000U);
  EXPECT_EQ(device.entries(), model);
  EXPECT_TRUE(device->verify()->sound());
}

TEST(BuiltCommits, GiveTheRevisionOfTheirOwnVersion) {
  Device device;
  device.put("a", "1");
  const auto built = device->transact_built("main", [&](Transaction& transaction) -> Result<void> {
    DIALOG_TRY(transaction.get("a"));
    // Of two that were faster.
    if (!device.get("b")) device.put("b", "2");
    return transaction.put("c", "3");
  });
  ASSERT_TRUE(built);
  EXPECT_EQ(built->version, device->branch("main")->moves);
  EXPECT_EQ(device->branch("main")->pending.commits, 0U);
  EXPECT_EQ(built->revision, device->resolve("main").value());
  EXPECT_EQ(device->revision_at("main", built->version).value(), built->revision);
  EXPECT_EQ(device.entries(), (Model{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  // One that changes nothing is where it was.
  const auto same = device->transact_built("main", [](Transaction&) { return Result<void>(); });
  ASSERT_TRUE(same);
  EXPECT_EQ(same->version, built->version);
  EXPECT_EQ(same->revision, built->revision);
}

TEST(BuiltCommits, AreRefusedAsAWholeWhileGarbageIsCollected) {
  Device device;
  const auto lease = device.store().lease(LeaseKind::collect);
  ASSERT_TRUE(lease);
  const auto put = [](Transaction& transaction) { return transaction.put("a", "1"); };
  EXPECT_EQ(device->transact_built("main", put).error().code, ErrorCode::busy);
  EXPECT_EQ(device->branch("main")->moves, 0U);
}

// docs/format/repository.md
TEST(SmallCommits, HaveTheBytesOfTheirDescription) {
  Device device;
  device.edit([](Transaction& transaction) -> Result<void> {
    DIALOG_TRY(transaction.erase("b"));
    return transaction.put("a", "1");
  });
  const Bytes record =
      device.store().heads().read("edits/main:0000000000000001").value().value_or("");
  EXPECT_EQ(to_hex(record), "01" + std::string(64, '0') +
                                "02000000"
                                "0100"
                                "01000000"
                                "6131"
                                "0100"
                                "ffffffff"
                                "62");
  const Branch branch = device->branch("main").value();
  EXPECT_EQ(branch.history, Hash::of(record));
  EXPECT_EQ(branch.pending, (PendingEdits{1, 2, record.size()}));
  const Revision built = device.current();
  EXPECT_EQ(device->branch("main")->history, Hash::of(record)) << "a build is no move";
  ASSERT_TRUE(device->move_branch("main", built, {}).has_value());
  Bytes move(1, '\0');
  move += Hash::of(record).bytes();
  move += Hash().bytes();
  EXPECT_EQ(device->branch("main")->history, Hash::of(move));
}

TEST(SmallCommits, ShowAtOnceToEveryRepositoryOverTheStore) {
  Device device;
  auto other = Repository::open(device.store(), device.clock()).value();
  for (int i = 0; i < 20; ++i) {
    device.put("a", std::to_string(i));
    EXPECT_EQ(other.snapshot("main")->get("a").value(), std::to_string(i));
    ASSERT_TRUE(
        other.transact("main", [&](Transaction& t) { return t.put("b", std::to_string(i)); })
            .has_value());
    EXPECT_EQ(device.get("b"), std::to_string(i));
    if (i == 7) device.current();
    if (i == 13) {
      ASSERT_TRUE(other.resolve("main").has_value());
    }
  }
  device.erase("a");
  EXPECT_EQ(other.snapshot("main")->get("a").value(), std::nullopt);
}

TEST(SmallCommits, DoNotConflictWithABuild) {
  Device device;
  device.put("a", "1");
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.put("b", "2").has_value());
  device.current();
  EXPECT_EQ(transaction.get("a").value(), "1");
  ASSERT_TRUE(transaction.commit().has_value());
  EXPECT_EQ(device.entries(), (Model{{"a", "1"}, {"b", "2"}}));
}

TEST(SmallCommits, HoldValuesOfAnySizeBelowTheirBound) {
  Device device;
  const std::string large(kSmallCommitBytesMax / 2, 'l');
  device.put("large", large);
  EXPECT_EQ(block_count(device.store().archive()), 0U);
  EXPECT_EQ(device.get("large"), large);
  EXPECT_EQ(device.current(), root_of({{"large", large}}));
  EXPECT_EQ(device.get("large"), large);
}

TEST(LargeCommits, BuildAtOnceWithWhatIsPending) {
  Device device;
  device.put("a", "1");
  device.put("b", "1");
  const std::string large(kSmallCommitBytesMax, 'l');
  device.edit([&](Transaction& transaction) -> Result<void> {
    DIALOG_TRY(transaction.erase("a"));
    return transaction.put("large", large);
  });
  EXPECT_EQ(pending(device), 0U);
  EXPECT_EQ(edits_records(device), 0U);
  EXPECT_EQ(device->branch("main")->moves, 3U);
  EXPECT_EQ(device->branch("main")->built, root_of({{"b", "1"}, {"large", large}}));
  const auto log = device->log("main", {}).value();
  EXPECT_EQ(log[0].before, std::nullopt);
  EXPECT_EQ(log[0].after, device.current());
}

TEST(TheBoundOfPendingEdits, IsWhereACommitBuilds) {
  Device device({}, bounded(10));
  for (int i = 1; i <= 25; ++i) {
    device.put("a", std::to_string(i));
    EXPECT_EQ(pending(device), static_cast<std::uint64_t>(i % 10));
  }
  OpenRepository open;
  open.pending_bytes_max = 1'000;
  Device bytes({}, open);
  for (int i = 1; i <= 25; ++i) {
    bytes.put("a", std::string(400, 'x'));
    EXPECT_LT(bytes->branch("main")->pending.bytes, 1'000U);
  }
}

TEST(TheBoundOfPendingEdits, HoldsBackTheNextCommitWhereItCannotBuild) {
  Device device({}, bounded(2));
  device.put("a", "1");
  {
    const auto collecting = device.store().lease(LeaseKind::collect).value();
    device.put("a", "2");
    EXPECT_EQ(pending(device), 2U) << "durable, though not built";
    const auto held = device->transact("main", [](Transaction& t) { return t.put("a", "3"); });
    EXPECT_EQ(held.error().code, ErrorCode::busy);
    EXPECT_EQ(device.get("a"), "2");
  }
  device.put("a", "3");
  EXPECT_EQ(pending(device), 1U);
  EXPECT_EQ(device.entries(), (Model{{"a", "3"}}));
}

TEST(CollectGarbage, LetsSmallCommitsPass) {
  Device device;
  device.put("a", "1");
  device.current();
  {
    const auto collecting = device.store().lease(LeaseKind::collect).value();
    device.put("a", "2");
    EXPECT_EQ(device.get("a"), "2");
    EXPECT_EQ(device->resolve("main").error().code, ErrorCode::busy);
  }
  ASSERT_TRUE(device->collect_garbage().has_value());
  EXPECT_EQ(device.current(), root_of({{"a", "2"}}));
}

TEST(Snapshots, StayWhatTheyWereWhateverIsBuilt) {
  Device device;
  device.put("a", "1");
  device.put("b", "1");
  const Snapshot early = device->snapshot("main").value();
  device.put("a", "2");
  device.erase("b");
  const Snapshot late = device->snapshot("main").value();
  EXPECT_EQ(early.version(), 2U);
  EXPECT_EQ(late.version(), 4U);
  // What is built is a prefix: the later commits stay pending.
  EXPECT_EQ(early.revision().value(), root_of({{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(pending(device), 2U);
  EXPECT_EQ(device.entries(), (Model{{"a", "2"}}));
  EXPECT_EQ(late.revision().value(), root_of({{"a", "2"}}));
  EXPECT_EQ(pending(device), 0U);
  EXPECT_EQ(Device::entries_of(early), (Model{{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(early.summary()->size.entries, 2U);
}

TEST(Snapshots, AreBuiltThoughTheirBranchHasLeftThemBehind) {
  Device device;
  device.put("a", "1");
  device.put("a", "2");
  const Snapshot snapshot = device->snapshot("main").value();
  device.put("a", "3");
  device.current();
  EXPECT_EQ(snapshot.revision().value(), root_of({{"a", "2"}}));
  EXPECT_EQ(device.entries_at(snapshot.revision().value()), (Model{{"a", "2"}}));
  EXPECT_EQ(device.entries(), (Model{{"a", "3"}}));
}

TEST(Snapshots, SumUpWhatIsPending) {
  Device device;
  device.put_all({{"a", "1"}, {"b", "22"}});
  device.current();
  device.erase("a");
  device.put("c", "333");
  EXPECT_EQ(device->snapshot("main")->summary()->size, (TreeSize{2, 7}));
}

TEST(Versions, ThatArePendingAreBuiltWhenTheyAreAskedFor) {
  Device device;
  for (int i = 1; i <= 5; ++i) device.put("a", std::to_string(i));
  EXPECT_EQ(device->revision_at("main", 3).value(), root_of({{"a", "3"}}));
  EXPECT_EQ(pending(device), 2U);
  EXPECT_EQ(device->revision_at("main", 5).value(), root_of({{"a", "5"}}));
  EXPECT_EQ(device->revision_at("main", 3).value(), root_of({{"a", "3"}}));
  EXPECT_EQ(device->revision_at("main", 0).value(), Revision{});
  EXPECT_EQ(device->revision_at("main", 6).error().code, ErrorCode::not_found);
}

TEST(Versions, ThatWereNeverBuiltNameTheNearestOneThatWas) {
  Device device;
  for (int i = 1; i <= 9; ++i) {
    device.put("a", std::to_string(i));
    if (i == 3) device.current();
  }
  device.current();
  const auto lost = device->revision_at("main", 4);
  EXPECT_EQ(lost.error().code, ErrorCode::not_found);
  EXPECT_THAT(lost.error().message, HasSubstr("version 3 (main~6)"));
  EXPECT_THAT(device->revision_at("main", 8).error().message, HasSubstr("version 9 (main~0)"));
}

TEST(Log, TellsTheRevisionsThatWereBuilt) {
  Device device;
  const Revision first = device.put("a", "1");
  device.put("a", "2");
  const Revision third = device.put("a", "3");
  device.put("a", "4");
  const auto log = device->log("main", {}).value();
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[3].after, first);
  EXPECT_EQ(log[2].before, first);
  EXPECT_EQ(log[2].after, std::nullopt);
  EXPECT_EQ(log[1].before, std::nullopt);
  EXPECT_EQ(log[1].after, third);
  EXPECT_EQ(log[0].before, third);
  EXPECT_EQ(log[0].after, std::nullopt);
  EXPECT_EQ(device->log("main", {std::nullopt, 1})->at(0).before, third);
}

TEST(Branches, TakeWhatIsPendingAlongWhenTheyAreRenamed) {
  Device device;
  device.put("a", "1");
  ASSERT_TRUE(device->rename_branch("main", "trunk").has_value());
  EXPECT_EQ(device.entries("trunk"), (Model{{"a", "1"}}));
  EXPECT_EQ(device->resolve("trunk").value(), root_of({{"a", "1"}}));
  EXPECT_EQ(edits_records(device), 0U);
  EXPECT_TRUE(device->verify()->sound());
}

TEST(Branches, ThatComeAgainUnderAnOldNameAreOthers) {
  Device device;
  auto other = Repository::open(device.store(), device.clock()).value();
  const auto put = [&](Repository& repository, const char* key) {
    ASSERT_TRUE(
        repository.transact("side", [&](Transaction& t) { return t.put(key, "1"); }).has_value());
  };
  ASSERT_TRUE(device->create_branch({"side", {}, {}, {}}).has_value());
  put(device.repository(), "old");
  put(device.repository(), "older");
  EXPECT_EQ(device.entries("side").size(), 2U);
  auto transaction = device->begin("side").value();
  ASSERT_TRUE(transaction.put("lost", "1").has_value());
  ASSERT_TRUE(other.remove_branch("side").has_value());
  EXPECT_EQ(edits_records(device), 0U);
  ASSERT_TRUE(other.create_branch({"side", {}, {}, {}}).has_value());
  put(other, "new");
  put(other, "newer");
  put(other, "newest");
  EXPECT_EQ(device.entries("side"), (Model{{"new", "1"}, {"newer", "1"}, {"newest", "1"}}));
  EXPECT_EQ(transaction.commit().error().code, ErrorCode::conflict);
}

TEST(MovedBranches, MustBeWhereTheyAreExpectedWithWhatIsPending) {
  Device device;
  const Revision first = device.put("a", "1");
  device.put("a", "2");
  EXPECT_EQ(device->move_branch("main", first, {}).error().code, ErrorCode::conflict);
  ASSERT_TRUE(device->move_branch("main", device.current(), first).has_value());
  EXPECT_EQ(device.entries(), (Model{{"a", "1"}}));
}

TEST(Transactions, ScanWhatIsPendingWithTheirOwnChanges) {
  Device device;
  device.put_all({{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}});
  device.current();
  device.erase("b");
  device.put("c", "2");
  device.put("e", "2");
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.erase("d").has_value());
  ASSERT_TRUE(transaction.put("b", "3").has_value());
  std::string seen;
  const auto visit = [&](ByteView key, const EntryValue& value) {
    // What the visitor changes does not show.
    EXPECT_TRUE(transaction.put(Bytes(key) + "+", "x").has_value());
    seen += Bytes(key) + value.load().value();
    return true;
  };
  ASSERT_TRUE(transaction.scan({}, visit).has_value());
  EXPECT_EQ(seen, "a1b3c2e2");
  EXPECT_EQ(block_count(device.store().archive()), 1U);
}

TEST(Synchronization, OfABranchWithPendingEditsBuildsThem) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("x", "1");
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  EXPECT_EQ(remote.revision(), root_of({{"x", "1"}}));
  b.put("y", "1");
  const auto pulled = b->pull("main", remote.connection());
  ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
  EXPECT_EQ(pulled->outcome.kind, PullOutcome::Kind::merged);
  EXPECT_EQ(b->branch("main")->built, root_of({{"x", "1"}, {"y", "1"}}));
}

TEST(Synchronization, IsNotDisturbedByCommitsDuringAPush) {
  TestRemote remote;
  Device device;
  const Revision pushed = device.put("x", "1");
  SyncOptions options;
  int i = 0;
  options.on_progress = [&](const SyncStats&) { device.put("during", std::to_string(++i)); };
  const auto report = device->push("main", remote.connection(), options);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->outcome.kind, PushOutcome::Kind::accepted);
  EXPECT_EQ(remote.revision(), pushed);
  EXPECT_EQ(device.tracking().origin, pushed);
  EXPECT_EQ(pending(device), static_cast<std::uint64_t>(i)) << "none of them had to be built";
  EXPECT_EQ(device.get("during"), std::to_string(i));
}

TEST(Synchronization, MergesCommitsThatCameDuringAPull) {
  TestRemote remote;
  Device a;
  Device b;
  a.put("theirs", "1");
  ASSERT_TRUE(a->push("main", remote.connection()).has_value());
  SyncOptions options;
  int i = 0;
  options.on_progress = [&](const SyncStats&) {
    if (i < 3) b.put("mine/" + std::to_string(++i), "1");
  };
  const auto pulled = b->pull("main", remote.connection(), options);
  ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
  EXPECT_EQ(b.entries().size(), 1U + static_cast<std::size_t>(i));
}

}  // namespace
}  // namespace dialog::test
