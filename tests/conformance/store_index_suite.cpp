#include "store_index_suite.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dialog::test {

TEST_P(StoreIndexConformance, AnEmptyOneKnowsNothing) {
  EXPECT_EQ(index().checkpoint().value(), store::Tip{});
  const Hash some = hash(1);
  EXPECT_FALSE(index().find(0, {&some, 1}).value().front());
  EXPECT_FALSE(index().record("key").value());
  EXPECT_TRUE(keys({}).empty());
  EXPECT_TRUE(index().live_bytes().value().empty());
  EXPECT_TRUE(index().check().has_value());
}

TEST_P(StoreIndexConformance, KnowsWhatWasAppliedAlsoLater) {
  apply(filled(1000, 3));
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(index().checkpoint().value(), tip(3));
    const std::vector<Hash> hashes{hash(999), hash(1000), hash(0)};
    const auto found = index().find(5, hashes).value();
    EXPECT_EQ(found[0], place(999));
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[2], place(0));
    EXPECT_FALSE(index().find(6, hashes).value()[0]) << "another space";
    EXPECT_EQ(index().record(name(7)).value(), (Stored{4, Bytes("value 7")}));
    EXPECT_TRUE(index().check().has_value());
    fixture().reopen();
  }
}

TEST_P(StoreIndexConformance, TakesBackWhatIsRemoved) {
  apply(filled(10, 3));
  Changes changes;
  changes.tip = tip(4);
  changes.blocks.emplace_back(store::BlockKey{5, hash(2)}, std::nullopt);
  changes.blocks.emplace_back(store::BlockKey{5, hash(77)}, std::nullopt);
  changes.records.emplace_back(name(3), std::nullopt);
  changes.records.emplace_back("absent", std::nullopt);
  apply(changes);
  const Hash gone = hash(2);
  EXPECT_FALSE(index().find(5, {&gone, 1}).value().front());
  EXPECT_FALSE(index().record(name(3)).value());
  EXPECT_EQ(keys({}).size(), 9U);
  EXPECT_TRUE(index().check().has_value());
}

TEST_P(StoreIndexConformance, WhatItKnowsAlreadyChangesNothing) {
  apply(filled(10, 8));
  apply(filled(20, 8));
  apply(filled(30, 7));
  EXPECT_EQ(keys({}).size(), 10U);
  EXPECT_EQ(index().checkpoint().value(), tip(8));
}

TEST_P(StoreIndexConformance, WalksRangesInOrderBothWays) {
  auto changes = filled(500, 1);
  changes.records.emplace_back("k", store::Index::StoredRecord{1, Bytes("before")});
  changes.records.emplace_back("z", store::Index::StoredRecord{1, Bytes("behind")});
  std::sort(changes.records.begin(), changes.records.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  apply(changes);
  EXPECT_EQ(keys({}).size(), 502U);
  store::Index::RecordRange range;
  range.prefix = "key/";
  EXPECT_EQ(keys(range).size(), 500U);
  EXPECT_EQ(keys(range, 3), (std::vector<Bytes>{name(0), name(1), name(2)}));
  const Bytes after = name(250);
  range.after = after;
  EXPECT_EQ(keys(range).front(), name(251));
  EXPECT_EQ(keys(range).size(), 249U);
  range.reverse = true;
  EXPECT_EQ(keys(range).front(), name(249));
  EXPECT_EQ(keys(range).size(), 250U);
  range.after = {};
  EXPECT_EQ(keys(range, 1).front(), name(499));
  range.prefix = "none";
  EXPECT_TRUE(keys(range).empty());
}

TEST_P(StoreIndexConformance, KnowsWhereLongValuesLie) {
  using Record = store::Index::StoredRecord;
  const Record longest{0x7fffffff, store::LongValue{0xffffffff, 0xfffffffe, 0xfffffffffffffffd}};
  const Record other{3, store::LongValue{64, 5000, 7}};
  Changes changes;
  changes.tip = tip(1);
  changes.records = {{"a", longest}, {"b", other}, {"c", Record{3, Bytes(1024, 'c')}}};
  apply(changes);
  fixture().reopen();
  EXPECT_EQ(index().record("a").value(), longest);
  EXPECT_EQ(index().record("b").value(), other);
  std::vector<Record> seen;
  EXPECT_TRUE(index().for_each_record({}, [&](ByteView, const auto& record) {
    seen.push_back(record.owned());
    return true;
  }));
  EXPECT_EQ(seen, (std::vector<Record>{longest, other, Record{3, Bytes(1024, 'c')}}));
  EXPECT_EQ(index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{{3, 5001 + 1025}, {0x7fffffff, 0xffffffff}}));
  EXPECT_TRUE(index().check());
  // It becomes a short one, and goes.
  changes.tip = tip(2);
  changes.records = {{"a", Record{4, Bytes("short")}}, {"b", std::nullopt}};
  apply(changes);
  EXPECT_EQ(index().record("a").value(), (Record{4, Bytes("short")}));
  EXPECT_EQ(index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{{3, 1025}, {4, 6}}));
  EXPECT_TRUE(index().check());
}

