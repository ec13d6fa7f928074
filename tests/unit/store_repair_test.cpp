#include "engine_fixture.hpp"

namespace dialog::test {
namespace {

/// A store that is damaged, looked at and mended.
class RepairTest : public EngineTest {
 protected:
  RepairTest() {
    limits_.segment_bytes_max = 2000;
    limits_.filled_ahead_bytes = 64;
  }

  static Block numbered(int i) { return block(Bytes(200, 'b') + "<" + std::to_string(i) + ">"); }
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      put(numbered(i), i % 2);
      set("key" + std::to_string(i % 7), std::to_string(i));
    }
  }
  void expect_filled(int count) {
    for (int i = 0; i < count; ++i) EXPECT_TRUE(has(numbered(i), i % 2)) << i;
    for (int i = count - 7; i < count; ++i)
      EXPECT_EQ(get("key" + std::to_string(i % 7)), std::to_string(i));
  }

  /// Changes a byte of the log; the text is there once.
  void damage(ByteView text) {
    const std::vector<std::string> names = *disk_.list(kFolder);
    for (const std::string& name : names) {
      const auto file = *disk_.open(std::string(kFolder) + "/" + name, Disk::Open::existing);
      Bytes bytes(static_cast<std::size_t>(*file->size()), '\0');
      ASSERT_TRUE(file->read(0, bytes).has_value());
      const std::size_t at = bytes.find(text);
      if (at == Bytes::npos) continue;
      ASSERT_TRUE(file->write(at, "?").has_value());
      ASSERT_TRUE(file->sync().has_value());
      return;
    }
    FAIL() << text << " is nowhere";
  }
};

TEST_F(RepairTest, ASoundStoreShowsNoFault) {
  EXPECT_EQ(check().blocks, 0U);
  fill(40);
  Engine::Checked checked = check();
  EXPECT_EQ(checked.blocks, 40U);
  EXPECT_EQ(checked.block_bytes, [] {
    std::size_t sum = 0;
    for (int i = 0; i < 40; ++i) sum += numbered(i).size();
    return sum;
  }());
  EXPECT_EQ(checked.faults, 0U);
  ASSERT_TRUE(engine()->checkpoint().has_value());
  ASSERT_TRUE(engine()->compact(0.9, {}).has_value());
  fill(50);
  checked = check();
  EXPECT_EQ(checked.blocks, 50U);
  EXPECT_EQ(checked.faults, 0U);
  EXPECT_EQ(checked.damaged_places, 0U);
}

TEST_F(RepairTest, ADamagedBlockIsNamedAndCanBePutAgain) {
  fill(40);
  ASSERT_TRUE(engine()->checkpoint().has_value());
  damage("<12>");
  damage("<13>");
  Engine::Checked checked = check();
  EXPECT_EQ(checked.damaged_places, 2U);
  ASSERT_EQ(faults_.size(), 2U);
  for (int i : {12, 13}) {
    const std::string name = numbered(i).hash().hex();
    EXPECT_TRUE(faults_[0].find(name) != std::string::npos ||
                faults_[1].find(name) != std::string::npos);
    const Hash hash = numbered(i).hash();
    EXPECT_FALSE(engine()->has(static_cast<store::Space>(i % 2), {&hash, 1})->front());
    put(numbered(i), i % 2);
  }
  ASSERT_TRUE(engine()->flush({}).has_value());
  checked = check();
  EXPECT_EQ(checked.faults, 0U);
  EXPECT_EQ(checked.damaged_places, 2U) << "what nobody needs is still there";
  expect_filled(40);
  power_cut();
  expect_filled(40);
}

TEST_F(RepairTest, DamageOfWhatNobodyNeedsIsNoFault) {
  fill(40);
  const Hash gone = numbered(12).hash();
  ASSERT_TRUE(engine()->remove(0, {&gone, 1}, {}).has_value());
  ASSERT_TRUE(engine()->checkpoint().has_value());
  damage("<12>");
  const Engine::Checked checked = check();
  EXPECT_EQ(checked.faults, 0U);
  EXPECT_EQ(checked.damaged_places, 1U);
}

TEST_F(RepairTest, DamageBehindTheCheckpointIsAFault) {
  fill(10);
  ASSERT_TRUE(engine()->checkpoint().has_value());
  set("last", "word");
  set("after", "that");
  damage("lastword");
  EXPECT_EQ(check().faults, 1U);
  // Until the index knows it.
  ASSERT_TRUE(engine()->checkpoint().has_value());
  EXPECT_EQ(check().faults, 0U);
  EXPECT_EQ(get("last"), "word");
}

