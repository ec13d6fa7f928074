#include "dialog/tree/edit.hpp"
#include "dialog/tree/format.hpp"
#include "dialog/tree/node_writer.hpp"
#include "dialog/tree/value.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

class TreeEdit : public ::testing::Test {
 protected:
  void load(const Model& entries) {
    model = entries;
    root = build(archive, model);
    depth = depth_of(archive.inner, root);
    archive.forget_counts();
  }

  Result<EditOutcome> edit(std::vector<KeyEdit> edits, const EditOptions& options = {}) {
    return edit_tree(source, root, sorted_edits(std::move(edits)), options);
  }

  WatchedArchive archive;
  NodeSource source{archive, std::size_t{0}};
  Model model;
  Hash root;
  std::size_t depth = 0;
};

TEST_F(TreeEdit, WithoutEditsNothingHappens) {
  load(numbered_entries(1'000));
  const auto outcome = edit({});
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(outcome->root, root);
  EXPECT_EQ(archive.get_calls, 0U);
  EXPECT_TRUE(archive.put.empty());
}

TEST_F(TreeEdit, AnUpdateReadsAndWritesOnePath) {
  load(numbered_entries(60'000));
  ASSERT_GE(depth, 3U);
  const Bytes key = numbered("key", 30'000);
  Bytes value = model[key];
  value[0] = 'V';
  const auto outcome = edit({{key, value}});
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(archive.got.size(), depth);
  EXPECT_EQ(archive.put.size(), depth);
  EXPECT_EQ(outcome->meter.nodes_read, depth);
  EXPECT_EQ(outcome->meter.nodes_written, depth);
  EXPECT_EQ(get_value(source, outcome->root, key).value(), value);
}

TEST_F(TreeEdit, WhatChangesNothingWritesNothing) {
  load(numbered_entries(20'000));
  const auto outcome =
      edit({{numbered("key", 5), model[numbered("key", 5)]}, {"absent", std::nullopt}});
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(outcome->root, root);
  EXPECT_TRUE(archive.put.empty());
  EXPECT_EQ(outcome->meter.nodes_written, 0U);
}

TEST_F(TreeEdit, ABatchReadsTheArchiveOncePerLevel) {
  load(numbered_entries(60'000));
  std::vector<KeyEdit> edits;
  for (std::uint64_t i = 0; i < 60'000; i += 997) {
    Bytes value = model[numbered("key", i)];
    value[0] = 'V';
    edits.push_back({numbered("key", i), value});
  }
  const auto outcome = edit(edits);
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(archive.get_calls, depth);
}

TEST_F(TreeEdit, WritesExactlyTheNewNodesAndChildrenFirst) {
  for (const bool deep : {false, true}) {
    load(deep ? deep_entries(700, 900) : numbered_entries(40'000));
    for_each_seed(12, [&](Generator& generator) {
      archive.forget_counts();
      std::vector<KeyEdit> edits = generator.edits(model, generator.between(1, 40));
      for (KeyEdit& one : edits) {
        if (one.value) one.value->resize(std::min<std::size_t>(one.value->size(), 500));
      }
      const auto outcome = edit(edits);
      ASSERT_TRUE(outcome) << why(outcome);
      const std::set<Hash> before = node_hashes(archive.inner, root);
      const std::set<Hash> after = node_hashes(archive.inner, outcome->root);
      std::set<Hash> fresh;
      std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                          std::inserter(fresh, fresh.end()));
      EXPECT_TRUE(std::set<Hash>(archive.put.begin(), archive.put.end()) == fresh);
      EXPECT_EQ(archive.put.size(), fresh.size());
      EXPECT_EQ(outcome->meter.nodes_written, fresh.size());
      std::set<Hash> there = before;
      for (const Hash& hash : archive.put) {
        const NodePtr node = *Node::parse(**archive.inner.get_one(hash));
        if (!node->is_leaf()) {
          for (const BlockRef& ref : refs_of(*node)) EXPECT_TRUE(there.contains(ref.hash));
        }
        there.insert(hash);
      }
    });
  }
}

TEST_F(TreeEdit, ReadsNoNodeThatStaysUnlessTheEditFallsIntoIt) {
  load(numbered_entries(40'000));
  for_each_seed(8, [&](Generator& generator) {
    archive.forget_counts();
    const std::vector<KeyEdit> edits{
        {numbered("key", generator.below(40'000)) + "+", generator.bytes(30)}};
    const auto outcome = edit(edits);
    ASSERT_TRUE(outcome) << why(outcome);
    const std::set<Hash> after = node_hashes(archive.inner, outcome->root);
    for (const Hash& hash : archive.got) EXPECT_FALSE(after.contains(hash));
  });
}

TEST_F(TreeEdit, DeletingTheKeyThatEndsALeafFusesItWithItsNeighbour) {
  load(numbered_entries(10'000));
  const std::vector<NodePtr> nodes = nodes_of(archive.inner, root);
  const NodePtr leaf = *std::find_if(nodes.begin(), nodes.end(),
                                     [](const NodePtr& node) { return node->is_leaf(); });
  const Bytes last(leaf->last_key());
  const auto outcome = edit({{last, std::nullopt}});
  ASSERT_TRUE(outcome) << why(outcome);
  model.erase(last);
  EXPECT_EQ(outcome->root, root_of(model));
  const auto fused = get_value(source, outcome->root, last);
  EXPECT_EQ(fused.value(), std::nullopt);
}

TEST_F(TreeEdit, DeletingAllLeavesTheEmptyTreeAndOneLeavesOneLeaf) {
  load(numbered_entries(20'000));
  std::vector<KeyEdit> edits;
  for (const auto& entry : model) edits.push_back({entry.first, std::nullopt});
  const auto empty = edit(edits);
  ASSERT_TRUE(empty) << why(empty);
  EXPECT_TRUE(empty->root.is_zero());
  EXPECT_TRUE(archive.put.empty());
  edits.erase(edits.begin() + 777);
  const auto single = edit(edits);
  ASSERT_TRUE(single) << why(single);
  EXPECT_EQ(single->root, root_of({*std::next(model.begin(), 777)}));
  EXPECT_EQ(archive.put.size(), 1U);
}

TEST_F(TreeEdit, ATreeThatShrinksToAnUntouchedSubtreeHasItsRoot) {
  load(deep_entries(700, 900));
  ASSERT_GE(depth, 4U);
  // All entries but those below one inner node.
  for (const NodePtr& node : nodes_of(archive.inner, root)) {
    if (node->level() != 1) continue;
    std::set<Bytes> kept;
    for (const auto& entry : entries_of(source, node->hash())) kept.insert(entry.first);
    std::vector<KeyEdit> edits;
    for (const auto& entry : model) {
      if (!kept.contains(entry.first)) edits.push_back({entry.first, std::nullopt});
    }
    archive.forget_counts();
    const auto outcome = edit(edits);
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_EQ(outcome->root, node->hash());
    EXPECT_TRUE(archive.put.empty());
  }
}

// The one leaf stays as it is, and still the new root has to list it.
TEST_F(TreeEdit, AppendingToASingleLeafThatIsCompleteKeepsIt) {
  NodeWriter leaf(0);
  Model entries;
  for (bool complete = false; !complete;) {
    const Bytes key = numbered("key", entries.size());
    const Bytes value(100, 'v');
    entries[key] = value;
    complete = leaf.add(key, StoredValue(split_value(value)->stored).view());
  }
  load(entries);
  ASSERT_EQ(depth, 1U);
  const auto outcome = edit({{"z", "beyond"}});
  ASSERT_TRUE(outcome) << why(outcome);
  model["z"] = "beyond";
  EXPECT_EQ(outcome->root, build(archive, model));
}

TEST_F(TreeEdit, BuildsATreeFromNothing) {
  std::vector<KeyEdit> edits;
  const Model target = numbered_entries(20'000);
  for (const auto& [key, value] : target) edits.push_back({key, value});
  const auto outcome = edit(edits);
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(outcome->root, root_of(target));
  const auto none = edit({{"absent", std::nullopt}});
  EXPECT_TRUE(none.value().root.is_zero());
}

TEST_F(TreeEdit, RefusesKeysThatDoNotAscendAndWhatIsTooLarge) {
  load({{"a", "1"}});
  const std::vector<Edit> repeated{{"b", "1"}, {"b", "2"}};
  EXPECT_EQ(code_of(edit_tree(source, root, repeated)), ErrorCode::invalid_argument);
  const std::vector<Edit> descending{{"b", "1"}, {"a", "2"}};
  EXPECT_EQ(code_of(edit_tree(source, root, descending)), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(edit({{Bytes(kKeyBytesMax + 1, 'k'), "v"}})), ErrorCode::too_large);
  EXPECT_EQ(code_of(edit({{"k", Bytes(kValueBytesMax + 1, 'v')}})), ErrorCode::too_large);
  EXPECT_TRUE(edit({{Bytes(kKeyBytesMax, 'k'), "v"}}));
}

TEST_F(TreeEdit, TheMeterRefusesAnEditThatTouchesTooMuch) {
  load(numbered_entries(60'000));
  const std::vector<KeyEdit> one{{numbered("key", 30'000), "x"}};
  const auto measured = edit(one);
  ASSERT_TRUE(measured) << why(measured);
  const std::uint64_t touched = measured->meter.nodes_touched();
  EXPECT_TRUE(edit(one, {.nodes_touched_max = touched}));
  EXPECT_EQ(code_of(edit(one, {.nodes_touched_max = touched - 1})), ErrorCode::resource_exhausted);
}

TEST_F(TreeEdit, AbsentBlocksOnAllWaysAreNamedTogether) {
  load(numbered_entries(60'000));
  std::vector<KeyEdit> edits;
  for (std::uint64_t i = 0; i < 60'000; i += 7'777) {
    Bytes value = model[numbered("key", i)];
    value[0] = 'V';
    edits.push_back({numbered("key", i), value});
  }
  const auto whole = edit(edits);
  ASSERT_TRUE(whole) << why(whole);
  archive.hidden.insert(archive.got.begin(), archive.got.end());
  std::size_t rounds = 0;
  for (;; ++rounds) {
    ASSERT_LT(rounds, depth + 1);
    const auto outcome = edit(edits);
    if (outcome) {
      EXPECT_EQ(outcome->root, whole->root);
      break;
    }
    ASSERT_EQ(outcome.error().code, ErrorCode::missing_blocks);
    for (const Hash& hash : outcome.error().missing) ASSERT_EQ(archive.hidden.erase(hash), 1U);
  }
  EXPECT_EQ(rounds, depth);
  EXPECT_TRUE(archive.hidden.empty());
}

TEST_F(TreeEdit, WorksWhereUnrelatedBlocksAreAbsent) {
  load(numbered_entries(60'000));
  const std::vector<KeyEdit> one{{numbered("key", 30'000), "x"}};
  const auto whole = edit(one);
  ASSERT_TRUE(whole) << why(whole);
  for (const Hash& hash : node_hashes(archive.inner, root)) archive.hidden.insert(hash);
  for (const Hash& hash : archive.got) archive.hidden.erase(hash);
  const auto outcome = edit(one);
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(outcome->root, whole->root);
}

TEST_F(TreeEdit, KeysChosenNeverToEndALeafDoNotMakeItLarger) {
  // Keys whose hash is so great that the rule never ends a node before it must.
  Model mined;
  for (std::uint64_t i = 0; mined.size() < 6'000; ++i) {
    const Bytes key = numbered("mined", i);
    if (!ends_node(0, key, kTreeFormat.cut_bytes_max() - 80, kTreeFormat.cut_bytes_max() - 1)) {
      mined.emplace(key, Bytes(30, 'v'));
    }
  }
  load(mined);
  std::size_t at_the_ceiling = 0;
  for (const NodePtr& node : nodes_of(archive.inner, root)) {
    ASSERT_LE(node->block().size(), kNodeBytesMax);
    if (node->is_leaf() && node->block().size() >= kTreeFormat.cut_bytes_max()) ++at_the_ceiling;
  }
  EXPECT_GT(at_the_ceiling, 20U);
  EXPECT_LE(depth, 4U);
  // Such an edit moves every boundary to its right; the meter keeps it in bounds.
  const std::vector<KeyEdit> first{{"mine", Bytes(500, 'x')}};
  const auto outcome = edit(first);
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(code_of(edit(first, {.nodes_touched_max = 30})), ErrorCode::resource_exhausted);
}

TEST_F(TreeEdit, LargeValuesAreWrittenBesideTheTree) {
  load(numbered_entries(100));
  const Bytes large(200'000, 'L');
  const auto outcome = edit({{"large", large}});
  ASSERT_TRUE(outcome) << why(outcome);
  EXPECT_EQ(get_value(source, outcome->root, "large").value(), large);
  model.emplace("large", large);
  EXPECT_EQ(outcome->root, root_of(model));
}

TEST_F(TreeEdit, TakesValuesAsTheyAreStored) {
  load(numbered_entries(100));
  const auto split = split_value(Bytes(5'000, 's'));
  ASSERT_TRUE(archive.inner.put(split->blocks));
  const std::vector<StoredEdit> edits{{"k", split->stored}, {numbered("key", 3), std::nullopt}};
  const auto outcome = edit_tree(source, root, edits);
  ASSERT_TRUE(outcome) << why(outcome);
  model.emplace("k", Bytes(5'000, 's'));
  model.erase(numbered("key", 3));
  EXPECT_EQ(outcome->root, root_of(model));
}

}  // namespace
}  // namespace dialog::test