TEST_P(StoreIndexConformance, VisitsAllBlocksInOrder) {
  auto changes = filled(10'000, 1);
  changes.blocks.emplace_back(store::BlockKey{4, hash(1)}, place(1));
  std::sort(changes.blocks.begin(), changes.blocks.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.space, a.first.hash) < std::pair(b.first.space, b.first.hash);
  });
  apply(changes);
  std::vector<std::pair<store::Space, Hash>> seen;
  ASSERT_TRUE(index()
                  .for_each_block([&](const store::BlockKey& key, const store::Place&) {
                    // It may be asked meanwhile.
                    if (seen.size() % 1000 == 0) {
                      EXPECT_TRUE(index().find(key.space, {&key.hash, 1}).value().front());
                    }
                    seen.emplace_back(key.space, key.hash);
                    return true;
                  })
                  .has_value());
  EXPECT_EQ(seen.size(), 10'001U);
  EXPECT_EQ(seen.front().first, 4U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  std::size_t visits = 0;
  ASSERT_TRUE(
      index().for_each_block([&](const auto&, const auto&) { return ++visits < 5; }).has_value());
  EXPECT_EQ(visits, 5U);
}

TEST_P(StoreIndexConformance, VisitsTheBlocksOfOneSpace) {
  auto changes = filled(5'000, 1);
  changes.blocks.emplace_back(store::BlockKey{4, hash(1)}, place(1));
  changes.blocks.emplace_back(store::BlockKey{6, hash(2)}, place(1));
  apply(changes);
  const auto hashes_in = [&](store::Space space, const std::optional<Hash>& after) {
    std::vector<Hash> seen;
    EXPECT_TRUE(index().for_each_block_in(space, after,
                                          [&](const store::BlockKey& key, const store::Place&) {
                                            EXPECT_EQ(key.space, space);
                                            seen.push_back(key.hash);
                                            return true;
                                          }));
    return seen;
  };
  const std::vector<Hash> all = hashes_in(5, std::nullopt);
  EXPECT_EQ(all.size(), 5'000U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(hashes_in(5, all[4'997]), (std::vector{all[4'998], all[4'999]}));
  EXPECT_EQ(hashes_in(4, std::nullopt), (std::vector{hash(1)}));
  EXPECT_EQ(hashes_in(6, std::nullopt), (std::vector{hash(2)}));
  EXPECT_TRUE(hashes_in(7, std::nullopt).empty());
}

// Whatever of the changes was applied already.
TEST_P(StoreIndexConformance, CountsWhatSpacesHold) {
  apply(filled(3, 1));
  Changes changes;
  changes.tip = tip(2);
  changes.blocks = {{{5, hash(0)}, store::Place{{9, 64}, 300}},
                    {{5, hash(1)}, std::nullopt},
                    {{5, hash(7)}, std::nullopt},
                    {{6, hash(1)}, place(1)}};
  const std::vector<store::Space> spaces{6, 5, 7};
  const std::uint64_t prefix = 36;
  using Uses = std::vector<store::SpaceUse>;
  EXPECT_EQ(index().uses(spaces, {}).value(), (Uses{{}, {3, 3 * (100 - prefix)}, {}}));
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(index().uses(spaces, changes.blocks).value(),
              (Uses{{1, 100 - prefix}, {2, 400 - 2 * prefix}, {}}));
    apply(changes);
    fixture().reopen();
  }
  EXPECT_EQ(index().uses(spaces, {}).value(), (Uses{{1, 100 - prefix}, {2, 400 - 2 * prefix}, {}}));
  EXPECT_TRUE(index().check().has_value());
}

TEST_P(StoreIndexConformance, CountsWhatEachSegmentHolds) {
  apply(filled(3, 1));
  const std::uint64_t records = 3 * (name(0).size() + std::string("value 0").size());
  EXPECT_EQ(index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{{1, 100}, {2, 100}, {3, 100}, {4, records}}));
  // One moves to another segment, one goes, one changes its value.
  Changes changes;
  changes.tip = tip(2);
  changes.blocks.emplace_back(store::BlockKey{5, hash(0)}, store::Place{{9, 64}, 300});
  changes.blocks.emplace_back(store::BlockKey{5, hash(1)}, std::nullopt);
  changes.records.emplace_back(name(0), store::Index::StoredRecord{9, Bytes()});
  changes.records.emplace_back(name(1), std::nullopt);
  apply(changes);
  EXPECT_EQ(index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{
                {3, 100}, {4, records / 3}, {9, 300 + name(0).size()}}));
  EXPECT_TRUE(index().check().has_value());
}

}  // namespace dialog::test
