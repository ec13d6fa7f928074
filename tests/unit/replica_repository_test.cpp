#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replica_fixture.hpp"
#include "replica_hooked_store.hpp"

namespace dialog::test {
namespace {

using testing::ElementsAre;

TEST(Repository, IsMadeOnceAndOpenedAgain) {
  MemoryRepositoryStore store;
  ManualClock clock;
  EXPECT_EQ(Repository::open(store, clock).error().code, ErrorCode::not_found);
  ASSERT_TRUE(Repository::create(store, clock, {"trunk", true, "did:web:me"}).has_value());
  EXPECT_EQ(Repository::create(store, clock).error().code, ErrorCode::already_exists);
  const auto opened = Repository::open(store, clock);
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE(opened->is_partial());
  EXPECT_EQ(opened->subject(), "did:web:me");
  EXPECT_EQ(opened->default_branch().value(), "trunk");
}

TEST(Repository, RefusesARecordOfANewerVersion) {
  MemoryRepositoryStore store;
  ManualClock clock;
  const RecordChange change{"config", std::nullopt, R"({"v":2})"};
  ASSERT_TRUE(store.heads().commit({&change, 1}).value());
  EXPECT_EQ(Repository::open(store, clock).error().code, ErrorCode::unsupported);
}

class DamagedRecord : public testing::TestWithParam<const char*> {};

TEST_P(DamagedRecord, IsCorruptAndNamed) {
  Device device;
  const RecordChange change{"branch/bad", std::nullopt, GetParam()};
  ASSERT_TRUE(device.store().heads().commit({&change, 1}).value());
  const auto branch = device->branch("bad");
  ASSERT_FALSE(branch.has_value()) << GetParam();
  EXPECT_EQ(branch.error().code, ErrorCode::corrupt);
  EXPECT_THAT(branch.error().message, testing::HasSubstr("branch/bad"));
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedRecord,
    testing::Values(
        "", "nonsense", "[]", "{}", R"({"v":1})", R"({"v":"1"})",
        R"({"v":1,"built":"00","moves":1,"remotes":{}})",
        R"({"v":1,"built":7,"moves":1,"remotes":{}})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","history":"0000000000000000000000000000000000000000000000000000000000000000","moves":-1,"remotes":{}})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","history":"0000000000000000000000000000000000000000000000000000000000000000","moves":1,"remotes":[]})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","history":"0000000000000000000000000000000000000000000000000000000000000000","moves":1,"remotes":{"o":{}}})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","moves":1,"remotes":{}})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","history":"0000000000000000000000000000000000000000000000000000000000000000","moves":1,"remotes":{},"pending":7})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","history":"0000000000000000000000000000000000000000000000000000000000000000","moves":1,"remotes":{},"pending":{"commits":2,"edits":2,"bytes":9}})",
        R"({"v":1,"built":"0000000000000000000000000000000000000000000000000000000000000000","history":"0000000000000000000000000000000000000000000000000000000000000000","moves":1,"remotes":{},"pending":{"commits":1,"edits":2}})"));

TEST(Names, RefuseWhatOtherPlacesCouldMisread) {
  for (const char* bad : {"", "-x", "/x", "x/", "a//b", "a b", "a:b", "a@b", "a\tb", "a\\b", "\xff",
                          "0000000000000000000000000000000000000000000000000000000000000000"}) {
    EXPECT_EQ(check_name(bad).error().code, ErrorCode::invalid_argument) << bad;
  }
  for (const char* good : {"main", "feature/x", "v1.2_3", "\xc3\xa9t\xc3\xa9", "00"}) {
    EXPECT_TRUE(check_name(good).has_value()) << good;
  }
  EXPECT_FALSE(check_name(std::string(201, 'x')).has_value());
}

std::vector<std::string> names(Device& device) {
  std::vector<std::string> names;
  const std::vector<Branch> branches = device->branches().value();
  for (const Branch& branch : branches) names.push_back(branch.name);
  return names;
}

