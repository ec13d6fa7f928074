#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "dialog/base/hash.hpp"
#include "support/seeds.hpp"

// Properties are worth what their inputs are, so these are tested too.
namespace dialog::test {
namespace {

TEST(Generator, GivesTheSameDataOnEveryPlatform) {
  Generator generator(1);
  Hasher hasher;
  const Model entries = generator.entries(300);
  for (const auto& [key, value] : entries) {
    hasher.update(key);
    hasher.update(value);
  }
  for (const KeyEdit& edit : generator.edits(entries, 300)) {
    hasher.update(edit.key);
    hasher.update(edit.value.value_or("deleted"));
  }
  EXPECT_EQ(hasher.finish().hex(),
            "d8779c2a131511f748d929ab45e77b237334fd2b8052f2d653dc64785a260627");
}

TEST(Generator, MakesKeysOfEveryShape) {
  Generator generator(2);
  std::set<Bytes> keys;
  bool has_zero = false;
  bool has_high = false;
  for (int i = 0; i < 5000; ++i) {
    const Bytes key = generator.key();
    ASSERT_LE(key.size(), kKeyBytesMax);
    has_zero |= key.find('\0') != Bytes::npos;
    has_high |= key.find('\xff') != Bytes::npos;
    keys.insert(key);
  }
  const auto has_size = [&](std::size_t size) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const Bytes& key) { return key.size() == size; });
  };
  EXPECT_TRUE(has_zero && has_high);
  EXPECT_TRUE(has_size(0) && has_size(1) && has_size(kKeyBytesMax));
  EXPECT_GT(keys.size(), 1000U);
  EXPECT_LT(keys.size(), 4500U) << "keys must meet";
  const auto extends_the_one_before = [](const Bytes& a, const Bytes& b) {
    return b.starts_with(a);
  };
  EXPECT_NE(std::adjacent_find(++keys.begin(), keys.end(), extends_the_one_before), keys.end());
}

TEST(Generator, KeepsToTheKeySizeItIsGiven) {
  Generator generator(3);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(generator.key(5).size(), 5U);
}

TEST(Generator, MakesEmptyAndLargeValues) {
  Generator generator(4);
  std::set<std::size_t> sizes;
  for (int i = 0; i < 2000; ++i) sizes.insert(generator.value(1000).size());
  EXPECT_EQ(*sizes.begin(), 0U);
  EXPECT_GT(*sizes.rbegin(), 900U);
  EXPECT_LE(*sizes.rbegin(), 1000U);
}

TEST(Generator, MakesAsManyEntriesAsAsked) {
  Generator generator(5);
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{20'000}}) {
    EXPECT_EQ(generator.entries(count).size(), count);
  }
}

TEST(Generator, MakesEditsOfEveryKind) {
  Generator generator(6);
  const Model model = generator.entries(200);
  const auto edits = generator.edits(model, 300);
  ASSERT_EQ(edits.size(), 300U);
  std::set<Bytes> keys;
  int added = 0;
  int changed = 0;
  int repeated = 0;
  int deleted = 0;
  int deleted_absent = 0;
  for (const auto& [key, value] : edits) {
    EXPECT_TRUE(keys.insert(key).second);
    const auto at = model.find(key);
    const bool is_present = at != model.end();
    added += !is_present && value ? 1 : 0;
    changed += is_present && value && *value != at->second ? 1 : 0;
    repeated += is_present && value && *value == at->second ? 1 : 0;
    deleted += is_present && !value ? 1 : 0;
    deleted_absent += !is_present && !value ? 1 : 0;
  }
  EXPECT_GT(std::min({added, changed, repeated, deleted, deleted_absent}), 4);
}

TEST(Generator, EditsOfAnEmptyModelAddAndDelete) {
  Generator generator(7);
  EXPECT_EQ(generator.edits({}, 50).size(), 50U);
}

TEST(Apply, DoesWhatTheEditsSayInTheirOrder) {
  Model model{{"a", "1"}, {"b", "2"}};
  apply(model, {{"a", std::nullopt}, {"b", "3"}, {"c", "4"}, {"a", "5"}, {"none", std::nullopt}});
  EXPECT_EQ(model, (Model{{"a", "5"}, {"b", "3"}, {"c", "4"}}));
}

TEST(Generator, MakesDifferentBlocks) {
  Generator generator(8);
  const auto blocks = generator.blocks(500, 8);
  std::set<Hash> hashes;
  for (const Block& block : blocks) {
    EXPECT_LE(block.size(), 8U);
    hashes.insert(block.hash());
  }
  EXPECT_EQ(hashes.size(), 500U);
}

TEST(Seeds, AreCountedFromOne) {
  if (seeds_to_run(1).first != 1) return;  // a seed was asked for
  int runs = 0;
  for_each_seed(7, [&](Generator& generator) {
    EXPECT_EQ(generator.seed(), static_cast<std::uint64_t>(++runs));
  });
  EXPECT_EQ(runs, 7);
}

}  // namespace
}  // namespace dialog::test
