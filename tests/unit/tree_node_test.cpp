#include <map>

#include "dialog/tree/node.hpp"
#include "dialog/tree/node_writer.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

/// Writes entries as they come, whatever the rules say.
struct RawEntry {
  std::size_t shared = 0;
  Bytes suffix;
  Bytes payload;
};

Bytes inline_payload(const Bytes& value) {
  return Bytes(1, static_cast<char>(value.size() << 1)) + value;
}

Bytes child_payload(const Hash& hash, char entries = 1, char bytes = 1) {
  return Bytes(hash.bytes()) + entries + bytes;
}

Bytes raw_node(std::uint8_t level, const std::vector<RawEntry>& entries,
               const std::vector<std::size_t>& restarts = {}) {
  Bytes node{0, static_cast<char>(level), static_cast<char>(entries.size()), 0};
  for (const std::size_t restart : restarts) {
    node.push_back(static_cast<char>(restart & 0xff));
    node.push_back(static_cast<char>(restart >> 8));
  }
  for (const RawEntry& entry : entries) {
    node.push_back(static_cast<char>(entry.shared));
    node.push_back(static_cast<char>(entry.suffix.size()));
    node += entry.suffix + entry.payload;
  }
  return node;
}

bool is_node(const Bytes& bytes) {
  const auto node = Node::parse(Block::of(bytes));
  EXPECT_EQ(code_of(node).value_or(ErrorCode::corrupt), ErrorCode::corrupt);
  return node.has_value();
}

Bytes encode_again(const Node& node) {
  NodeWriter writer(node.level());
  for (EntryCursor entry(node); !entry.at_end(); entry.next()) {
    writer.add_encoded(entry.key(), entry.payload());
  }
  return Bytes(writer.finish().bytes());
}

