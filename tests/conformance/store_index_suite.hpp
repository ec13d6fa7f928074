#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "dialog/store/index.hpp"

// What every index of a log must do. Instantiate for a type with `store::Index& index()` and `void
// reopen()`, which is another process that comes later.

namespace dialog::test {

template <class Fixture>
class StoreIndexConformance : public ::testing::Test {
 protected:
  using Changes = store::Index::Changes;
  using Stored = store::Index::StoredRecord;

  store::Index& index() { return fixture_.index(); }

  static Hash hash(int i) { return Hash::of(std::to_string(i)); }
  static store::Tip tip(std::uint64_t sequence) {
    return {{7, static_cast<std::uint32_t>(64 * sequence)}, sequence, sequence * 1000};
  }
  static store::Place place(int i) {
    return {{static_cast<std::uint32_t>(i % 3 + 1), static_cast<std::uint32_t>(64 * i)}, 100};
  }
  /// The first `count` blocks of a space and some records, as of a tip.
  static Changes filled(int count, std::uint64_t sequence) {
    Changes changes;
    changes.tip = tip(sequence);
    for (int i = 0; i < count; ++i) {
      changes.blocks.emplace_back(store::BlockKey{5, hash(i)}, place(i));
      changes.records.emplace_back(name(i), Stored{4, "value " + std::to_string(i)});
    }
    return changes;
  }
  static Bytes name(int i) { return "key/" + std::to_string(100000 + i); }

  void apply(const Changes& changes) {
    const auto applied = index().apply(changes);
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
  }
  std::vector<Bytes> keys(const store::Index::RecordRange& range, std::size_t limit = SIZE_MAX) {
    std::vector<Bytes> found;
    EXPECT_TRUE(index()
                    .for_each_record(range,
                                     [&](ByteView key, const auto&) {
                                       found.emplace_back(key);
                                       return found.size() < limit;
                                     })
                    .has_value());
    return found;
  }

  Fixture fixture_;
};

TYPED_TEST_SUITE_P(StoreIndexConformance);

TYPED_TEST_P(StoreIndexConformance, AnEmptyOneKnowsNothing) {
  EXPECT_EQ(this->index().checkpoint().value(), store::Tip{});
  const Hash some = this->hash(1);
  EXPECT_FALSE(this->index().find(0, {&some, 1}).value().front());
  EXPECT_FALSE(this->index().record("key").value());
  EXPECT_TRUE(this->keys({}).empty());
  EXPECT_TRUE(this->index().live_bytes().value().empty());
  EXPECT_TRUE(this->index().check().has_value());
}

TYPED_TEST_P(StoreIndexConformance, KnowsWhatWasAppliedAlsoLater) {
  this->apply(this->filled(1000, 3));
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(this->index().checkpoint().value(), this->tip(3));
    const std::vector<Hash> hashes{this->hash(999), this->hash(1000), this->hash(0)};
    const auto found = this->index().find(5, hashes).value();
    EXPECT_EQ(found[0], this->place(999));
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[2], this->place(0));
    EXPECT_FALSE(this->index().find(6, hashes).value()[0]) << "another space";
    EXPECT_EQ(this->index().record(this->name(7)).value(),
              (typename TestFixture::Stored{4, Bytes("value 7")}));
    EXPECT_TRUE(this->index().check().has_value());
    this->fixture_.reopen();
  }
}

TYPED_TEST_P(StoreIndexConformance, TakesBackWhatIsRemoved) {
  this->apply(this->filled(10, 3));
  typename TestFixture::Changes changes;
  changes.tip = this->tip(4);
  changes.blocks.emplace_back(store::BlockKey{5, this->hash(2)}, std::nullopt);
  changes.blocks.emplace_back(store::BlockKey{5, this->hash(77)}, std::nullopt);
  changes.records.emplace_back(this->name(3), std::nullopt);
  changes.records.emplace_back("absent", std::nullopt);
  this->apply(changes);
  const Hash gone = this->hash(2);
  EXPECT_FALSE(this->index().find(5, {&gone, 1}).value().front());
  EXPECT_FALSE(this->index().record(this->name(3)).value());
  EXPECT_EQ(this->keys({}).size(), 9U);
  EXPECT_TRUE(this->index().check().has_value());
}