TEST(Branches, AreCreatedListedAndRemoved) {
  Device device;
  const Revision revision = device.put("a", "1");
  ASSERT_TRUE(device->create_branch({"side", revision, {}, {}}).has_value());
  EXPECT_EQ(device->create_branch({"side", {}, {}, {}}).error().code, ErrorCode::already_exists);
  EXPECT_THAT(names(device), ElementsAre("main", "side"));
  EXPECT_EQ(device.entries("side"), (Model{{"a", "1"}}));
  ASSERT_TRUE(device->remove_branch("side").has_value());
  EXPECT_THAT(names(device), ElementsAre("main"));
  EXPECT_EQ(device->branch("side").error().code, ErrorCode::not_found);
}

TEST(Branches, NeedTheBlocksTheyBeginWith) {
  Device device;
  EXPECT_EQ(device->create_branch({"side", Revision(Hash::of("x")), {}, {}}).error().code,
            ErrorCode::missing_blocks);
  EXPECT_EQ(device->move_branch("main", {}, Revision(Hash::of("x"))).error().code,
            ErrorCode::missing_blocks);
}

TEST(Branches, StandNowhereButAtTrees) {
  for (const bool partial : {false, true}) {
    Device device({"main", partial, {}});
    const Revision current = device.put("large", std::string(200'000, 'l'));
    for (const Hash& hash : hashes_in(device.store().archive(), [](ByteView) { return true; })) {
      if (hash == current.root()) continue;
      const auto created = device->create_branch({"side", Revision(hash), {}, {}});
      EXPECT_EQ(created.error().code, ErrorCode::invalid_argument);
      EXPECT_THAT(created.error().message, testing::HasSubstr(hash.hex()));
      EXPECT_EQ(device->move_branch("main", current, Revision(hash)).error().code,
                ErrorCode::invalid_argument);
    }
    EXPECT_TRUE(device->collect_garbage().has_value());
  }
}

TEST(Branches, StandOnlyAtTreesThatAreWholeUnlessTheRepositoryIsPartial) {
  for (const bool partial : {false, true}) {
    Device other;
    const Revision foreign = other.put_all(many_entries());
    const Block root = other.store().archive().get_one(foreign.root()).value().value();
    Device device({"main", partial, {}});
    // As a collector leaves it that is killed on its way.
    ASSERT_TRUE(device.store().archive().put({&root, 1}).has_value());
    const auto created = device->create_branch({"side", foreign, {}, {}});
    if (partial) {
      EXPECT_TRUE(created.has_value());
    } else {
      ASSERT_EQ(created.error().code, ErrorCode::missing_blocks);
      EXPECT_GT(created.error().missing.size(), 1U);
      EXPECT_EQ(device->move_branch("main", {}, foreign).error().code, ErrorCode::missing_blocks);
    }
    EXPECT_TRUE(device->collect_garbage().has_value());
  }
}

TEST(Branches, StandAtAnyWholeTree) {
  Device other;
  const Revision foreign = other.put_all(many_entries());
  Device device;
  for (const Hash& hash : hashes_in(other.store().archive(), [](ByteView) { return true; })) {
    const Block block = other.store().archive().get_one(hash).value().value();
    ASSERT_TRUE(device.store().archive().put({&block, 1}).has_value());
  }
  ASSERT_TRUE(device->create_branch({"side", foreign, {}, {}}).has_value());
  EXPECT_EQ(device.entries("side"), many_entries());
}

TEST(Branches, WalkNoTreeThatTheRepositoryKeepsAnyway) {
  Device device;
  const Revision logged = device.put_all(many_entries());
  const Revision current = device.put("a", "1");
  // What was walked would be found incomplete.
  std::vector<Hash> all = hashes_in(device.store().archive(), [](ByteView) { return true; });
  std::erase(all, logged.root());
  std::erase(all, current.root());
  ASSERT_TRUE(device.store().archive().remove(all).has_value());
  EXPECT_TRUE(device->create_branch({"current", current, {}, {}}).has_value());
  EXPECT_TRUE(device->create_branch({"logged", logged, {}, {}}).has_value());
}

TEST(Branches, MoveOnlyFromWhereTheyAreExpected) {
  Device device;
  const Revision first = device.put("a", "1");
  const Revision second = device.put("a", "2");
  EXPECT_EQ(device->move_branch("main", first, {}).error().code, ErrorCode::conflict);
  ASSERT_TRUE(device->move_branch("main", second, first).has_value());
  EXPECT_EQ(device.get("a"), "1");
}

TEST(Branches, TheDefaultOneStaysUntilAnotherIsChosen) {
  Device device;
  EXPECT_EQ(device->remove_branch("main").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(device->set_default_branch("side").error().code, ErrorCode::not_found);
  ASSERT_TRUE(device->create_branch({"side", {}, {}, {}}).has_value());
  ASSERT_TRUE(device->set_default_branch("side").has_value());
  EXPECT_EQ(device->default_branch().value(), "side");
  EXPECT_TRUE(device->remove_branch("main").has_value());
}

TEST(Branches, AreRenamedWithReflogAndRole) {
  Device device;
  device.put("a", "1");
  ASSERT_TRUE(device->create_branch({"main2", {}, {}, {}}).has_value());
  EXPECT_EQ(device->rename_branch("main", "main2").error().code, ErrorCode::already_exists);
  ASSERT_TRUE(device->rename_branch("main", "trunk").has_value());
  EXPECT_THAT(names(device), ElementsAre("main2", "trunk"));
  EXPECT_EQ(device->default_branch().value(), "trunk");
  EXPECT_EQ(device->log("trunk", {})->size(), 1U);
  EXPECT_EQ(device.entries("trunk"), (Model{{"a", "1"}}));
}

TEST(Branches, TakeOverWhatAnotherOneKnowsOfItsRemotes) {
  Device device;
  TestRemote remote;
  device.put("a", "1");
  ASSERT_TRUE(device->add_remote({"origin", "http://x", "did:web:x", {}}).has_value());
  ASSERT_TRUE(device->set_upstream("main", "origin").has_value());
  ASSERT_TRUE(device->push("main", remote.connection()).has_value());
  ASSERT_TRUE(device->create_branch({"side", device.current(), {}, "main"}).has_value());
  EXPECT_EQ(device->branch("side")->tracking, device.branch().tracking);
  EXPECT_EQ(device->branch("side")->upstream, "origin");
}

TEST(Remotes, AreAddedChangedListedAndRemoved) {
  Device device;
  const Remote remote{"origin", "http://x", "did:web:x", {{"archive", "y"}}};
  ASSERT_TRUE(device->add_remote(remote).has_value());
  EXPECT_EQ(device->add_remote(remote).error().code, ErrorCode::already_exists);
  EXPECT_EQ(device->remote("origin").value(), remote);
  Remote changed = remote;
  changed.url = "http://z";
  ASSERT_TRUE(device->update_remote(changed).has_value());
  EXPECT_THAT(device->remotes().value(), ElementsAre(changed));
  ASSERT_TRUE(device->remove_remote("origin").has_value());
  EXPECT_EQ(device->remote("origin").error().code, ErrorCode::not_found);
  EXPECT_EQ(device->update_remote(remote).error().code, ErrorCode::not_found);
  EXPECT_EQ(device->remove_remote("origin").error().code, ErrorCode::not_found);
}

TEST(Remotes, TakeAwayTheirTracesWhenTheyGo) {
  Device device;
  TestRemote remote;
  ASSERT_TRUE(device->add_remote({"origin", "http://x", "did:web:x", {}}).has_value());
  EXPECT_EQ(device->set_upstream("main", "other").error().code, ErrorCode::not_found);
  ASSERT_TRUE(device->set_upstream("main", "origin").has_value());
  device.put("a", "1");
  ASSERT_TRUE(device->push("main", remote.connection()).has_value());
  ASSERT_TRUE(device->remove_remote("origin").has_value());
  EXPECT_FALSE(device.branch().upstream.has_value());
  EXPECT_TRUE(device.branch().tracking.empty());
}

TEST(Transactions, SeeTheirOwnChangesAndNobodyElsesUntilTheyCommit) {
  Device device;
  device.put_all({{"a", "1"}, {"b", "2"}});
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.put("c", "3").has_value());
  ASSERT_TRUE(transaction.erase("a").has_value());
  device.put("d", "4");
  EXPECT_EQ(transaction.get("c").value(), "3");
  EXPECT_EQ(transaction.get("a").value(), std::nullopt);
  EXPECT_EQ(transaction.get("b").value(), "2");
  EXPECT_EQ(transaction.get("d").value(), std::nullopt);
  EXPECT_EQ(device.get("c"), std::nullopt);
}

TEST(Transactions, ScanTheirOwnChangesToo) {
  Device device;
  device.put_all({{"a", "1"}, {"b", "2"}});
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.put("c", "3").has_value());
  ASSERT_TRUE(transaction.erase("a").has_value());
  std::string keys;
  ASSERT_TRUE(transaction
                  .scan({},
                        [&](ByteView key, const EntryValue&) {
                          keys += key;
                          return true;
                        })
                  .has_value());
  EXPECT_EQ(keys, "bc");
}

TEST(Transactions, CommitAllAtOnce) {
  Device device;
  const Revision before = device.current();
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.put("a", "1").has_value());
  ASSERT_TRUE(transaction.put("b", "2").has_value());
  EXPECT_EQ(device.current(), before);
  const std::uint64_t version = transaction.commit().value();
  EXPECT_EQ(version, device->snapshot("main")->version());
  EXPECT_NE(device.current(), before);
  EXPECT_EQ(device.entries(), (Model{{"a", "1"}, {"b", "2"}}));
}

