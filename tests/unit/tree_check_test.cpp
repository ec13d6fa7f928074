#include "dialog/tree/check.hpp"
#include "dialog/tree/node_writer.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

/// A node taken apart.
struct LooseNode {
  std::uint8_t level = 0;
  std::vector<std::pair<Bytes, Bytes>> entries;  // key, payload
};

LooseNode take_apart(const Node& node) {
  LooseNode loose{node.level(), {}};
  for (EntryCursor entry(node); !entry.at_end(); entry.next()) {
    loose.entries.emplace_back(entry.key(), entry.payload());
  }
  return loose;
}

/// Encodes whatever it is given, as long as the keys ascend, and ends it wherever that is.
Block put_together(const LooseNode& loose) {
  NodeWriter writer(loose.level);
  for (const auto& [key, payload] : loose.entries) writer.add_encoded(key, payload);
  return writer.finish();
}

Bytes child_payload(const Hash& hash, const TreeSize& size) {
  NodeWriter writer(1);
  writer.add("", Child{hash, size});
  const NodePtr node = *Node::parse(writer.finish());
  return Bytes(EntryCursor(*node).payload());
}

Child child_of(const std::pair<Bytes, Bytes>& entry) {
  NodeWriter writer(1);
  writer.add_encoded("", entry.second);
  const NodePtr node = *Node::parse(writer.finish());
  return EntryCursor(*node).child();
}