/// A leaf with inline, empty and large values and keys that share much, little and nothing.
Block sample_leaf() {
  NodeWriter writer(0);
  Model model{{"", ""},
              {Bytes(300, 'p'), "long"},
              {Bytes(300, 'p') + "q", Bytes(90, 'v')},
              {"\xff\xff", "last"}};
  for (int i = 0; i < 40; ++i)
    model.emplace(numbered("user/", static_cast<std::uint64_t>(i * 7)), "v");
  for (const auto& [key, value] : model) {
    writer.add(key, split_value(value)->stored.view());
    if (key.empty()) writer.add("!", split_value(Bytes(2'000, 's'))->stored.view());
    if (key.empty()) writer.add("!!", split_value(Bytes(70'000, 's'))->stored.view());
  }
  return writer.finish();
}

Block sample_inner() {
  NodeWriter writer(3);
  for (std::uint64_t i = 0; i < 40; ++i) {
    writer.add(numbered("user/", i * 7),
               Child{Hash::of(numbered("", i)), {i * i * 100 + 1, i << 40U}});
  }
  return writer.finish();
}

TEST(TreeNode, DecodesWhatWasEncoded) {
  NodeWriter writer(0);
  const std::vector<std::pair<Bytes, Bytes>> entries = {
      {"", "empty"}, {"a", ""}, {"ab", "2"}, {"b", "3"}};
  for (const auto& [key, value] : entries) writer.add(key, split_value(value)->stored.view());
  const auto node = Node::parse(writer.finish());
  ASSERT_TRUE(node) << why(node);
  EXPECT_TRUE((*node)->is_leaf());
  EXPECT_EQ((*node)->count(), 4U);
  EXPECT_EQ((*node)->last_key(), "b");
  EXPECT_EQ((*node)->size(), (TreeSize{4, 4 + 7}));
  EntryCursor entry(**node);
  for (const auto& [key, value] : entries) {
    EXPECT_EQ(entry.key(), key);
    EXPECT_EQ(entry.value().inline_bytes(), value);
    entry.next();
  }
  EXPECT_TRUE(entry.at_end());
}

TEST(TreeNode, AnInnerNodeSumsItsChildren) {
  const auto node = Node::parse(sample_inner());
  ASSERT_TRUE(node) << why(node);
  TreeSize sum;
  for (EntryCursor entry(**node); !entry.at_end(); entry.next()) {
    EXPECT_EQ(entry.child().hash, Hash::of(numbered("", entry.index())));
    sum.entries += entry.child().size.entries;
    sum.bytes += entry.child().size.bytes;
  }
  EXPECT_EQ((*node)->size(), sum);
}

TEST(TreeNode, SeeksEveryKeyAndEveryGap) {
  for (const Block& block : {sample_leaf(), sample_inner()}) {
    const NodePtr node = *Node::parse(block);
    std::vector<Bytes> keys;
    for (EntryCursor entry(*node); !entry.at_end(); entry.next()) keys.emplace_back(entry.key());
    EntryCursor entry(*node);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      EXPECT_TRUE(entry.seek(keys[i]));
      EXPECT_EQ(entry.index(), i);
      EXPECT_FALSE(entry.seek(keys[i] + '\0'));
      EXPECT_EQ(entry.index(), i + 1);
      entry.seek_index(i);
      EXPECT_EQ(entry.key(), keys[i]);
    }
    EXPECT_TRUE(entry.at_end() || entry.index() + 1 == keys.size());
  }
}

TEST(TreeNode, HasOneEncoding) {
  for (const Block& block : {sample_leaf(), sample_inner()}) {
    const NodePtr node = *Node::parse(block);
    EXPECT_EQ(encode_again(*node), block.bytes());
  }
}

TEST(TreeNode, EveryChangedByteIsRefusedOrAnotherCanonicalNode) {
  std::size_t refused = 0;
  std::size_t other = 0;
  for (const Block& block : {sample_leaf(), sample_inner()}) {
    const Bytes original(block.bytes());
    for (std::size_t at = 0; at < original.size(); ++at) {
      for (const unsigned flip : {0x01U, 0x02U, 0x10U, 0x80U, 0xffU}) {
        Bytes changed = original;
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
        const auto node = Node::parse(Block::of(changed));
        if (!node) {
          ++refused;
          ASSERT_EQ(node.error().code, ErrorCode::corrupt);
        } else {
          ++other;
          ASSERT_EQ(encode_again(**node), changed) << "byte " << at;
        }
      }
    }
  }
  EXPECT_GT(refused, 1'000U);
  EXPECT_GT(other, 1'000U);
}

TEST(TreeNode, EveryPrefixIsRefused) {
  for (const Block& block : {sample_leaf(), sample_inner()}) {
    for (std::size_t size = 0; size < block.size(); ++size) {
      ASSERT_FALSE(is_node(Bytes(block.bytes().substr(0, size)))) << size;
    }
  }
}

TEST(TreeNode, RandomBytesAreRefusedOrCanonical) {
  for_each_seed(3, [](Generator& generator) {
    for (int i = 0; i < 3'000; ++i) {
      Bytes bytes = generator.bytes(static_cast<std::size_t>(generator.below(60)));
      // Near enough to a node to get past the header.
      if (bytes.size() >= 4)
        bytes.replace(0, 4,
                      Bytes{0, static_cast<char>(generator.below(2)),
                            static_cast<char>(generator.below(4)), 0});
      const auto node = Node::parse(Block::of(bytes));
      ASSERT_EQ(node ? encode_again(**node) : bytes, bytes);
    }
  });
}

TEST(TreeNode, RefusesWhatIsNotCanonical) {
  const Bytes value = inline_payload("v");
  const Bytes child = child_payload(Hash::of("child"));
  ASSERT_TRUE(is_node(raw_node(0, {{0, "a", value}, {1, "b", value}})));
  ASSERT_TRUE(is_node(raw_node(1, {{0, "a", child}, {1, "b", child}})));

  EXPECT_FALSE(is_node(raw_node(0, {}))) << "no entries";
  EXPECT_FALSE(is_node(raw_node(kTreeFormat.level_max + 1, {{0, "a", child}}))) << "level";
  EXPECT_FALSE(is_node("\x01" + raw_node(0, {{0, "a", value}}).substr(1))) << "version";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", value}}) + "x")) << "bytes follow";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "b", value}, {0, "a", value}}))) << "order";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", value}, {1, "", value}}))) << "repeated key";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", value}, {0, "ab", value}})))
      << "shares less than it could";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "ab", value}, {1, "b", value}})))
      << "shares less than it could";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", value}, {2, "b", value}})))
      << "shares more than there is";
  EXPECT_FALSE(is_node(raw_node(0, {{1, "a", value}}))) << "shares with nothing";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", Bytes("\x82\x00v", 3)}}))) << "long varint";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", "\x03v"}}))) << "a small value outside the leaf";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", "\x82\x10" + Bytes(1'025, 'v')}})))
      << "a large value inside the leaf";
  EXPECT_FALSE(is_node(raw_node(1, {{0, "a", child_payload(Hash{})}}))) << "no child";
  const Bytes hash(Hash::of("h").bytes());
  const Bytes zeros(Hash::kSize, '\0');
  const Bytes middle = "\x83\x20";     // 2049 bytes outside the leaf
  const Bytes large = "\x83\x80\x10";  // 131073 bytes
  ASSERT_TRUE(is_node(raw_node(0, {{0, "a", middle + hash}, {1, "b", large + hash + hash}})));
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", "\x83\x80\x80\x40" + hash + hash}})))
      << "a value that is too large";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", middle + zeros}}))) << "no block of a value";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", large + zeros + hash}}))) << "no value";
  EXPECT_FALSE(is_node(raw_node(0, {{0, "a", large + hash + zeros}}))) << "no index of a value";
  EXPECT_FALSE(is_node(raw_node(1, {{0, "a", child_payload(Hash::of("c"), 0)}})))
      << "an empty child";
  const Bytes most = Bytes(9, '\xff') + '\x01';
  EXPECT_FALSE(is_node(raw_node(1, {{0, "a", Bytes(Hash::of("c").bytes()) + most + '\1'},
                                    {0, "b", Bytes(Hash::of("d").bytes()) + most + '\1'}})))
      << "sizes that overflow";
}