TEST(Transactions, ConflictWhereTheBranchMoved) {
  Device device;
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.put("a", "1").has_value());
  const Revision other = device.put("b", "2");
  EXPECT_EQ(transaction.commit().error().code, ErrorCode::conflict);
  EXPECT_EQ(device.current(), other);
}

TEST(Transactions, DoNotConflictWithAPush) {
  Device device;
  TestRemote remote;
  device.put("a", "1");
  auto transaction = device->begin("main").value();
  ASSERT_TRUE(transaction.put("b", "2").has_value());
  ASSERT_TRUE(device->push("main", remote.connection()).has_value());
  EXPECT_TRUE(transaction.commit().has_value());
}

TEST(Transactions, WithoutAnEditLeaveNoTrace) {
  Device device;
  device.put("a", "1");
  const Branch before = device->branch("main").value();
  device.edit([](Transaction& transaction) -> Result<void> {
    EXPECT_EQ(transaction.get("a").value(), "1");
    return {};
  });
  EXPECT_EQ(device->branch("main").value(), before);
}

TEST(Transactions, ThatBuildAndChangeNothingLeaveNoTrace) {
  OpenRepository open;
  open.transaction_bytes_max = 100;
  Device device({}, open);
  device.put("a", std::string(200, 'a'));
  const Branch before = device.branch();
  device.put("a", std::string(200, 'a'));
  EXPECT_EQ(device.branch(), before);
}