class TreeCheck : public ::testing::Test {
 protected:
  TreeCheck() {
    model = numbered_entries(20'000);
    Generator generator(1);
    for (std::uint64_t i = 0; i < 20'000; i += 4'000) {
      model[numbered("key", i)] = generator.bytes(3'000);
    }
    model[numbered("key", 7)] = generator.bytes(200'050);
    root = build(archive.inner, model);
    EXPECT_EQ(depth_of(archive.inner, root), 3U);
  }

  LooseNode loose(const Hash& hash) {
    return take_apart(**Node::parse(**archive.inner.get_one(hash)));
  }

  /// The node at the end of a way of entry numbers from the root.
  Hash at(const std::vector<std::size_t>& way) {
    Hash hash = root;
    for (const std::size_t index : way) hash = child_of(loose(hash).entries[index]).hash;
    return hash;
  }

  /// A tree in which `node` stands at the end of a way. The nodes above list it, and its size and
  /// last key, rightly.
  Hash with(const std::vector<std::size_t>& way, const LooseNode& node) {
    Block block = put_together(node);
    for (std::size_t depth = way.size(); depth-- > 0;) {
      const NodePtr child = *Node::parse(block);
      EXPECT_TRUE(archive.inner.put(std::vector{block}));
      LooseNode parent = loose(at({way.begin(), way.begin() + static_cast<std::ptrdiff_t>(depth)}));
      parent.entries[way[depth]] = {Bytes(child->last_key()),
                                    child_payload(child->hash(), child->size())};
      block = put_together(parent);
    }
    EXPECT_TRUE(archive.inner.put(std::vector{block}));
    return block.hash();
  }

  /// The same, with one entry of the node changed.
  template <class Change>
  Hash changed(const std::vector<std::size_t>& way, Change&& change) {
    LooseNode node = loose(at(way));
    change(node);
    return with(way, node);
  }

  VerifyReport verify(const Hash& of) {
    faults.clear();
    NodeSource source(archive);
    const auto report = verify_tree(source, of, {.on_fault = [this](const TreeFault& fault) {
                                      faults.push_back(fault);
                                      return true;
                                    }});
    EXPECT_TRUE(report) << why(report);
    return report.value_or(VerifyReport{});
  }

  void expect_corrupt(const Hash& of, const char* words) {
    const VerifyReport report = verify(of);
    EXPECT_GE(report.corrupt, 1U) << words;
    EXPECT_EQ(report.absent, 0U);
    ASSERT_FALSE(faults.empty()) << words;
    EXPECT_EQ(faults[0].error.code, ErrorCode::corrupt);
    EXPECT_NE(faults[0].error.message.find(words), std::string::npos) << faults[0].error.message;
  }

  WatchedArchive archive;
  Model model;
  Hash root;
  std::vector<TreeFault> faults;
};

TEST_F(TreeCheck, ASoundTreePasses) {
  const VerifyReport report = verify(root);
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.blocks, archive.inner.block_count());
  EXPECT_EQ(report.bytes, archive.inner.byte_count());
  EXPECT_TRUE(verify(Hash{}).sound());
}

TEST_F(TreeCheck, ADeepTreeAndTheSmallestPass) {
  EXPECT_TRUE(verify(build(archive.inner, deep_entries(700, 900))).sound());
  EXPECT_TRUE(verify(build(archive.inner, {{"", ""}})).sound());
}

TEST_F(TreeCheck, RefusesAWrongLevel) {
  // The root lists a leaf where an inner node belongs.
  const Hash leaf = at({0, 0});
  const NodePtr node = *Node::parse(**archive.inner.get_one(leaf));
  expect_corrupt(changed({},
                         [&](LooseNode& top) {
                           top.entries[0].second = child_payload(leaf, node->size());
                           top.entries[0].first = Bytes(node->last_key());
                         }),
                 "level");
}

TEST_F(TreeCheck, RefusesASeparatorThatIsTooGreat) {
  expect_corrupt(changed({0}, [](LooseNode& node) { node.entries[3].first += "~"; }), "separator");
}

TEST_F(TreeCheck, RefusesASeparatorThatIsTooSmall) {
  expect_corrupt(changed({0}, [](LooseNode& node) { node.entries[3].first.pop_back(); }),
                 "separator");
}

TEST_F(TreeCheck, RefusesAWrongSeparatorOfTheRightmostNode) {
  expect_corrupt(changed({}, [](LooseNode& node) { node.entries.back().first += "~"; }),
                 "separator");
}

TEST_F(TreeCheck, RefusesSwappedChildren) {
  expect_corrupt(
      changed({0},
              [](LooseNode& node) { std::swap(node.entries[2].second, node.entries[3].second); }),
      "separator");
}

TEST_F(TreeCheck, RefusesAChildListedTwice) {
  expect_corrupt(
      changed({0}, [](LooseNode& node) { node.entries[3].second = node.entries[2].second; }),
      "separator");
}

TEST_F(TreeCheck, RefusesAWrongNumberOfEntries) {
  for (const std::uint64_t off : {1U, 1'000'000U}) {
    expect_corrupt(changed({0},
                           [&](LooseNode& node) {
                             Child child = child_of(node.entries[3]);
                             child.size.entries += off;
                             node.entries[3].second = child_payload(child.hash, child.size);
                           }),
                   "number of entries");
  }
}

TEST_F(TreeCheck, RefusesAWrongNumberOfBytes) {
  expect_corrupt(changed({0},
                         [](LooseNode& node) {
                           Child child = child_of(node.entries[3]);
                           --child.size.bytes;
                           node.entries[3].second = child_payload(child.hash, child.size);
                         }),
                 "number of entries");
}

TEST_F(TreeCheck, RefusesWrongSizesThatAddUp) {
  expect_corrupt(changed({0},
                         [](LooseNode& node) {
                           for (const std::size_t i : {3U, 4U}) {
                             Child child = child_of(node.entries[i]);
                             child.size.entries += i == 3 ? 1U : ~std::uint64_t{0};
                             node.entries[i].second = child_payload(child.hash, child.size);
                           }
                         }),
                 "number of entries");
}

TEST_F(TreeCheck, RefusesAnEntryToTheLeftOfItsLeaf) {
  expect_corrupt(changed({0, 5},
                         [](LooseNode& leaf) {
                           leaf.entries.insert(leaf.entries.begin(),
                                               {"aaa", leaf.entries[0].second});
                         }),
                 "overlaps");
}

TEST_F(TreeCheck, RefusesALeafThatRepeatsItsNeighboursLastKey) {
  const Bytes last = loose(at({0, 4})).entries.back().first;
  expect_corrupt(changed({0, 5},
                         [&](LooseNode& leaf) {
                           leaf.entries.insert(leaf.entries.begin(),
                                               {last, leaf.entries[0].second});
                         }),
                 "overlaps");
}

TEST_F(TreeCheck, RefusesALeafThatEndsTooEarly) {
  expect_corrupt(changed({0, 5}, [](LooseNode& leaf) { leaf.entries.pop_back(); }), "more entries");
}

TEST_F(TreeCheck, RefusesLeavesThatShouldBeTwo) {
  std::size_t refused = 0;
  for (std::size_t first = 0; first < 10; ++first) {
    LooseNode parent = loose(at({0}));
    LooseNode left = loose(child_of(parent.entries[first]).hash);
    const LooseNode right = loose(child_of(parent.entries[first + 1]).hash);
    left.entries.insert(left.entries.end(), right.entries.begin(), right.entries.end());
    const Block both = put_together(left);
    if (both.size() > kNodeBytesMax) continue;
    ASSERT_TRUE(archive.inner.put(std::vector{both}));
    const NodePtr node = *Node::parse(both);
    parent.entries.erase(parent.entries.begin() + static_cast<std::ptrdiff_t>(first));
    parent.entries[first].second = child_payload(both.hash(), node->size());
    expect_corrupt(with({0}, parent), "earlier entry");
    ++refused;
  }
  EXPECT_GT(refused, 2U);
}

TEST_F(TreeCheck, RefusesANodeLargerThanAny) {
  LooseNode parent = loose(at({0}));
  LooseNode left = loose(child_of(parent.entries[2]).hash);
  for (const std::size_t next : {3U, 4U, 5U}) {
    const LooseNode right = loose(child_of(parent.entries[next]).hash);
    left.entries.insert(left.entries.end(), right.entries.begin(), right.entries.end());
  }
  const Block all = put_together(left);
  ASSERT_GT(all.size(), kNodeBytesMax);
  ASSERT_TRUE(archive.inner.put(std::vector{all}));
  parent.entries.erase(parent.entries.begin() + 2, parent.entries.begin() + 5);
  parent.entries[2].second = child_payload(all.hash(), {left.entries.size(), 1});
  expect_corrupt(with({0}, parent), "too long");
}

TEST_F(TreeCheck, RefusesALeafThatShouldBeOneWithTheNext) {
  expect_corrupt(
      changed({0},
              [&](LooseNode& parent) {
                LooseNode left = loose(child_of(parent.entries[2]).hash);
                LooseNode right = left;
                const auto middle = static_cast<std::ptrdiff_t>(left.entries.size() / 2);
                left.entries.erase(left.entries.begin() + middle, left.entries.end());
                right.entries.erase(right.entries.begin(), right.entries.begin() + middle);
                std::vector<std::pair<Bytes, Bytes>> halves;
                for (const LooseNode& half : {left, right}) {
                  const Block block = put_together(half);
                  ASSERT_TRUE(archive.inner.put(std::vector{block}));
                  const NodePtr node = *Node::parse(block);
                  halves.emplace_back(node->last_key(), child_payload(node->hash(), node->size()));
                }
                parent.entries[2] = halves[1];
                parent.entries.insert(parent.entries.begin() + 2, halves[0]);
              }),
      "more entries");
}

TEST_F(TreeCheck, RefusesAnInnerNodeThatEndsTooEarly) {
  expect_corrupt(changed({0}, [](LooseNode& node) { node.entries.pop_back(); }), "more entries");
}

TEST_F(TreeCheck, RefusesInnerNodesThatShouldBeTwo) {
  expect_corrupt(changed({},
                         [&](LooseNode& top) {
                           LooseNode left = loose(child_of(top.entries[0]).hash);
                           const LooseNode right = loose(child_of(top.entries[1]).hash);
                           left.entries.insert(left.entries.end(), right.entries.begin(),
                                               right.entries.begin() + 3);
                           const Block block = put_together(left);
                           ASSERT_TRUE(archive.inner.put(std::vector{block}));
                           const NodePtr node = *Node::parse(block);
                           top.entries[0] = {Bytes(node->last_key()),
                                             child_payload(node->hash(), node->size())};
                         }),
                 "earlier entry");
}

TEST_F(TreeCheck, RefusesARootWithASingleChild) {
  const NodePtr top = *Node::parse(**archive.inner.get_one(root));
  LooseNode above{3, {{Bytes(top->last_key()), child_payload(root, top->size())}}};
  expect_corrupt(with({}, above), "single child");
}

TEST_F(TreeCheck, RefusesARootThatIsTooSmallForItsLevel) {
  // A leaf cut in two under a root of its own: as leaves these two are one.
  const LooseNode leaf = loose(at({0, 0}));
  LooseNode top{1, {}};
  for (const std::size_t half : {0U, 1U}) {
    LooseNode part{0, {}};
    for (std::size_t i = half; i < 10; i += 1) {
      if ((i < 5) == (half == 0)) part.entries.push_back(leaf.entries[i]);
    }
    const Block block = put_together(part);
    ASSERT_TRUE(archive.inner.put(std::vector{block}));
    const NodePtr node = *Node::parse(block);
    top.entries.emplace_back(node->last_key(), child_payload(node->hash(), node->size()));
  }
  expect_corrupt(with({}, top), "more entries");
}

TEST_F(TreeCheck, RefusesAChildThatIsNoNode) {
  const Block bytes = Block::of(Bytes(3'000, 'm'));
  ASSERT_TRUE(archive.inner.put(std::vector{bytes}));
  expect_corrupt(changed({0},
                         [&](LooseNode& node) {
                           node.entries[3].second =
                               child_payload(bytes.hash(), child_of(node.entries[3]).size);
                         }),
                 "no node");
}

TEST_F(TreeCheck, RefusesANodeWhereAPartOfAValueBelongs) {
  // The hash is present and its bytes are a perfect node, but of another size than the value's.
  const Hash node = at({0, 0});
  Bytes payload("\x82\x20", 2);  // 2049 bytes outside the leaf
  payload[0] = static_cast<char>(0x83);
  payload += node.bytes();
  expect_corrupt(changed({0, 5}, [&](LooseNode& leaf) { leaf.entries[2].second = payload; }),
                 "wrong size");
}

TEST_F(TreeCheck, RefusesAnIndexOfAnotherValue) {
  const auto other = split_value(Bytes(300'000, 'o'));
  ASSERT_TRUE(archive.inner.put(other->blocks));
  const auto large = split_value(model[numbered("key", 7)]);
  Bytes payload(large->stored.view().payload());
  payload.replace(payload.size() - 32, 32, other->stored.view().index().bytes());
  expect_corrupt(changed({0, 0}, [&](LooseNode& leaf) { leaf.entries[7].second = payload; }),
                 "index");
}

TEST_F(TreeCheck, RefusesChunksThatAreNotTheValue) {
  const auto other = split_value(Bytes(200'050, 'o'));
  ASSERT_TRUE(archive.inner.put(other->blocks));
  const auto large = split_value(model[numbered("key", 7)]);
  Bytes payload(large->stored.view().payload());
  payload.replace(payload.size() - 32, 32, other->stored.view().index().bytes());
  const Hash bad = changed({0, 0}, [&](LooseNode& leaf) { leaf.entries[7].second = payload; });
  expect_corrupt(bad, "not the value");
  NodeSource source(archive);
  EXPECT_EQ(code_of(check_value(source, faults[0].expectation)), ErrorCode::corrupt);
}

TEST_F(TreeCheck, RefusesAnIndexThatListsTooFewOrTooManyChunks) {
  const auto large = split_value(model[numbered("key", 7)]);
  for (const bool more : {false, true}) {
    Bytes index(large->blocks.back().bytes());
    if (more) {
      index += large->blocks[0].hash().bytes();
    } else {
      index.resize(index.size() - 32);
    }
    const Block block = Block::of(index);
    ASSERT_TRUE(archive.inner.put(std::vector{block}));
    Bytes payload(large->stored.view().payload());
    payload.replace(payload.size() - 32, 32, block.hash().bytes());
    expect_corrupt(changed({0, 0}, [&](LooseNode& leaf) { leaf.entries[7].second = payload; }),
                   "number of chunks");
  }
}

TEST_F(TreeCheck, RefusesAChunkOfTheWrongSize) {
  const auto large = split_value(model[numbered("key", 7)]);
  Bytes index(large->blocks.back().bytes());
  // The short last chunk stands first.
  const std::size_t count = large->blocks.size() - 1;
  index.replace(index.size() - 32 * count, 32, large->blocks[count - 1].hash().bytes());
  const Block block = Block::of(index);
  ASSERT_TRUE(archive.inner.put(std::vector{block}));
  Bytes payload(large->stored.view().payload());
  payload.replace(payload.size() - 32, 32, block.hash().bytes());
  expect_corrupt(changed({0, 0}, [&](LooseNode& leaf) { leaf.entries[7].second = payload; }),
                 "wrong size");
}

TEST_F(TreeCheck, NamesEveryFaultWithItsPlace) {
  LooseNode node = loose(at({0}));
  for (const std::size_t i : {2U, 4U}) {
    Child child = child_of(node.entries[i]);
    ++child.size.bytes;
    node.entries[i].second = child_payload(child.hash, child.size);
  }
  const Hash bad = with({0}, node);
  archive.hidden.insert(child_of(node.entries[6]).hash);
  const VerifyReport report = verify(bad);
  EXPECT_EQ(report.corrupt, 2U);
  EXPECT_EQ(report.absent, 1U);
  ASSERT_EQ(faults.size(), 3U);
  std::set<Bytes> keys;
  for (const TreeFault& fault : faults) {
    EXPECT_EQ(fault.expectation.ref.kind, BlockKind::node);
    EXPECT_EQ(fault.expectation.ref.level, 0);
    keys.insert(fault.expectation.ref.key);
  }
  EXPECT_EQ(keys,
            (std::set<Bytes>{node.entries[2].first, node.entries[4].first, node.entries[6].first}));
}

/// Many keys with two values between them: one in chunks, and one that is a single block.
class TreeCheckOfRepeats : public TreeCheck {
 protected:
  static constexpr std::size_t kKeys = 500;

  TreeCheckOfRepeats() {
    Model repeats;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      repeats[numbered("large", i)] = Bytes(100'000, 'l');
      repeats[numbered("middle", i)] = Bytes(3'000, 'm');
    }
    root = build(repeated.inner, repeats);
  }

  [[nodiscard]] std::size_t reads_of(const Hash& hash) const {
    return static_cast<std::size_t>(std::count(repeated.got.begin(), repeated.got.end(), hash));
  }
  VerifyReport verify_repeats() {
    NodeSource source(repeated);
    const auto report = verify_tree(source, root);
    EXPECT_TRUE(report) << why(report);
    return report.value_or(VerifyReport{});
  }

  WatchedArchive repeated;
  const SplitValue large = *split_value(Bytes(100'000, 'l'));
  const SplitValue middle = *split_value(Bytes(3'000, 'm'));
};

TEST_F(TreeCheckOfRepeats, ChecksAValueOnce) {
  const VerifyReport report = verify_repeats();
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.blocks, repeated.inner.block_count());
  EXPECT_EQ(report.bytes, repeated.inner.byte_count());
  EXPECT_EQ(reads_of(large.blocks[0].hash()), 1U);
  // These are read together with their neighbours.
  EXPECT_LT(reads_of(large.blocks.back().hash()), kKeys / 4);
  EXPECT_LT(reads_of(middle.blocks[0].hash()), kKeys / 4);
}

TEST_F(TreeCheckOfRepeats, NamesEveryKeyWhoseValueIsDamaged) {
  repeated.hidden = {large.blocks[0].hash(), middle.blocks[0].hash()};
  EXPECT_EQ(verify_repeats().absent, 2 * kKeys);
}

TEST_F(TreeCheck, StopsWhenItsCallerSaysSo) {
  NodeSource source(archive);
  const auto report =
      verify_tree(source, root, {.on_progress = [](std::uint64_t) { return false; }});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blocks, 1U);
}

TEST_F(TreeCheck, LeavesValuesOutWhereTold) {
  NodeSource source(archive);
  const auto report = verify_tree(source, root, {.values = false});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blocks, node_hashes(archive.inner, root).size());
}

TEST_F(TreeCheck, ABlockOtherThanTheExpectedOneIsRefused) {
  EXPECT_EQ(code_of(check_block(Block::of("other"), expect_root(root))), ErrorCode::corrupt);
}

TEST_F(TreeCheck, TellsOfEachChildWhatItMustBe) {
  const auto children = check_block(**archive.inner.get_one(root), expect_root(root));
  ASSERT_TRUE(children) << why(children);
  const LooseNode top = loose(root);
  ASSERT_EQ(children->size(), top.entries.size());
  for (std::size_t i = 0; i < children->size(); ++i) {
    const BlockExpectation& child = (*children)[i];
    EXPECT_EQ(child.ref.kind, BlockKind::node);
    EXPECT_EQ(child.ref.level, top.level - 1);
    EXPECT_EQ(child.ref.key, top.entries[i].first);
    EXPECT_EQ(child.lower, i == 0 ? std::nullopt : std::optional(top.entries[i - 1].first));
    EXPECT_EQ(child.is_rightmost, i + 1 == children->size());
    EXPECT_FALSE(child.is_root);
  }
}

TEST_F(TreeCheck, AnAbsentChunkOfAValueIsMissing) {
  const auto large = split_value(model[numbered("key", 7)]);
  BlockExpectation index;
  index.ref = {large->stored.view().index(), BlockKind::value_index, 0, "k", TreeSize{0, 200'050}};
  index.value_hash = large->stored.view().hash();
  NodeSource source(archive);
  EXPECT_TRUE(check_value(source, index));
  archive.hidden = {large->blocks[0].hash(), large->blocks[3].hash()};
  const auto checked = check_value(source, index);
  ASSERT_EQ(code_of(checked), ErrorCode::missing_blocks);
  EXPECT_EQ(checked.error().missing.size(), archive.hidden.size());
}

}  // namespace
}  // namespace dialog::test
