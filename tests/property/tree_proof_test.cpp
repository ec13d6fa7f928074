#include "dialog/tree/order.hpp"
#include "dialog/tree/proof.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

struct RandomTree {
  RandomTree(Generator& generator, std::size_t count)
      : model(generator.entries(count)), root(build(archive, model)) {}

  MemoryArchive archive;
  NodeSource source{archive};
  const Model model;
  const Hash root;
};

KeyBounds some_range(Generator& generator, const Model& model) {
  KeyBounds range;
  if (generator.chance(4, 5)) range.from = some_bound(generator, model);
  if (generator.chance(4, 5)) range.to = some_bound(generator, model);
  return range;
}

std::vector<TreeEntry> slice(const Model& model, const KeyBounds& range) {
  std::vector<TreeEntry> entries;
  if (range.is_empty()) return entries;
  const auto end = range.to ? model.lower_bound(*range.to) : model.end();
  for (auto at = range.from ? model.lower_bound(*range.from) : model.begin(); at != end; ++at)
    entries.push_back({at->first, split_value(at->second)->stored});
  return entries;
}

/// Something else than `proof`.
Bytes mutated(Generator& generator, const Bytes& proof) {
  Bytes other = proof;
  switch (generator.below(5)) {
    case 0:  // one bit
      other[below(generator, other.size())] ^= static_cast<char>(1U << generator.below(8));
      return other;
    case 1:  // cut short
      other.resize(below(generator, other.size()));
      return other;
    case 2:  // something left out
      other.erase(below(generator, other.size()), 1 + generator.below(100));
      return other;
    case 3:  // something more
      return other.insert(below(generator, other.size() + 1),
                          generator.bytes(1 + generator.below(40)));
    default: {  // a part from elsewhere
      const std::size_t from = below(generator, other.size());
      const std::size_t size = 1 + generator.below(200);
      return other.replace(below(generator, other.size()), size, proof.substr(from, size));
    }
  }
}

TEST(TreeProofProperty, ShowsWhatTheModelHolds) {
  for_each_seed(40, [](Generator& generator) {
    RandomTree tree(generator, below(generator, 3'000));
    for (int i = 0; i < 20; ++i) {
      const KeyBounds range = some_range(generator, tree.model);
      const auto proof = prove_range(tree.source, tree.root, range);
      ASSERT_TRUE(proof) << why(proof);
      const auto shown = verify_range(tree.root, range, *proof);
      ASSERT_TRUE(shown) << why(shown);
      ASSERT_TRUE(*shown == slice(tree.model, range));
    }
  });
}

TEST(TreeProofProperty, NoOtherBytesVerify) {
  for_each_seed(40, [](Generator& generator) {
    RandomTree tree(generator, 1 + below(generator, 3'000));
    const KeyBounds range = some_range(generator, tree.model);
    const Bytes proof = prove_range(tree.source, tree.root, range).value();
    for (int i = 0; i < 200; ++i) {
      const Bytes other = mutated(generator, proof);
      if (other == proof) continue;
      ASSERT_FALSE(verify_range(tree.root, range, other).has_value());
    }
  });
}

// Another range may have the same proof; what it then shows is right.
TEST(TreeProofProperty, AProofNeverShowsWhatTheTreeDoesNotHold) {
  for_each_seed(40, [](Generator& generator) {
    RandomTree tree(generator, 1 + below(generator, 1'000));
    const Bytes proof =
        prove_range(tree.source, tree.root, some_range(generator, tree.model)).value();
    for (int i = 0; i < 50; ++i) {
      const KeyBounds other = some_range(generator, tree.model);
      const auto shown = verify_range(tree.root, other, proof);
      if (shown) {
        ASSERT_TRUE(*shown == slice(tree.model, other));
      }
    }
  });
}

TEST(TreeOrderProperty, CountsAsTheModelDoes) {
  for_each_seed(40, [](Generator& generator) {
    RandomTree tree(generator, below(generator, 3'000));
    for (int i = 0; i < 30; ++i) {
      const KeyBounds range = some_range(generator, tree.model);
      const auto expected = slice(tree.model, range);
      const auto measured = measure_range(tree.source, tree.root, range);
      ASSERT_TRUE(measured) << why(measured);
      ASSERT_EQ(measured->entries, expected.size());
      const Bytes key = some_bound(generator, tree.model);
      const auto rank = static_cast<std::uint64_t>(
          std::distance(tree.model.begin(), tree.model.lower_bound(key)));
      ASSERT_EQ(rank_of(tree.source, tree.root, key).value(), rank);
      const auto at = select_entry(tree.source, tree.root, rank).value();
      const auto found = tree.model.lower_bound(key);
      ASSERT_EQ(at.has_value(), found != tree.model.end());
      if (at) {
        ASSERT_EQ(at->key, found->first);
      }
    }
  });
}

}  // namespace
}  // namespace dialog::test