TEST(TreeNode, RefusesAWrongTableOfRestarts) {
  std::vector<RawEntry> entries;
  for (char c = 'a'; c < 'a' + 17; ++c) entries.push_back({0, Bytes(1, c), inline_payload("v")});
  const std::size_t second = 4 + 2 + 16 * 5;
  EXPECT_TRUE(is_node(raw_node(0, entries, {second})));
  EXPECT_FALSE(is_node(raw_node(0, entries, {second + 1})));
  EXPECT_FALSE(is_node(raw_node(0, entries, {second - 5})));
  EXPECT_FALSE(is_node(raw_node(0, entries, {})));
  EXPECT_FALSE(is_node(raw_node(0, entries, {second, second})));
  entries.back() = {0, "a", inline_payload("v")};
  EXPECT_FALSE(is_node(raw_node(0, entries, {second}))) << "keys ascend over restarts too";
}

TEST(TreeNode, AKeyHasABound) {
  NodeWriter writer(0);
  writer.add(Bytes(kKeyBytesMax, 'k'), split_value("v")->stored.view());
  const Block block = writer.finish();
  EXPECT_TRUE(Node::parse(block));
  Bytes longer(block.bytes());
  // The length 1024 is 0x80 0x08.
  ASSERT_EQ(longer.substr(5, 2), "\x80\x08");
  longer[5] = static_cast<char>(0x81);
  longer.insert(7, "k");
  EXPECT_FALSE(is_node(longer));
}

TEST(TreeValue, IsInlineUpToABoundThenABlockThenChunks) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kTreeFormat.inline_value_bytes_max}) {
    const auto split = split_value(Bytes(size, 'v'));
    EXPECT_TRUE(split->stored.view().is_inline());
    EXPECT_TRUE(split->blocks.empty());
    EXPECT_EQ(split->stored.view().hash(), Hash::of(Bytes(size, 'v')));
  }
  for (const std::size_t size :
       {kTreeFormat.inline_value_bytes_max + 1, kTreeFormat.value_chunk_bytes}) {
    const auto split = split_value(Bytes(size, 'v'));
    EXPECT_FALSE(split->stored.view().is_inline());
    EXPECT_FALSE(split->stored.view().is_chunked());
    ASSERT_EQ(split->blocks.size(), 1U);
    EXPECT_EQ(split->blocks[0].hash(), split->stored.view().hash());
    EXPECT_EQ(split->blocks[0].bytes(), Bytes(size, 'v'));
  }
  const auto split = split_value(Bytes(kTreeFormat.value_chunk_bytes + 1, 'v'));
  EXPECT_TRUE(split->stored.view().is_chunked());
  ASSERT_EQ(split->blocks.size(), 3U);
  EXPECT_EQ(split->blocks[1].size(), 1U);
  EXPECT_EQ(split->blocks[2].hash(), split->stored.view().index());
}

TEST(TreeValue, ComesBackWhole) {
  WatchedArchive archive;
  NodeSource source(archive);
  Generator generator(1);
  Model model;
  for (const std::size_t size : {0U, 1U, 1'024U, 1'025U, 65'536U, 65'537U, 131'072U, 300'000U}) {
    model.emplace(numbered("v", size), generator.bytes(size));
  }
  const Hash root = build(archive, model);
  archive.forget_counts();
  EXPECT_EQ(entries_of(source, root),
            (std::vector<std::pair<Bytes, Bytes>>(model.begin(), model.end())));
  std::vector<StoredValue> all;
  std::vector<ValueView> views;
  for (const auto& entry : model) all.push_back(split_value(entry.second)->stored);
  for (const StoredValue& value : all) views.push_back(value.view());
  archive.forget_counts();
  const auto values = load_values(source, views);
  ASSERT_TRUE(values) << why(values);
  std::size_t next = 0;
  for (const auto& entry : model) EXPECT_EQ((*values)[next++], entry.second);
  EXPECT_EQ(archive.get_calls, 2U) << "first blocks and indexes, then chunks";
}

