#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/archive/counting_archive.hpp"
#include "replica_fixture.hpp"
#include "replica_hooked_store.hpp"

namespace dialog::test {
namespace {

TEST(CollectGarbage, RemovesOnlyWhatNothingReaches) {
  Device device;
  device.put_all(many_entries());
  {
    auto dropped = device->begin("main").value();
    ASSERT_TRUE(dropped.put("x", std::string(kSmallCommitBytesMax, 'x')).has_value());
    ASSERT_TRUE(dropped.scan({}, [](ByteView, const EntryValue&) { return false; }).has_value());
    EXPECT_EQ(device->collect_garbage().error().code, ErrorCode::busy);
  }
  const auto dry = device->collect_garbage({true, {}}).value();
  const auto report = device->collect_garbage().value();
  EXPECT_GT(report.removed_blocks, 0U);
  EXPECT_EQ(dry.removed_blocks, report.removed_blocks);
  EXPECT_EQ(dry.removed_bytes, report.removed_bytes);
  EXPECT_EQ(device.entries(), many_entries());
  EXPECT_TRUE(device->verify()->sound());
  EXPECT_EQ(device->collect_garbage()->removed_blocks, 0U);
}

TEST(CollectGarbage, KeepsWhatTheReflogReaches) {
  Device device;
  const Revision old = device.put("a", "1");
  device.put("a", "2");
  ASSERT_TRUE(device->collect_garbage().has_value());
  EXPECT_EQ(device.entries_at(old), (Model{{"a", "1"}}));
}

TEST(CollectGarbage, KeepsOriginFetchedAndUnsettled) {
  TestRemote remote;
  Device device;
  Device peer;
  const Revision origin = device.put("a", "1");
  ASSERT_TRUE(device->sync("main", remote.connection()).has_value());
  ASSERT_TRUE(peer->sync("main", remote.connection()).has_value());
  const Revision fetched = peer.put("b", "2");
  remote.backend.plan().loses_answer = [] { return true; };
  const Revision unsettled = device.put("c", "3");
  remote.backend.plan().loses_request = [] { return true; };
  EXPECT_EQ(device->push("main", remote.connection()).error().code, ErrorCode::indeterminate);
  remote.backend.plan() = {};
  ASSERT_TRUE(peer->push("main", remote.connection()).has_value());
  remote.backend.plan().keeps_history = false;
  ASSERT_TRUE(device->fetch("main", remote.connection()).has_value());
  ASSERT_TRUE(device->move_branch("main", unsettled, {}).has_value());
  // Nothing else is to hold these trees.
  ASSERT_TRUE(device->set_retention({1, std::chrono::days{0}}).has_value());
  ASSERT_TRUE(device->collect_garbage().has_value());
  EXPECT_TRUE(device->log("main", {})->empty());
  EXPECT_EQ(device.entries_at(origin), (Model{{"a", "1"}}));
  EXPECT_EQ(device.entries_at(fetched), (Model{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(device.entries_at(unsettled), (Model{{"a", "1"}, {"c", "3"}}));
}

TEST(CollectGarbage, RefusesToTouchAnIncompleteRepository) {
  Device device;
  device.put_all(many_entries());
  device.put("x", "1");
  const Hash root = device.current().root();
  ASSERT_TRUE(device.store().archive().remove({&root, 1}).has_value());
  ASSERT_TRUE(device.store().archive().put(std::vector{Block::of("garbage")}).has_value());
  const std::size_t blocks = block_count(device.store().archive());
  EXPECT_EQ(device->collect_garbage().error().code, ErrorCode::missing_blocks);
  EXPECT_EQ(block_count(device.store().archive()), blocks);
}

TEST(CollectGarbage, RefusesToTouchARepositoryThatLacksAPartOfAValue) {
  Device device;
  device.put("large", std::string(200'000, 'l'));
  device.current();
  const std::vector<Hash> chunks = hashes_in(
      device.store().archive(), [](ByteView bytes) { return bytes.find("lll") != bytes.npos; });
  ASSERT_FALSE(chunks.empty());
  ASSERT_TRUE(device.store().archive().remove(chunks).has_value());
  const auto collected = device->collect_garbage();
  EXPECT_EQ(collected.error().code, ErrorCode::missing_blocks);
  EXPECT_EQ(collected.error().missing.size(), chunks.size());
}

TEST(CollectGarbage, KeepsTheMovesOfABranchThatIsRenamedMeanwhile) {
  HookedStore store;
  ManualClock clock;
  auto collector = Repository::create(store, clock).value();
  auto other = Repository::open(store, clock).value();
  const auto put = [&](const char* value) {
    EXPECT_TRUE(collector.transact("main", [&](Transaction& t) { return t.put("a", value); }));
    return collector.resolve("main").value();
  };
  const Revision old = put("1");
  put("2");
  std::optional<ErrorCode> refused;
  store.hooks().after_next_list = [&] {
    if (const auto renamed = other.rename_branch("main", "trunk"); !renamed)
      refused = renamed.error().code;
  };
  ASSERT_TRUE(collector.collect_garbage().has_value());
  EXPECT_EQ(refused, ErrorCode::busy);
  EXPECT_EQ(collector.snapshot(old).get("a").value(), "1");
  EXPECT_TRUE(collector.verify()->sound());
}

TEST(Verify, FindsNothingInASoundRepository) {
  TestRemote remote;
  Device device;
  device.put_all(many_entries());
  device.current();
  device.put("large", std::string(200'000, 'l'));
  ASSERT_TRUE(device->sync("main", remote.connection()).has_value());
  device.put("y", "1");
  device.current();
  device.put("z", "1");
  const auto report = device->verify();
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->roots, 3U) << "built, origin, and the first commit";
  std::uint64_t stored = 0;
  const auto visited = device.store().archive().for_each([&](const Hash&, ByteView) {
    ++stored;
    return true;
  });
  ASSERT_TRUE(visited.has_value());
  EXPECT_GT(stored, 50U);
  EXPECT_EQ(report->blocks, stored);
}

TEST(Verify, NamesEveryFaultAndGoesOn) {
  Device device;
  device.put_all(many_entries());
  ASSERT_TRUE(device->create_branch({"side", device.current(), {}, {}}).has_value());
  device.put("x", "1");
  const Hash lost = device.current().root();
  ASSERT_TRUE(device.store().archive().remove({&lost, 1}).has_value());
  const RecordChange changes[] = {{"remote/bad", std::nullopt, "nonsense"},
                                  {"strange", std::nullopt, "1"}};
  ASSERT_TRUE(device.store().heads().commit(changes).value());
  const auto report = device->verify();
  ASSERT_TRUE(report.has_value());
  std::string where;
  for (const RepositoryFault& fault : report->faults) where += fault.where + "\n";
  EXPECT_EQ(report->fault_count, 3U) << where;
  EXPECT_THAT(where, testing::HasSubstr("record remote/bad"));
  EXPECT_THAT(where, testing::HasSubstr("record strange"));
  EXPECT_THAT(where, testing::HasSubstr("branch main: built"));
  EXPECT_THAT(where, testing::Not(testing::HasSubstr("side")));
}

TEST(Verify, NoticesADefaultBranchThatIsGone) {
  Device device;
  const Bytes record = device.store().heads().read("branch/main").value().value();
  const RecordChange change{"branch/main", record, std::nullopt};
  ASSERT_TRUE(device.store().heads().commit({&change, 1}).value());
  const auto report = device->verify().value();
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_EQ(report.faults[0].where, "record head");
}

TEST(Verify, NoticesThatTheReflogRefersToWhatIsGone) {
  Device device;
  const Hash lost = device.put("a", "1").revision().root();
  device.put("a", "2");
  device.current();
  ASSERT_TRUE(device.store().archive().remove({&lost, 1}).has_value());
  const auto report = device->verify().value();
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_EQ(report.faults[0].where, "record reflog/main:0000000000000001");
  EXPECT_EQ(report.faults[0].error.code, ErrorCode::missing_blocks);
  EXPECT_EQ(device->collect_garbage().error().code, ErrorCode::missing_blocks);
}

TEST(Verify, CountsALostBlockOnceThoughOldTreesShareIt) {
  Device device;
  device.put_all(many_entries());
  device.current();
  const std::vector<Hash> lost = hashes_in(device.store().archive(), [](ByteView bytes) {
    return bytes.find("key/10000") != ByteView::npos;
  });
  ASSERT_EQ(lost.size(), 1U) << "the leftmost leaf";
  for (int i = 0; i < 5; ++i) {
    device.put("other", std::to_string(i));
    device.current();
  }
  ASSERT_TRUE(device.store().archive().remove(lost).has_value());
  const auto report = device->verify().value();
  EXPECT_EQ(report.fault_count, 1U);
  EXPECT_EQ(report.roots, 6U);
}

TEST(Verify, KeepsCollectorsAway) {
  Device device;
  device.put("a", "1");
  device.current();
  VerifyRepositoryOptions options;
  std::optional<ErrorCode> refused;
  options.on_progress = [&](std::uint64_t) {
    refused = device->collect_garbage().error().code;
    return true;
  };
  EXPECT_TRUE(device->verify(options)->sound());
  EXPECT_EQ(refused, ErrorCode::busy);
  const auto collecting = device.store().lease(LeaseKind::collect).value();
  EXPECT_EQ(device->verify().error().code, ErrorCode::busy);
}

TEST(Verify, StopsWhereItIsNotWantedAnyMore) {
  Device device;
  device.put_all(many_entries());
  device.current();
  VerifyRepositoryOptions options;
  CancelSource cancel;
  cancel.cancel();
  options.context.cancel = cancel.token();
  EXPECT_EQ(device->verify(options).error().code, ErrorCode::cancelled);
}

/// All blocks of a device, elsewhere.
void copy_blocks(Device& device, Archive& into) {
  CollectableArchive& archive = device.store().archive();
  for (const Hash& hash : hashes_in(archive, [](ByteView) { return true; })) {
    const Block block = archive.get_one(hash).value().value();
    ASSERT_TRUE(into.put({&block, 1}).has_value());
  }
}

// The root too, so that what it names shows only once it is there again.
TEST(Mend, GetsAllThatIsMissingLevelByLevel) {
  Device device;
  device.put_all(many_entries());
  ASSERT_TRUE(device->snapshot("main")->revision().has_value());
  MemoryArchive elsewhere;
  copy_blocks(device, elsewhere);
  const std::vector<Hash> all = hashes_in(device.store().archive(), [](ByteView) { return true; });
  ASSERT_TRUE(device.store().archive().remove(all).has_value());
  const auto report = device->mend(elsewhere).value();
  EXPECT_TRUE(report.rest.sound());
  EXPECT_LE(report.mended_blocks, all.size());
  EXPECT_GT(report.mended_blocks, 2U);
  EXPECT_TRUE(device->verify()->sound());
  EXPECT_EQ(device.entries(), many_entries());
}

TEST(Mend, SaysWhatNobodyHas) {
  Device device;
  const Revision root = device.put("a", "1");
  MemoryArchive elsewhere;
  ASSERT_TRUE(device.store().archive().remove({&root.root(), 1}).has_value());
  const auto report = device->mend(elsewhere).value();
  EXPECT_EQ(report.mended_blocks, 0U);
  EXPECT_EQ(report.rest.fault_count, 1U);
}

TEST(Mend, LeavesASoundRepositoryAlone) {
  Device device;
  device.put_all(many_entries());
  MemoryArchive elsewhere;
  CountingArchive counted(elsewhere);
  EXPECT_TRUE(device->mend(counted)->rest.sound());
  EXPECT_EQ(counted.counts().get.calls, 0U);
}

}  // namespace
}  // namespace dialog::test
