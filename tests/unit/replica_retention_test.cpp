#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/tree/builder.hpp"
#include "dialog/tree/check.hpp"
#include "replica_fixture.hpp"

// For how long old states of a branch are kept.

namespace dialog::test {
namespace {

using testing::HasSubstr;

Revision root_of(const Model& entries) {
  MemoryArchive archive;
  TreeBuilder builder(archive);
  for (const auto& [key, value] : entries) EXPECT_TRUE(builder.add(key, value).has_value());
  return Revision(builder.finish().value());
}

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

}  // namespace
}  // namespace dialog::test