TEST(TreeValue, AbsentPartsAreNamedTogether) {
  WatchedArchive archive;
  NodeSource source(archive);
  Generator generator(1);
  const auto large = split_value(generator.bytes(200'000));
  const auto small = split_value(generator.bytes(2'000));
  ASSERT_TRUE(archive.inner.put(large->blocks));
  ASSERT_TRUE(archive.inner.put(small->blocks));
  const std::vector<ValueView> views{large->stored.view(), small->stored.view()};
  archive.hidden = {small->blocks[0].hash(), large->blocks[1].hash(), large->blocks[2].hash()};
  const auto loaded = load_values(source, views);
  ASSERT_EQ(code_of(loaded), ErrorCode::missing_blocks);
  EXPECT_EQ(std::set<Hash>(loaded.error().missing.begin(), loaded.error().missing.end()),
            archive.hidden);
}

TEST(TreeValue, ChunksThatAreNotTheValueAreCorrupt) {
  MemoryArchive archive;
  NodeSource source(archive);
  const auto a = split_value(Bytes(100'000, 'a'));
  const auto b = split_value(Bytes(100'000, 'b'));
  ASSERT_TRUE(archive.put(a->blocks));
  ASSERT_TRUE(archive.put(b->blocks));
  // The hash of one value with the index of the other.
  const Bytes of_a(a->stored.view().payload());
  const Bytes of_b(b->stored.view().payload());
  const Bytes mixed = of_a.substr(0, of_a.size() - 32) + of_b.substr(of_b.size() - 32);
  EXPECT_EQ(code_of(load_value(source, ValueView(mixed))), ErrorCode::corrupt);
}

TEST(TreeValue, IsBounded) {
  EXPECT_EQ(code_of(split_value(Bytes(kValueBytesMax + 1, 'v'))), ErrorCode::too_large);
}

TEST(TreeBuild, RefusesKeysOutOfOrderAndTooLongOnesAndGoesOn) {
  MemoryArchive archive;
  TreeBuilder builder(archive);
  ASSERT_TRUE(builder.add("b", "1"));
  EXPECT_EQ(code_of(builder.add("b", "2")), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(builder.add("a", "2")), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(builder.add(Bytes(kKeyBytesMax + 1, 'c'), "2")), ErrorCode::too_large);
  ASSERT_TRUE(builder.add("c", "3"));
  EXPECT_EQ(builder.size(), (TreeSize{2, 4}));
  EXPECT_EQ(builder.finish().value(), root_of({{"b", "1"}, {"c", "3"}}));
}

TEST(TreeBuild, WritesEachBlockOnceAndChildrenFirst) {
  WatchedArchive archive;
  Model model = numbered_entries(30'000);
  model.emplace("large", Bytes(200'000, 'x') + Bytes(100'000, 'y'));
  const Hash root = build(archive, model);
  EXPECT_EQ(archive.put.back(), root);
  std::set<Hash> seen;
  for (const Hash& hash : archive.put) {
    const Block block = **archive.inner.get_one(hash);
    if (const auto node = Node::parse(block)) {
      for (const BlockRef& ref : refs_of(**node)) EXPECT_TRUE(seen.contains(ref.hash));
    }
    seen.insert(hash);
  }
  EXPECT_EQ(node_hashes(archive.inner, root).size() + 6, archive.put.size())
      << "six blocks of the value";
}

TEST(TreeBuild, NodesAreNeitherTinyNorHugeWhateverTheEntries) {
  for_each_seed(4, [](Generator& generator) {
    MemoryArchive archive;
    Model model = generator.entries(3'000);
    for (int i = 0; i < 60; ++i) model[generator.bytes(kKeyBytesMax)] = generator.bytes(1'024);
    const Hash root = build(archive, model);
    std::map<int, std::size_t> small;
    for (const NodePtr& node : nodes_of(archive, root)) {
      EXPECT_LE(node->block().size(), kNodeBytesMax);
      if (node->block().size() < kTreeFormat.cut_bytes_min()) ++small[node->level()];
    }
    for (const auto& [level, count] : small)
      EXPECT_LE(count, 1U) << "only the last of level " << level;
  });
}

TEST(TreeBuild, EveryInnerNodeButTheLastOfItsLevelHasTwoChildren) {
  MemoryArchive archive;
  const Hash root = build(archive, deep_entries(400, kKeyBytesMax));
  ASSERT_GE(depth_of(archive, root), 5U);
  std::map<int, std::size_t> single;
  for (const NodePtr& node : nodes_of(archive, root)) {
    if (!node->is_leaf() && node->count() < 2) ++single[node->level()];
  }
  for (const auto& [level, count] : single) EXPECT_LE(count, 1U) << "on level " << level;
}

TEST(TreeBuild, TheMeanSizeOfANodeIsTheTarget) {
  MemoryArchive archive;
  build(archive, numbered_entries(60'000));
  const std::size_t mean = archive.byte_count() / archive.block_count();
  EXPECT_GT(mean, kTreeFormat.node_bytes_target * 9 / 10);
  EXPECT_LT(mean, kTreeFormat.node_bytes_target * 11 / 10);
}

}  // namespace
}  // namespace dialog::test