TYPED_TEST_P(StoreIndexConformance, WhatItKnowsAlreadyChangesNothing) {
  this->apply(this->filled(10, 8));
  this->apply(this->filled(20, 8));
  this->apply(this->filled(30, 7));
  EXPECT_EQ(this->keys({}).size(), 10U);
  EXPECT_EQ(this->index().checkpoint().value(), this->tip(8));
}

TYPED_TEST_P(StoreIndexConformance, WalksRangesInOrderBothWays) {
  auto changes = this->filled(500, 1);
  changes.records.emplace_back("k", store::Index::StoredRecord{1, Bytes("before")});
  changes.records.emplace_back("z", store::Index::StoredRecord{1, Bytes("behind")});
  std::sort(changes.records.begin(), changes.records.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  this->apply(changes);
  EXPECT_EQ(this->keys({}).size(), 502U);
  store::Index::RecordRange range;
  range.prefix = "key/";
  EXPECT_EQ(this->keys(range).size(), 500U);
  EXPECT_EQ(this->keys(range, 3),
            (std::vector<Bytes>{this->name(0), this->name(1), this->name(2)}));
  const Bytes after = this->name(250);
  range.after = after;
  EXPECT_EQ(this->keys(range).front(), this->name(251));
  EXPECT_EQ(this->keys(range).size(), 249U);
  range.reverse = true;
  EXPECT_EQ(this->keys(range).front(), this->name(249));
  EXPECT_EQ(this->keys(range).size(), 250U);
  range.after = {};
  EXPECT_EQ(this->keys(range, 1).front(), this->name(499));
  range.prefix = "none";
  EXPECT_TRUE(this->keys(range).empty());
}

TYPED_TEST_P(StoreIndexConformance, KnowsWhereLongValuesLie) {
  using Record = store::Index::StoredRecord;
  const Record longest{0x7fffffff, store::LongValue{0xffffffff, 0xfffffffe, 0xfffffffffffffffd}};
  const Record other{3, store::LongValue{64, 5000, 7}};
  typename TestFixture::Changes changes;
  changes.tip = this->tip(1);
  changes.records = {{"a", longest}, {"b", other}, {"c", Record{3, Bytes(1024, 'c')}}};
  this->apply(changes);
  this->fixture_.reopen();
  EXPECT_EQ(this->index().record("a").value(), longest);
  EXPECT_EQ(this->index().record("b").value(), other);
  std::vector<Record> seen;
  EXPECT_TRUE(this->index().for_each_record({}, [&](ByteView, const auto& record) {
    seen.push_back(record.owned());
    return true;
  }));
  EXPECT_EQ(seen, (std::vector<Record>{longest, other, Record{3, Bytes(1024, 'c')}}));
  EXPECT_EQ(this->index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{{3, 5001 + 1025}, {0x7fffffff, 0xffffffff}}));
  EXPECT_TRUE(this->index().check());
  // It becomes a short one, and goes.
  changes.tip = this->tip(2);
  changes.records = {{"a", Record{4, Bytes("short")}}, {"b", std::nullopt}};
  this->apply(changes);
  EXPECT_EQ(this->index().record("a").value(), (Record{4, Bytes("short")}));
  EXPECT_EQ(this->index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{{3, 1025}, {4, 6}}));
  EXPECT_TRUE(this->index().check());
}

