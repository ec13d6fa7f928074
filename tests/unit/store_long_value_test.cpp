#include "engine_fixture.hpp"

namespace dialog::test {
namespace {

/// A store whose index leaves values of more than 100 bytes in the log.
class LongValueTest : public EngineTest {
 protected:
  LongValueTest() {
    limits_.segment_bytes_max = 4000;
    limits_.filled_ahead_bytes = 64;
    limits_.short_value_bytes_max = 100;
  }

  using Pairs = std::vector<std::pair<Bytes, Bytes>>;

  /// Every third one is short.
  static Bytes value(int i) {
    return "<" + std::to_string(i) + ">" + Bytes(i % 3 == 0 ? 20 : 300, 'v');
  }
  static Bytes name(int i) { return "key" + std::to_string(100 + i); }
  void fill(int first, int end) {
    for (int i = first; i < end; ++i) {
      set(name(i), value(i));
      filled_.emplace_back(name(i), value(i));
    }
  }
  void expect_filled() {
    EXPECT_EQ(pairs(engine()->list({}, View::durable)), filled_);
    EXPECT_EQ(pairs(engine()->list({.reverse = true}, View::submitted)),
              Pairs(filled_.rbegin(), filled_.rend()));
    for (const auto& [key, value] : filled_) EXPECT_EQ(get(key), value);
    EXPECT_TRUE(engine()->check_records());
    EXPECT_EQ(check().faults, 0U);
  }

  /// The keys of the values that the index leaves in the log.
  std::vector<Bytes> long_ones() {
    std::vector<Bytes> keys;
    EXPECT_TRUE(index_.for_each_record({}, [&](ByteView key, const auto& record) {
      if (std::holds_alternative<store::LongValue>(record.value)) keys.emplace_back(key);
      return true;
    }));
    return keys;
  }

  void damage(ByteView text) {
    Bytes bytes = log_bytes();
    ASSERT_NE(bytes.find(text), Bytes::npos);
    bytes.at(bytes.find(text) + 1) = '?';
    write_log(bytes);
  }

  Pairs filled_;
};

TEST_F(LongValueTest, TheIndexHoldsShortValuesAlone) {
  set("exactly", Bytes(100, 'x'));
  set("more", Bytes(101, 'x'));
  set("becomes long", "short");
  set("becomes short", Bytes(500, 'x'));
  set("goes", Bytes(500, 'x'));
  ASSERT_TRUE(engine()->checkpoint());
  EXPECT_EQ(long_ones(), (std::vector<Bytes>{"becomes short", "goes", "more"}));
  set("becomes long", Bytes(500, 'y'));
  set("becomes short", "short");
  ASSERT_TRUE(commit(engine(), {{"goes", Bytes(500, 'x'), std::nullopt}}));
  ASSERT_TRUE(engine()->checkpoint());
  EXPECT_EQ(long_ones(), (std::vector<Bytes>{"becomes long", "more"}));
  EXPECT_EQ(get("becomes long"), Bytes(500, 'y'));
  EXPECT_EQ(get("becomes short"), "short");
  EXPECT_EQ(get("goes"), "none");
}

TEST_F(LongValueTest, AFrameOfManyHoldsEachAtItsPlace) {
  std::vector<RecordChange> changes;
  for (int i = 0; i < 30; ++i) filled_.emplace_back(name(i), value(i));
  for (const auto& [key, value] : filled_) changes.push_back({key, std::nullopt, value});
  ASSERT_TRUE(commit(engine(), changes));
  ASSERT_TRUE(engine()->checkpoint());
  EXPECT_EQ(long_ones().size(), 20U);
  expect_filled();
}

TEST_F(LongValueTest, StaysWhatItIsWhateverHappensToTheLog) {
  fill(0, 20);
  ASSERT_TRUE(engine()->checkpoint());
  expect_filled();
  fill(20, 30);
  expect_filled();
  Process other(*this);
  power_cut();
  expect_filled();
  ASSERT_TRUE(engine()->checkpoint());
  reopen();
  expect_filled();
  // What stood between them goes, so that they move.
  for (int i = 0; i < 30; i += 2) {
    ASSERT_TRUE(commit(engine(), {{name(i), value(i), std::nullopt}}));
    std::erase(filled_, std::pair<Bytes, Bytes>(name(i), value(i)));
  }
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted);
  EXPECT_GT(compacted->segments, 2U);
  EXPECT_GT(compacted->moved, 2000U);
  expect_filled();
  EXPECT_EQ(pairs(other->list({}, View::durable)), filled_) << "whoever had them open";
  EXPECT_EQ(rebuild().damaged_places, 0U);
  EXPECT_EQ(long_ones().size(), 10U);
  expect_filled();
}

TEST_F(LongValueTest, ADamagedOneIsNamedAndHidesNoOther) {
  fill(0, 5);
  ASSERT_TRUE(engine()->checkpoint());
  EXPECT_TRUE(engine()->check_records());
  damage("<1>");
  const auto found = engine()->read(name(1), View::durable);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::corrupt);
  EXPECT_NE(found.error().message.find(name(1)), std::string::npos) << found.error().message;
  EXPECT_NE(found.error().message.find("log-0000000001"), std::string::npos);
  EXPECT_EQ(engine()->list({}, View::durable).error().code, ErrorCode::corrupt);
  EXPECT_EQ(engine()->check_records().error().code, ErrorCode::corrupt);
  EXPECT_EQ(get(name(2)), value(2));
  EXPECT_EQ(pairs(engine()->list({.after = name(1)}, View::durable)).size(), 3U);
  EXPECT_EQ(check().faults, 1U);
  EXPECT_NE(faults_.front().find(name(1)), std::string::npos) << faults_.front();

  EXPECT_EQ(rebuild().damaged_places, 1U);
  filled_.erase(filled_.begin() + 1);
  EXPECT_EQ(pairs(engine()->list({}, View::durable)), filled_);
  EXPECT_TRUE(engine()->check_records());
}

TEST_F(LongValueTest, CompactionLeavesADamagedOneWhereItIs) {
  fill(0, 2);
  set("gone", Bytes(3500, 'g'));
  ASSERT_TRUE(commit(engine(), {{"gone", Bytes(3500, 'g'), std::nullopt}}));
  ASSERT_TRUE(engine()->checkpoint());
  damage("<1>");
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted) << compacted.error().message;
  EXPECT_EQ(compacted->damaged, 1U);
  EXPECT_EQ(engine()->read(name(1), View::durable).error().code, ErrorCode::corrupt);
  EXPECT_EQ(get(name(0)), value(0));
  reopen();
  EXPECT_EQ(engine()->read(name(1), View::durable).error().code, ErrorCode::corrupt);
}

TEST_F(LongValueTest, ALogThatIsCutIsCorrupt) {
  fill(0, 5);
  ASSERT_TRUE(engine()->checkpoint());
  fill(5, 40);
  ASSERT_TRUE(engine()->checkpoint());
  ASSERT_TRUE((*disk_.open(log_path(), Disk::Open::existing))->resize(400));
  EXPECT_EQ(engine()->read(name(2), View::durable).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace dialog::test
