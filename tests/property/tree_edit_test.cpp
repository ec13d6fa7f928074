#include "dialog/tree/check.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

Hash edited(NodeSource& source, const Hash& root, const std::vector<KeyEdit>& edits) {
  const auto outcome = edit_tree(source, root, sorted_edits(edits));
  EXPECT_TRUE(outcome) << why(outcome);
  return outcome ? outcome->root : Hash{};
}

TEST(TreeEditProperty, IncrementalEqualsRebuilt) {
  for_each_seed(60, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    Model model = generator.entries(below(generator, 3000));
    Hash root = build(archive, model);
    for (int round = 0; round < 6; ++round) {
      const std::size_t count = below(generator, generator.chance(1, 2) ? 8 : 600);
      const std::vector<KeyEdit> edits = generator.edits(model, count);
      test::apply(model, edits);
      root = edited(source, root, edits);
      ASSERT_EQ(root.hex(), root_of(model).hex());
    }
    const auto report = verify_tree(source, root);
    ASSERT_TRUE(report) << why(report);
    EXPECT_TRUE(report->sound());
  });
}

TEST(TreeEditProperty, OrderAndGroupingOfEditsDoNotMatter) {
  for_each_seed(10, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    const Model start = generator.entries(1500);
    const Hash root = build(archive, start);
    std::vector<KeyEdit> edits = generator.edits(start, 300);
    Model model = start;
    test::apply(model, edits);
    const Hash expected = root_of(model);
    for (int order = 0; order < 20; ++order) {
      generator.shuffle(edits);
      Hash now = root;
      for (std::size_t at = 0; at < edits.size();) {
        const std::size_t size = std::min<std::size_t>(
            edits.size() - at, generator.chance(1, 4) ? 1 : 1 + below(generator, 150));
        const auto first = edits.begin() + static_cast<std::ptrdiff_t>(at);
        now = edited(source, now, {first, first + static_cast<std::ptrdiff_t>(size)});
        at += size;
      }
      ASSERT_EQ(now.hex(), expected.hex());
    }
  });
}

TEST(TreeEditProperty, DeepTreesGrowAndShrinkToTheSameRoots) {
  for_each_seed(20, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    Model model = deep_entries(700, 800 + below(generator, 200));
    Hash root = build(archive, model);
    ASSERT_GE(depth_of(archive, root), 4U);
    while (!model.empty()) {
      // Whole stretches go at once, so that inner nodes empty and fuse; some entries come back.
      Model::const_iterator from = model.begin();
      std::advance(from, below(generator, model.size()));
      std::vector<KeyEdit> edits;
      for (std::uint64_t left = generator.between(1, 150); from != model.end() && left > 0;
           --left, ++from) {
        edits.push_back({from->first, std::nullopt});
      }
      for (std::uint64_t more = generator.below(6); model.size() > 50 && more > 0; --more) {
        edits.push_back({generator.bytes(700), Bytes("new")});
      }
      test::apply(model, edits);
      root = edited(source, root, edits);
      ASSERT_EQ(root.hex(), root_of(model).hex());
    }
    EXPECT_TRUE(root.is_zero());
  });
}

TEST(TreeEditProperty, ManyLevelsEqualRebuilt) {
  for_each_seed(3, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    Model model = numbered_entries(60'000);
    Hash root = build(archive, model);
    ASSERT_GE(depth_of(archive, root), 3U);
    for (int round = 0; round < 3; ++round) {
      std::vector<KeyEdit> edits = generator.edits(model, 100);
      std::set<Bytes> used;
      for (const KeyEdit& edit : edits) used.insert(edit.key);
      // A block of neighbours goes, so that whole leaves and inner nodes do.
      const std::uint64_t first = generator.below(50'000);
      for (std::uint64_t i = first; i < first + generator.below(8'000); ++i) {
        if (used.insert(numbered("key", i)).second)
          edits.push_back({numbered("key", i), std::nullopt});
      }
      test::apply(model, edits);
      root = edited(source, root, edits);
      ASSERT_EQ(root.hex(), root_of(model).hex());
    }
  });
}

}  // namespace
}  // namespace dialog::test