TEST(Transactions, LeaveTheBranchWhereTheyAreDropped) {
  Device device;
  const Revision before = device.put("a", "1");
  {
    auto transaction = device->begin("main").value();
    ASSERT_TRUE(transaction.put("b", "2").has_value());
  }
  EXPECT_EQ(device.current(), before);
  EXPECT_TRUE(device->collect_garbage().has_value()) << "no lease is left behind";
}

TEST(Transactions, RefuseWhatIsTooLargeAndGoOn) {
  Device device;
  auto transaction = device->begin("main").value();
  EXPECT_EQ(transaction.put(std::string(kKeyBytesMax + 1, 'k'), "v").error().code,
            ErrorCode::too_large);
  EXPECT_EQ(transaction.put("k", std::string(kValueBytesMax + 1, 'v')).error().code,
            ErrorCode::too_large);
  ASSERT_TRUE(transaction.put(std::string(kKeyBytesMax, 'k'), "v").has_value());
  EXPECT_TRUE(transaction.commit().has_value());
}

TEST(Transactions, LargerThanTheBufferAreStillOneCommit) {
  OpenRepository open;
  open.transaction_bytes_max = 2'000;
  Device device({}, open);
  const Revision before = device.put("first", "1");
  Generator generator(7);
  Model entries = generator.entries(500);
  auto transaction = device->begin("main").value();
  for (const auto& [key, value] : entries) ASSERT_TRUE(transaction.put(key, value).has_value());
  for (const auto& [key, value] : entries) EXPECT_EQ(transaction.get(key).value(), value);
  EXPECT_EQ(device.current(), before);
  ASSERT_TRUE(transaction.commit().has_value());
  entries["first"] = "1";
  EXPECT_EQ(device.entries(), entries);
  EXPECT_EQ(device->log("main", {})->size(), 2U);
}