TYPED_TEST_P(StoreIndexConformance, VisitsAllBlocksInOrder) {
  auto changes = this->filled(10'000, 1);
  changes.blocks.emplace_back(store::BlockKey{4, this->hash(1)}, this->place(1));
  std::sort(changes.blocks.begin(), changes.blocks.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.space, a.first.hash) < std::pair(b.first.space, b.first.hash);
  });
  this->apply(changes);
  std::vector<std::pair<store::Space, Hash>> seen;
  ASSERT_TRUE(this->index()
                  .for_each_block([&](const store::BlockKey& key, const store::Place&) {
                    // It may be asked meanwhile.
                    if (seen.size() % 1000 == 0) {
                      EXPECT_TRUE(this->index().find(key.space, {&key.hash, 1}).value().front());
                    }
                    seen.emplace_back(key.space, key.hash);
                    return true;
                  })
                  .has_value());
  EXPECT_EQ(seen.size(), 10'001U);
  EXPECT_EQ(seen.front().first, 4U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  std::size_t visits = 0;
  ASSERT_TRUE(this->index()
                  .for_each_block([&](const auto&, const auto&) { return ++visits < 5; })
                  .has_value());
  EXPECT_EQ(visits, 5U);
}

TYPED_TEST_P(StoreIndexConformance, VisitsTheBlocksOfOneSpace) {
  auto changes = this->filled(5'000, 1);
  changes.blocks.emplace_back(store::BlockKey{4, this->hash(1)}, this->place(1));
  changes.blocks.emplace_back(store::BlockKey{6, this->hash(2)}, this->place(1));
  this->apply(changes);
  const auto hashes_in = [&](store::Space space, const std::optional<Hash>& after) {
    std::vector<Hash> seen;
    EXPECT_TRUE(this->index().for_each_block_in(
        space, after, [&](const store::BlockKey& key, const store::Place&) {
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
  EXPECT_EQ(hashes_in(4, std::nullopt), (std::vector{this->hash(1)}));
  EXPECT_EQ(hashes_in(6, std::nullopt), (std::vector{this->hash(2)}));
  EXPECT_TRUE(hashes_in(7, std::nullopt).empty());
}

// Whatever of the changes was applied already.
TYPED_TEST_P(StoreIndexConformance, CountsWhatSpacesHold) {
  this->apply(this->filled(3, 1));
  typename TestFixture::Changes changes;
  changes.tip = this->tip(2);
  changes.blocks = {{{5, this->hash(0)}, store::Place{{9, 64}, 300}},
                    {{5, this->hash(1)}, std::nullopt},
                    {{5, this->hash(7)}, std::nullopt},
                    {{6, this->hash(1)}, this->place(1)}};
  const std::vector<store::Space> spaces{6, 5, 7};
  const std::uint64_t prefix = 36;
  using Uses = std::vector<store::SpaceUse>;
  EXPECT_EQ(this->index().uses(spaces, {}).value(), (Uses{{}, {3, 3 * (100 - prefix)}, {}}));
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(this->index().uses(spaces, changes.blocks).value(),
              (Uses{{1, 100 - prefix}, {2, 400 - 2 * prefix}, {}}));
    this->apply(changes);
    this->fixture_.reopen();
  }
  EXPECT_EQ(this->index().uses(spaces, {}).value(),
            (Uses{{1, 100 - prefix}, {2, 400 - 2 * prefix}, {}}));
  EXPECT_TRUE(this->index().check().has_value());
}

TYPED_TEST_P(StoreIndexConformance, CountsWhatEachSegmentHolds) {
  this->apply(this->filled(3, 1));
  const std::uint64_t records = 3 * (this->name(0).size() + std::string("value 0").size());
  EXPECT_EQ(this->index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{{1, 100}, {2, 100}, {3, 100}, {4, records}}));
  // One moves to another segment, one goes, one changes its value.
  typename TestFixture::Changes changes;
  changes.tip = this->tip(2);
  changes.blocks.emplace_back(store::BlockKey{5, this->hash(0)}, store::Place{{9, 64}, 300});
  changes.blocks.emplace_back(store::BlockKey{5, this->hash(1)}, std::nullopt);
  changes.records.emplace_back(this->name(0), store::Index::StoredRecord{9, Bytes()});
  changes.records.emplace_back(this->name(1), std::nullopt);
  this->apply(changes);
  EXPECT_EQ(this->index().live_bytes().value(),
            (std::map<std::uint32_t, std::uint64_t>{
                {3, 100}, {4, records / 3}, {9, 300 + this->name(0).size()}}));
  EXPECT_TRUE(this->index().check().has_value());
}

REGISTER_TYPED_TEST_SUITE_P(StoreIndexConformance, AnEmptyOneKnowsNothing,
                            KnowsWhatWasAppliedAlsoLater, TakesBackWhatIsRemoved,
                            WhatItKnowsAlreadyChangesNothing, WalksRangesInOrderBothWays,
                            KnowsWhereLongValuesLie, VisitsAllBlocksInOrder,
                            VisitsTheBlocksOfOneSpace, CountsWhatSpacesHold,
                            CountsWhatEachSegmentHolds);

}  // namespace dialog::test
