#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/tree/check.hpp"
#include "replica_fixture.hpp"
#include "replica_hooked_store.hpp"
#include "support/root_of.hpp"

// For how long old states of a branch are kept.

namespace dialog::test {
namespace {

using testing::HasSubstr;

bool is_whole(Device& device, const Revision& revision) {
  NodeSource source(device.store().archive(), 0);
  return verify_tree(source, revision.root())->sound();
}

// What was built for the bound alone.
class BuiltForTheBound : public testing::Test {
 protected:
  static constexpr std::size_t kBound = 200;

  /// Commits of one entry each, until they are built.
  void fill_up() {
    do {
      const std::string key = "key/" + std::to_string(10'000 + (next_ * 7'919) % 5'000);
      const std::string value = "value " + std::to_string(next_++);
      device_.put(key, value);
      model_[key] = value;
    } while (device_->branch("main")->pending.commits > 0);
  }
  Revision built() { return device_->branch("main")->built; }
  std::uint64_t blocks_after_gc() {
    const CollectReport report = device_->collect_garbage().value();
    EXPECT_EQ(block_count(device_.store().archive()), report.kept_blocks);
    EXPECT_TRUE(device_->verify()->sound());
    return report.kept_blocks;
  }

  static OpenRepository bounded() {
    OpenRepository open;
    open.pending_edits_max = kBound;
    return open;
  }

