#include "dialog/tree/diff.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

struct ModelChange {
  Bytes key;
  std::optional<Bytes> before;
  std::optional<Bytes> after;
  friend bool operator==(const ModelChange&, const ModelChange&) = default;
};

std::vector<ModelChange> model_diff(const Model& before, const Model& after) {
  std::set<Bytes> keys;
  for (const auto& entry : before) keys.insert(entry.first);
  for (const auto& entry : after) keys.insert(entry.first);
  std::vector<ModelChange> changes;
  for (const Bytes& key : keys) {
    ModelChange change{key, {}, {}};
    if (const auto at = before.find(key); at != before.end()) change.before = at->second;
    if (const auto at = after.find(key); at != after.end()) change.after = at->second;
    if (change.before != change.after) changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<ModelChange> tree_diff(NodeSource& source, const Hash& before, const Hash& after) {
  std::vector<ModelChange> changes;
  const auto value = [&](const std::optional<ValueView>& view) -> std::optional<Bytes> {
    if (!view) return std::nullopt;
    const auto loaded = load_value(source, *view);
    EXPECT_TRUE(loaded) << why(loaded);
    return loaded.value_or(Bytes{});
  };
  const auto done = diff_trees(source, before, after, [&](const Change& change) {
    changes.push_back({Bytes(change.key), value(change.before), value(change.after)});
    return true;
  });
  EXPECT_TRUE(done) << why(done);
  return changes;
}

/// Without the values that lie outside the leaves.
void diff_nodes_only(NodeSource& source, const Hash& before, const Hash& after) {
  const auto done = diff_trees(source, before, after, [](const Change&) { return true; });
  EXPECT_TRUE(done) << why(done);
}

TEST(TreeDiffProperty, EqualsTheDifferenceOfTheModels) {
  for_each_seed(40, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    const Model before = generator.entries(below(generator, 4'000));
    Model after = before;
    test::apply(after,
                generator.edits(before, below(generator, generator.chance(1, 2) ? 10 : 800)));
    const Hash a = build(archive, before);
    const Hash b = build(archive, after);
    EXPECT_EQ(tree_diff(source, a, b), model_diff(before, after));
    EXPECT_EQ(tree_diff(source, b, a), model_diff(after, before));
    EXPECT_EQ(tree_diff(source, {}, b), model_diff({}, after));
    EXPECT_EQ(tree_diff(source, a, {}), model_diff(before, {}));
    EXPECT_TRUE(tree_diff(source, a, a).empty());
  });
}

TEST(TreeDiffProperty, ReadsExactlyTheNodesThatAreNotShared) {
  for_each_seed(12, [](Generator& generator) {
    WatchedArchive archive;
    NodeSource source(archive, std::size_t{0});
    const bool deep = generator.chance(1, 2);
    const Model before = deep ? deep_entries(700, 900) : numbered_entries(40'000);
    const Hash a = build(archive, before);
    Model after = before;
    test::apply(after, generator.edits(before, 1 + below(generator, 12)));
    const Hash b = build(archive, after);
    const std::size_t depth = std::max(depth_of(archive.inner, a), depth_of(archive.inner, b));
    ASSERT_GE(depth, 3U);

    archive.forget_counts();
    diff_nodes_only(source, a, b);
    const std::set<Hash> read(archive.got.begin(), archive.got.end());
    EXPECT_EQ(read.size(), archive.got.size()) << "a node was read twice";
    const std::set<Hash> of_a = node_hashes(archive.inner, a);
    const std::set<Hash> of_b = node_hashes(archive.inner, b);
    std::set<Hash> not_shared;
    std::set_symmetric_difference(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                                  std::inserter(not_shared, not_shared.end()));
    EXPECT_TRUE(read == not_shared);
    EXPECT_LE(archive.get_calls, depth);
  });
}

TEST(TreeDiffProperty, NamesAWholeLevelOfAbsentBlocksAtOnce) {
  for_each_seed(6, [](Generator& generator) {
    WatchedArchive archive;
    NodeSource source(archive, std::size_t{0});
    const Model before = numbered_entries(40'000);
    const Hash a = build(archive, before);
    Model after = before;
    test::apply(after, generator.edits(before, 20));
    const Hash b = build(archive, after);
    archive.forget_counts();
    diff_nodes_only(source, a, b);
    archive.hidden.insert(archive.got.begin(), archive.got.end());
    std::size_t rounds = 0;
    for (;; ++rounds) {
      ASSERT_LT(rounds, 5U);
      const auto done = diff_trees(source, a, b, [](const Change&) { return true; });
      if (done) break;
      ASSERT_EQ(done.error().code, ErrorCode::missing_blocks);
      for (const Hash& hash : done.error().missing) ASSERT_EQ(archive.hidden.erase(hash), 1U);
    }
    EXPECT_TRUE(archive.hidden.empty());
    EXPECT_EQ(rounds, depth_of(archive.inner, a));
  });
}

TEST(TreeDiffProperty, ComparesTreesOfDifferentDepth) {
  MemoryArchive archive;
  NodeSource source(archive);
  const Model large = numbered_entries(30'000);
  Model small;
  for (std::uint64_t i = 15'000; i < 15'010; ++i)
    small[numbered("key", i)] = large.at(numbered("key", i));
  small[numbered("key", 15'005)] = "changed";
  const Hash a = build(archive, large);
  const Hash b = build(archive, small);
  ASSERT_GT(depth_of(archive, a), depth_of(archive, b));
  EXPECT_EQ(tree_diff(source, a, b), model_diff(large, small));
  EXPECT_EQ(tree_diff(source, b, a), model_diff(small, large));
}

TEST(TreeDiffProperty, FindsADifferenceThatOnlyALargeValueMakes) {
  MemoryArchive archive;
  NodeSource source(archive);
  Model before{{"a", Bytes(200'000, 'x')}, {"b", Bytes(5'000, 'y')}};
  Model after = before;
  after["a"][150'000] = 'z';
  EXPECT_EQ(tree_diff(source, build(archive, before), build(archive, after)),
            model_diff(before, after));
}

TEST(TreeDiffProperty, StopsWhenItsVisitorSaysSo) {
  MemoryArchive archive;
  NodeSource source(archive);
  const Hash root = build(archive, numbered_entries(100));
  int visited = 0;
  ASSERT_TRUE(diff_trees(source, {}, root, [&](const Change&) { return ++visited < 3; }));
  EXPECT_EQ(visited, 3);
}

TEST(TreeDiffProperty, StreamsMoreLeavesThanItHoldsAtOnce) {
  MemoryArchive archive;
  NodeSource source(archive);
  const Model model = numbered_entries(60'000);
  Model other;
  for (const auto& [key, value] : model) other.emplace(key, value + "!");
  EXPECT_EQ(tree_diff(source, build(archive, model), build(archive, other)),
            model_diff(model, other));
}

}  // namespace
}  // namespace dialog::test