TEST(Transactions, GiveTheSameRevisionWhateverTheirBuffer) {
  OpenRepository open;
  open.transaction_bytes_max = 500;
  Device small({}, open);
  Device large;
  Generator generator(8);
  Model model;
  for (int round = 0; round < 10; ++round) {
    const auto edits = generator.edits(model, 60);
    apply(model, edits);
    const auto do_edits = [&](Transaction& transaction) -> Result<void> {
      for (const KeyEdit& edit : edits) {
        DIALOG_TRY(edit.value ? transaction.put(edit.key, *edit.value)
                              : transaction.erase(edit.key));
      }
      return {};
    };
    EXPECT_EQ(small.edit(do_edits), large.edit(do_edits));
    EXPECT_EQ(small.entries(), model);
  }
}

TEST(Transact, RunsItsFunctionAgainWhereTheBranchMoved) {
  Device device;
  int runs = 0;
  device.edit([&](Transaction& transaction) -> Result<void> {
    if (++runs == 1) device.put("other", "1");
    const auto other = transaction.get("other").value();
    return transaction.put("saw", other.value_or("nothing"));
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(device.get("saw"), "1");
}

TEST(Transact, EndsWithTheErrorOfItsFunction) {
  Device device;
  const auto failed = device->transact("main", [](Transaction& transaction) -> Result<void> {
    DIALOG_TRY(transaction.put("a", "1"));
    return fail(ErrorCode::malformed, "line 7");
  });
  EXPECT_EQ(failed.error().code, ErrorCode::malformed);
  EXPECT_EQ(device.entries(), Model{});
}

TEST(Transact, GivesUpWhereTheBranchNeverStandsStill) {
  Device device;
  int i = 0;
  const auto failed = device->transact("main", [&](Transaction& transaction) {
    device.put("other", std::to_string(++i));
    return transaction.put("a", transaction.get("other").value().value_or(""));
  });
  EXPECT_EQ(failed.error().code, ErrorCode::conflict);
}

TEST(Transactions, OfTwoObjectsOverOneStoreLoseNothing) {
  Device device;
  auto other = Repository::open(device.store(), device.clock()).value();
  for (int i = 0; i < 50; ++i) {
    const auto count = [&](Repository& repository) {
      return repository.transact("main", [&](Transaction& transaction) -> Result<void> {
        // The other object commits in between, every time.
        if (i % 2 == 0 && transaction.get("guard").value() != std::to_string(i)) {
          EXPECT_TRUE(other
                          .transact("main",
                                    [&](Transaction& inner) -> Result<void> {
                                      return inner.put("guard", std::to_string(i));
                                    })
                          .has_value());
        }
        const auto seen = transaction.get("count").value();
        return transaction.put("count", std::to_string(std::stoi(seen.value_or("0")) + 1));
      });
    };
    ASSERT_TRUE(count(device.repository()).has_value());
  }
  EXPECT_EQ(device.get("count"), "50");
  EXPECT_EQ(device.get("guard"), "48");
}

TEST(Snapshots, NeverChange) {
  Device device;
  device.put("a", "1");
  const Snapshot snapshot = device->snapshot("main").value();
  device.put("a", "2");
  EXPECT_EQ(snapshot.get("a").value(), "1");
  EXPECT_EQ(snapshot.summary()->size.entries, 1U);
}

TEST(Revisions, AreNamedByBranchOrInHex) {
  Device device;
  const Revision revision = device.put("a", "1");
  EXPECT_EQ(device->resolve("main").value(), revision);
  EXPECT_EQ(device->resolve(revision.hex()).value(), revision);
  EXPECT_EQ(device->resolve("nothing").error().code, ErrorCode::not_found);
}

TEST(Diff, ListsWhatChangedBetweenTwoRevisions) {
  Device device;
  const Revision before = device.put_all({{"a", "1"}, {"b", "2"}});
  device.erase("a");
  const Revision after = device.put("c", "3");
  std::string keys;
  ASSERT_TRUE(device
                  ->diff(before, after,
                         [&](const Change& change) {
                           keys += change.key;
                           return true;
                         })
                  .has_value());
  EXPECT_EQ(keys, "ac");
}

TEST(Log, TellsTheMovesLatestFirst) {
  Device device;
  const Revision first = device.put("a", "1");
  device.clock().sleep(std::chrono::seconds(5));
  const WallTime later = device.clock().wall();
  ASSERT_TRUE(
      device->transact("main", [](Transaction& t) { return t.put("b", "2"); }, {"import", "me"})
          .has_value());
  const Revision second = device.current();
  const auto log = device->log("main", {}).value();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].before, first);
  EXPECT_EQ(log[0].after, second);
  EXPECT_EQ(log[0].what, "import");
  EXPECT_EQ(log[0].who, "me");
  EXPECT_EQ(log[0].time, later);
  EXPECT_EQ(log[1].before, Revision{});
  EXPECT_THAT(device->log("main", {log[0].sequence, 10}).value(), ElementsAre(log[1]));
  EXPECT_EQ(device->log("main", {std::nullopt, 1})->size(), 1U);
  EXPECT_EQ(device->log("other", {}).error().code, ErrorCode::not_found);
}