  Device device_{{}, bounded()};
  Model model_;
  std::size_t next_ = 0;
};

TEST_F(BuiltForTheBound, LeavesNothingBehindButTheLastTree) {
  std::vector<Revision> passed;
  for (int i = 0; i < 4; ++i) {
    fill_up();
    passed.push_back(built());
  }
  EXPECT_EQ(passed.back(), root_of(model_));
  Device at_once;
  at_once.put_all(model_);
  at_once.current();
  EXPECT_EQ(blocks_after_gc(), block_count(at_once.store().archive()));
  EXPECT_EQ(built(), passed.back());
  EXPECT_EQ(device_.entries(), model_);
  passed.pop_back();
  for (const Revision& revision : passed) EXPECT_FALSE(is_whole(device_, revision));
}

TEST_F(BuiltForTheBound, IsNotKeptByTheCommitsOnTopOfIt) {
  fill_up();
  const Revision passed = built();
  device_.put("small", "1");
  device_.current();
  blocks_after_gc();
  EXPECT_FALSE(is_whole(device_, passed));
  fill_up();
  const Revision passed_by_a_large_one = built();
  device_.put("large", std::string(kSmallCommitBytesMax, 'l'));
  blocks_after_gc();
  EXPECT_FALSE(is_whole(device_, passed_by_a_large_one));
}

TEST_F(BuiltForTheBound, IsThereForCommitsOnTopOfItAsLongAsTheyArePending) {
  fill_up();
  const Revision below = built();
  device_.put("small", "1");
  model_["small"] = "1";
  blocks_after_gc();
  EXPECT_TRUE(is_whole(device_, below));
  EXPECT_EQ(device_.entries(), model_);
  EXPECT_EQ(device_.current(), root_of(model_));
}

TEST_F(BuiltForTheBound, HasNoRevisionInTheLogOnceItIsLeftBehind) {
  fill_up();
  const std::uint64_t version = device_->branch("main")->moves;
  fill_up();
  const auto lost = device_->revision_at("main", version);
  EXPECT_EQ(lost.error().code, ErrorCode::not_found);
  EXPECT_THAT(lost.error().message, HasSubstr("nobody asked"));
  const auto log = device_->log("main", {version + 2, 2}).value();
  EXPECT_EQ(log[0].before, std::nullopt);
  EXPECT_EQ(log[0].after, std::nullopt);
  EXPECT_EQ(log[1].after, std::nullopt);
}

// Each asks for the revision that was built for the bound, in another way.
struct Asking {
  const char* name;
  std::function<std::optional<Revision>(Device&, TestRemote&)> ask;
  friend void PrintTo(const Asking& asking, std::ostream* out) { *out << asking.name; }
};
class BuiltForTheBoundAndAskedFor : public BuiltForTheBound,
                                    public testing::WithParamInterface<Asking> {};

TEST_P(BuiltForTheBoundAndAskedFor, StaysWithItsMove) {
  fill_up();
  const Model then = model_;
  const std::uint64_t version = device_->branch("main")->moves;
  const Revision asked_for = built();
  TestRemote remote;
  EXPECT_EQ(GetParam().ask(device_, remote), asked_for);
  fill_up();
  fill_up();
  blocks_after_gc();
  EXPECT_EQ(device_.entries_at(asked_for), then);
  EXPECT_EQ(device_->revision_at("main", version).value(), asked_for);
  EXPECT_EQ(device_->log("main", {version + 2, 1})->at(0).before, asked_for);
  EXPECT_EQ(device_->log("main", {version + 1, 1})->at(0).after, asked_for);
}

const Asking kAskings[] = {
    {"Resolve", [](Device& device, TestRemote&) { return device->resolve("main").value(); }},
    {"RevisionAt",
     [](Device& device, TestRemote&) {
       return device->revision_at("main", device->branch("main")->moves).value();
     }},
    {"RevisionAtUnderACommit",
     [](Device& device, TestRemote&) {
       const std::uint64_t version = device.put("small", "1").version() - 1;
       return device->revision_at("main", version).value();
     }},
    {"SnapshotRevision",
     [](Device& device, TestRemote&) { return device->snapshot("main")->revision().value(); }},
    {"SnapshotRevisionUnderACommit",
     [](Device& device, TestRemote&) {
       const Snapshot snapshot = device->snapshot("main").value();
       device.put("small", "1");
       return snapshot.revision().value();
     }},
    {"Log", [](Device& device,
               TestRemote&) { return device->log("main", {std::nullopt, 1})->at(0).after; }},
    {"Push",
     [](Device& device, TestRemote& remote) {
       EXPECT_TRUE(device->push("main", remote.connection()).has_value());
       EXPECT_TRUE(device->forget_remote_state("main", "origin").has_value());
       return remote.revision();
     }},
};
INSTANTIATE_TEST_SUITE_P(, BuiltForTheBoundAndAskedFor, testing::ValuesIn(kAskings),
                         [](const auto& param_info) { return param_info.param.name; });

using std::chrono::days;

std::size_t moves_in_the_log(Device& device) {
  return device->log("main", {std::nullopt, SIZE_MAX})->size();
}

/// Commits as many versions, each of which somebody asks for; returns their revisions.
std::vector<Revision> put_and_ask(Device& device, int count) {
  std::vector<Revision> asked;
  for (int i = 0; i < count; ++i) asked.push_back(device.put("a", std::to_string(i)));
  return asked;
}

TEST(RetentionSetting, IsAThousandMovesHoweverOldUntilItIsSet) {
  Device device;
  EXPECT_EQ(device->retention().value(), (Retention{1000, std::nullopt}));
  EXPECT_EQ(device.store().heads().read("config").value()->find("retention"), Bytes::npos);
}

// docs/format/repository.md
TEST(RetentionSetting, IsAMemberOfTheConfiguration) {
  Device device;
  ASSERT_TRUE(device->set_retention({5, days{90}}).has_value());
  const Bytes record = device.store().heads().read("config").value().value();
  EXPECT_THAT(record, HasSubstr(R"("retention":{"days":90,"moves":5})"));
  const auto opened = Repository::open(device.store(), device.clock());
  EXPECT_EQ(opened->retention().value(), (Retention{5, days{90}}));
  EXPECT_EQ(opened->is_partial(), device->is_partial());
  const RecordChange damage{
      "config", record,
      R"({"v":1,"format":1,"partial":false,"subject":"","retention":{"moves":0}})"};
  ASSERT_TRUE(device.store().heads().commit({&damage, 1}).value());
  EXPECT_EQ(Repository::open(device.store(), device.clock()).error().code, ErrorCode::corrupt);
  EXPECT_EQ(device->retention().error().code, ErrorCode::corrupt);
  EXPECT_TRUE(device->transact("main", [](Transaction& t) { return t.put("a", "1"); }).has_value());
}

TEST(RetentionSetting, HasBounds) {
  Device device;
  for (const Retention& wrong : {Retention{0, {}}, Retention{kRetainedMovesMax + 1, {}},
                                 Retention{1, days{-1}}, Retention{1, kRetainedAgeMax + days{1}}}) {
    EXPECT_EQ(device->set_retention(wrong).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(device->retention().value(), Retention{});
  EXPECT_TRUE(device->set_retention({kRetainedMovesMax, kRetainedAgeMax}).has_value());
  EXPECT_TRUE(device->set_retention({1, days{0}}).has_value());
}

TEST(RetentionSetting, HoldsForAllWhoHaveTheRepositoryOpen) {
  Device device;
  auto other = Repository::open(device.store(), device.clock()).value();
  ASSERT_TRUE(other.set_retention({3, std::nullopt}).has_value());
  put_and_ask(device, 10);
  EXPECT_EQ(moves_in_the_log(device), 3U);
  ASSERT_TRUE(device->set_retention({5, std::nullopt}).has_value());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        other.transact("main", [&](Transaction& t) { return t.put("b", std::to_string(i)); })
            .has_value());
  }
  EXPECT_EQ(moves_in_the_log(device), 5U);
}

TEST(FewerMoves, AreKeptFromTheNextCollectionOn) {
  Device device;
  const std::vector<Revision> asked = put_and_ask(device, 10);
  ASSERT_TRUE(device->set_retention({3, std::nullopt}).has_value());
  EXPECT_EQ(moves_in_the_log(device), 10U);
  const CollectReport dry = device->collect_garbage({true, {}}).value();
  EXPECT_EQ(moves_in_the_log(device), 10U);
  const CollectReport report = device->collect_garbage().value();
  EXPECT_EQ(report.forgotten_moves, 7U);
  EXPECT_EQ(report.removed_blocks, 6U) << "the oldest kept move needs the tree before it, too";
  EXPECT_EQ(dry.forgotten_moves, report.forgotten_moves);
  EXPECT_EQ(dry.removed_blocks, report.removed_blocks);
  EXPECT_EQ(moves_in_the_log(device), 3U);
  for (std::size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(is_whole(device, asked[i]), i >= 6) << i;
  EXPECT_EQ(device->revision_at("main", 8).value(), asked[7]);
  EXPECT_EQ(device->revision_at("main", 3).error().code, ErrorCode::not_found);
  EXPECT_TRUE(device->verify()->sound());
  EXPECT_EQ(device->collect_garbage()->forgotten_moves, 0U);
}

TEST(OldMoves, AreForgottenAtTheirAge) {
  Device device;
  std::vector<Revision> asked;
  for (int day = 0; day < 10; ++day) {
    asked.push_back(device.put("a", std::to_string(day)));
    device.clock().sleep(days{1});
  }
  ASSERT_TRUE(device->set_retention({1000, days{4}}).has_value());
  EXPECT_EQ(device->collect_garbage()->forgotten_moves, 7U);
  EXPECT_EQ(moves_in_the_log(device), 3U);
  for (std::size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(is_whole(device, asked[i]), i >= 6) << i;
  EXPECT_TRUE(device->verify()->sound());
}

TEST(OldMoves, MayAllBeForgotten) {
  Device device;
  const std::vector<Revision> asked = put_and_ask(device, 3);
  device.put("pending", "1");
  ASSERT_TRUE(device->set_retention({1, days{0}}).has_value());
  EXPECT_EQ(device->collect_garbage()->forgotten_moves, 4U);
  EXPECT_EQ(moves_in_the_log(device), 0U);
  EXPECT_EQ(device.entries(), (Model{{"a", "2"}, {"pending", "1"}}));
  EXPECT_FALSE(is_whole(device, asked[1]));
  EXPECT_TRUE(is_whole(device, asked[2]));
  const Revision current = device.current();
  EXPECT_EQ(device->revision_at("main", 4).value(), current);
  device.put("a", "3");
  EXPECT_EQ(moves_in_the_log(device), 1U);
  EXPECT_EQ(device->log("main", {})->at(0).before, current);
  EXPECT_TRUE(device->verify()->sound());
}

TEST(OldMoves, AreForgottenOnEveryBranch) {
  Device device;
  const Revision start = device.put("a", "1");
  ASSERT_TRUE(device->create_branch({"side", start, {}, {}}).has_value());
  device.clock().sleep(days{1});
  device.put("a", "2");
  ASSERT_TRUE(device->set_retention({1000, days{1}}).has_value());
  EXPECT_EQ(device->collect_garbage()->forgotten_moves, 2U);
  EXPECT_EQ(device->log("side", {})->size(), 0U);
  EXPECT_EQ(device.entries("side"), (Model{{"a", "1"}}));
}

// Its tree is kept; the one before it would not be.
TEST(OldMoves, AreForgottenThoughTheyAreToldTheirRevisionMeanwhile) {
  HookedStore store;
  ManualClock clock;
  OpenRepository open;
  open.pending_edits_max = 1;
  auto collector = Repository::create(store, clock, {}, open).value();
  auto other = Repository::open(store, clock, open).value();
  const auto put = [&](const char* value) {
    EXPECT_TRUE(collector.transact("main", [&](Transaction& t) { return t.put("a", value); }));
  };
  put("1");
  ASSERT_TRUE(collector.resolve("main").has_value());
  put("2");
  ASSERT_TRUE(collector.set_retention({1000, days{1}}).has_value());
  clock.sleep(days{1});
  std::optional<Revision> told;
  store.hooks().before_next_submit = [&] { told = other.resolve("main").value(); };
  EXPECT_EQ(collector.collect_garbage()->forgotten_moves, 2U);
  EXPECT_EQ(told, collector.branch("main")->built);
  EXPECT_TRUE(collector.log("main", {})->empty());
  EXPECT_TRUE(collector.verify()->sound());
}

}  // namespace
}  // namespace dialog::test
