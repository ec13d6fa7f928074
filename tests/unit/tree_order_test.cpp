#include <algorithm>

#include "dialog/tree/order.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

/// Numbers of a seed.
class SeededSource final : public RandomSource {
 public:
  explicit SeededSource(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(random_.below(256));
  }

 private:
  SeededRandom random_;
};

class TreeOrder : public ::testing::Test {
 protected:
  void load(const Model& entries) {
    model = entries;
    root = build(archive, model);
    archive.forget_counts();
  }
  std::vector<Bytes> sample(std::size_t count, std::uint64_t seed) {
    SeededSource random(seed);
    std::vector<Bytes> keys;
    const auto entries = sample_entries(source, root, count, random);
    EXPECT_TRUE(entries) << why(entries);
    for (const TreeEntry& entry : *entries) keys.push_back(entry.key);
    return keys;
  }

  WatchedArchive archive;
  NodeSource source{archive, std::size_t{0}};
  Model model;
  Hash root;
};

TEST_F(TreeOrder, TheEmptyTreeHasNothingToCount) {
  load({});
  EXPECT_EQ(rank_of(source, root, "k").value(), 0U);
  EXPECT_EQ(measure_range(source, root, {})->entries, 0U);
  EXPECT_EQ(select_entry(source, root, 0).value(), std::nullopt);
  EXPECT_TRUE(sample(3, 1).empty());
  EXPECT_EQ(archive.get_calls, 0U);
}

TEST_F(TreeOrder, ARankAndItsEntryAreOneNodePerLevel) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  ASSERT_GE(depth, 3U);
  EXPECT_EQ(rank_of(source, root, numbered("key", 31'415)).value(), 31'415U);
  EXPECT_EQ(archive.got.size(), depth);
  archive.forget_counts();
  const auto entry = select_entry(source, root, 31'415).value();
  EXPECT_EQ(entry->key, numbered("key", 31'415));
  EXPECT_EQ(entry->value, split_value(model[entry->key])->stored);
  EXPECT_EQ(archive.got.size(), depth);
}

TEST_F(TreeOrder, ARangeIsMeasuredWithoutReadingWhatLiesInIt) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  const Bytes from = numbered("key", 10'000);
  const Bytes to = numbered("key", 50'000);
  TreeSize expected;
  for (auto at = model.lower_bound(from); at != model.lower_bound(to); ++at) {
    ++expected.entries;
    expected.bytes += at->first.size() + at->second.size();
  }
  EXPECT_EQ(measure_range(source, root, {from, to}).value(), expected);
  EXPECT_EQ(archive.get_calls, depth);
  EXPECT_LE(archive.got.size(), 2 * depth);
}

TEST_F(TreeOrder, ARangeThatEndsBeforeItBeginsIsEmpty) {
  load(numbered_entries(100));
  EXPECT_EQ(measure_range(source, root, {Bytes("z"), Bytes("a")}).value(), TreeSize{});
}

TEST_F(TreeOrder, NumbersBeyondTheEndHaveNoEntry) {
  load(numbered_entries(1'000));
  EXPECT_EQ(select_entry(source, root, 1'000).value(), std::nullopt);
  EXPECT_EQ(select_entry(source, root, UINT64_MAX).value(), std::nullopt);
  const std::vector<std::uint64_t> numbers{0, 999, 1'000, 5'000};
  EXPECT_EQ(select_entries(source, root, numbers)->size(), 2U);
}

TEST_F(TreeOrder, QuestionsMustAscend) {
  load(numbered_entries(10));
  const std::vector<std::uint64_t> numbers{3, 3};
  EXPECT_EQ(select_entries(source, root, numbers).error().code, ErrorCode::invalid_argument);
  const std::vector<ByteView> keys{"b", "a"};
  EXPECT_EQ(measure_before(source, root, keys).error().code, ErrorCode::invalid_argument);
}

TEST_F(TreeOrder, ManyEntriesAreOneReadPerLevel) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 60'000; i += 97) numbers.push_back(i);
  const auto entries = select_entries(source, root, numbers).value();
  ASSERT_EQ(entries.size(), numbers.size());
  for (std::size_t i = 0; i < entries.size(); ++i)
    ASSERT_EQ(entries[i].key, numbered("key", numbers[i]));
  EXPECT_EQ(archive.get_calls, depth);
}

TEST_F(TreeOrder, AnAbsentNodeIsNamed) {
  load(numbered_entries(60'000));
  const auto path = nodes_of(archive.inner, root);
  archive.hidden.insert(path.at(1)->hash());
  const auto rank = rank_of(source, root, "");
  ASSERT_FALSE(rank.has_value());
  EXPECT_EQ(rank.error().code, ErrorCode::missing_blocks);
  EXPECT_EQ(rank.error().missing, std::vector<Hash>{path.at(1)->hash()});
}

TEST_F(TreeOrder, ASampleHasDifferentEntriesInOrder) {
  load(numbered_entries(5'000));
  const auto keys = sample(700, 7);
  EXPECT_EQ(keys.size(), 700U);
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  EXPECT_NE(sample(700, 8), keys);
}

TEST_F(TreeOrder, ASampleOfMoreThanThereIsHasEverything) {
  load(numbered_entries(50));
  EXPECT_EQ(sample(60, 1).size(), 50U);
  EXPECT_EQ(sample(50, 1).size(), 50U);
}

TEST_F(TreeOrder, EachEntryIsSampledAboutAsOftenAsAnyOther) {
  load(numbered_entries(10));
  std::map<Bytes, int> counts;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    for (const Bytes& key : sample(3, seed)) ++counts[key];
  }
  ASSERT_EQ(counts.size(), 10U);
  // 600 each; the standard deviation is about 20, and the seeds are always the same.
  for (const auto& [key, count] : counts) EXPECT_NEAR(count, 600, 100) << key;
}

}  // namespace
}  // namespace dialog::test