TEST_F(RepairTest, ADamagedBlockBehindTheCheckpointIsPassedOver) {
  fill(30);
  damage("<12>");
  damage("<13>");
  const auto expect_the_others = [&] {
    EXPECT_EQ(get("key1"), "29");
    for (int i = 0; i < 30; ++i) {
      const Hash hash = numbered(i).hash();
      const auto found = engine()->get(static_cast<store::Space>(i % 2), {&hash, 1});
      EXPECT_EQ(found.has_value(), i != 12 && i != 13) << i;
      EXPECT_TRUE(found.has_value() || found.error().code == ErrorCode::corrupt) << i;
    }
  };
  reopen();
  expect_the_others();
  EXPECT_EQ(check().faults, 2U);
  power_cut();
  expect_the_others();
  EXPECT_EQ(check().faults, 2U);
  put(numbered(12), 0);
  put(numbered(13), 1);
  ASSERT_TRUE(engine()->flush({}).has_value());
  EXPECT_EQ(check().faults, 0U);
  power_cut();
  expect_filled(30);
}

// Nothing says that it ever was durable.
TEST_F(RepairTest, ADamagedBlockAtTheEndIsATornTail) {
  fill(30);
  put(block("the last one"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  damage("the last one");
  power_cut();
  EXPECT_FALSE(has(block("the last one")));
  expect_filled(30);
}

TEST_F(RepairTest, AStoreThatIsClosedLeavesLittleToRead) {
  for (int i = 0; i < 200; ++i) set("key" + std::to_string(i), "value");
  reopen();
  EXPECT_EQ(index_.applied, 0);
  for (int i = 200; i < 256; ++i) set("key" + std::to_string(i), "value");
  reopen();
  EXPECT_EQ(index_.applied, 1);
}

TEST_F(RepairTest, TheLogAloneIsEnough) {
  fill(60);
  std::vector<Hash> gone;
  for (int i = 0; i < 50; i += 2) gone.push_back(numbered(i).hash());
  ASSERT_TRUE(engine()->remove(0, gone, {}).has_value());
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted.has_value());
  EXPECT_GT(compacted->segments, 0U) << "the oldest records are moved too";
  set("more", "later");
  const auto records = pairs(engine()->list({}, View::durable));
  const Engine::Rebuilt rebuilt = rebuild();
  EXPECT_EQ(rebuilt.damaged_places, 0U);
  EXPECT_EQ(pairs(engine()->list({}, View::durable)), records);
  EXPECT_EQ(get("key3"), "59");
  for (int i = 0; i < 60; ++i) EXPECT_EQ(has(numbered(i), i % 2), i % 2 == 1 || i >= 50) << i;
  EXPECT_EQ(check().faults, 0U);
  // The log goes on where it ended.
  set("more", "still");
  put(block("another"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  power_cut();
  EXPECT_EQ(get("more"), "still");
  EXPECT_TRUE(has(block("another")));
}

TEST_F(RepairTest, WhatIsDamagedIsLeftOutOfANewIndex) {
  fill(60);
  ASSERT_TRUE(engine()->checkpoint().has_value());
  damage("<31>");
  EXPECT_EQ(rebuild().damaged_blocks, 1U);
  EXPECT_FALSE(has(numbered(31), 1));
  put(numbered(31), 1);
  ASSERT_TRUE(engine()->flush({}).has_value());
  expect_filled(60);
  EXPECT_EQ(check().faults, 0U);
}

TEST_F(RepairTest, ATornTailIsNoPartOfANewIndex) {
  set("a", "1");
  set("b", "2");
  const Bytes whole = log_bytes();
  set("c", "3");
  Bytes torn = log_bytes();
  torn.at(torn.find("c3")) = 'x';
  reopen();
  write_log(torn);
  EXPECT_EQ(rebuild().damaged_places, 0U);
  EXPECT_EQ(get("b"), "2");
  EXPECT_EQ(get("c"), "none");
}

TEST_F(RepairTest, OnlyAnEmptyIndexIsFilled) {
  fill(3);
  ASSERT_TRUE(engine()->checkpoint().has_value());
  reopen();
  LocalCoordinator coordinator(shared_);
  EXPECT_EQ(Engine::rebuild({disk_, kFolder, index_, coordinator, clock_}).error().code,
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace dialog::test