TEST(Log, IsBounded) {
  Device device;
  for (std::uint64_t i = 0; i < Retention{}.moves + 200; ++i) device.put("a", std::to_string(i));
  const Revision current = device.current();
  const auto log = device->log("main", {std::nullopt, 100'000}).value();
  EXPECT_EQ(log.size(), Retention{}.moves);
  EXPECT_EQ(log.front().after, current);
}

TEST(Log, KeepsAsManyMovesHoweverOftenTheyArePushed) {
  Device device;
  TestRemote remote;
  Revision oldest_kept;
  constexpr std::uint64_t kForgotten = 20;
  for (std::uint64_t i = 0; i < Retention{}.moves + kForgotten; ++i) {
    const Revision revision = device.put("a", std::to_string(i));
    if (i == kForgotten) oldest_kept = revision;
    ASSERT_TRUE(device->push("main", remote.connection()).has_value());
  }
  const auto log = device->log("main", {std::nullopt, 100'000}).value();
  ASSERT_EQ(log.size(), Retention{}.moves);
  EXPECT_EQ(log.back().after, oldest_kept);
  ASSERT_TRUE(device->collect_garbage().has_value());
  EXPECT_EQ(device.entries_at(oldest_kept), (Model{{"a", std::to_string(kForgotten)}}));
}

TEST(Log, TakesNoCommitAndNoListingOfItsOwnWhereItIsFull) {
  HookedStore store;
  ManualClock clock;
  auto repository = Repository::create(store, clock).value();
  const auto put = [&](std::uint64_t i) {
    ASSERT_TRUE(
        repository.transact("main", [&](Transaction& t) { return t.put("a", std::to_string(i)); })
            .has_value());
  };
  for (std::uint64_t i = 0; i < Retention{}.moves; ++i) put(i);
  store.hooks().commits = store.hooks().lists = 0;
  for (std::uint64_t i = 0; i < 100; ++i) put(i);
  EXPECT_EQ(store.hooks().commits, 100U);
  EXPECT_EQ(store.hooks().lists, 0U);
}

}  // namespace
}  // namespace dialog::test
