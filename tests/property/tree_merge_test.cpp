#include "dialog/tree/merge.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

using Maybe = std::optional<Bytes>;

Maybe at(const Model& model, const Bytes& key) {
  const auto found = model.find(key);
  return found == model.end() ? std::nullopt : Maybe(found->second);
}

const Bytes& greater(const Bytes& a, const Bytes& b) { return Hash::of(a) > Hash::of(b) ? a : b; }

/// The table of the contract, for one key.
Maybe by_the_table(const Maybe& base, const Maybe& local, const Maybe& remote) {
  if (local == base) return remote;
  if (remote == base) return local;
  if (!local) return remote;
  if (!remote) return local;
  return greater(*local, *remote);
}

Model model_merge(const Model& base, const Model& local, const Model& remote) {
  std::set<Bytes> keys;
  for (const Model* model : {&base, &local, &remote}) {
    for (const auto& entry : *model) keys.insert(entry.first);
  }
  Model merged;
  for (const Bytes& key : keys) {
    if (auto value = by_the_table(at(base, key), at(local, key), at(remote, key))) {
      merged.emplace(key, *std::move(value));
    }
  }
  return merged;
}

Hash merged(NodeSource& source, const MergeInput& input) {
  DefaultPolicy policy;
  const auto outcome = merge_trees(source, input, policy);
  EXPECT_TRUE(outcome) << why(outcome);
  return outcome ? outcome->root.value_or(Hash{}) : Hash{};
}

TEST(TreeMergeProperty, FollowsTheTableAndCommutes) {
  for_each_seed(40, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    const Model base = generator.entries(below(generator, 2'500));
    Model local = base;
    Model remote = base;
    const std::vector<KeyEdit> shared = generator.edits(base, 60);
    std::vector<KeyEdit> ours = generator.edits(base, below(generator, 200));
    std::vector<KeyEdit> theirs = generator.edits(base, below(generator, 200));
    // Both sides touch some keys of `shared`, often differently.
    for (const KeyEdit& edit : shared) {
      ours.push_back(edit);
      theirs.push_back({edit.key, generator.chance(1, 3)   ? edit.value
                                  : generator.chance(1, 3) ? std::nullopt
                                                           : Maybe(generator.value())});
    }
    test::apply(local, ours);
    test::apply(remote, theirs);
    const Hash b = build(archive, base);
    const Hash l = build(archive, local);
    const Hash r = build(archive, remote);
    const Hash expected = root_of(model_merge(base, local, remote));
    EXPECT_EQ(merged(source, {b, l, r}), expected);
    EXPECT_EQ(merged(source, {b, r, l}), expected);
    EXPECT_EQ(merged(source, {b, l, l}), l);
    EXPECT_EQ(merged(source, {b, l, b}), l);
    EXPECT_EQ(merged(source, {b, b, r}), r);
    EXPECT_EQ(merged(source, {b, expected, r}), expected) << "merging again changes nothing";
  });
}

TEST(TreeMergeProperty, RepeatedMergesOfThreeReplicasConverge) {
  for_each_seed(15, [](Generator& generator) {
    MemoryArchive archive;
    NodeSource source(archive);
    const Model start = generator.entries(600);
    Hash remote = build(archive, start);
    struct Replica {
      Hash origin;
      Model model;
    };
    std::vector<Replica> replicas(3, Replica{remote, start});
    for (int round = 0; round < 8; ++round) {
      Replica& replica = replicas[below(generator, 3)];
      test::apply(replica.model, generator.edits(replica.model, below(generator, 30)));
      const Hash local = build(archive, replica.model);
      remote = merged(source, {replica.origin, local, remote});
      replica.origin = remote;
      replica.model.clear();
      for (auto& [key, value] : entries_of(source, remote)) replica.model.emplace(key, value);
    }
    for (Replica& replica : replicas) {
      remote = merged(source, {replica.origin, build(archive, replica.model), remote});
    }
    for (Replica& replica : replicas) {
      EXPECT_EQ(merged(source, {replica.origin, build(archive, replica.model), remote}), remote);
    }
  });
}

}  // namespace
}  // namespace dialog::test
