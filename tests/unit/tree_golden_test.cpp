#include <charconv>

#include "dialog/tree/node_writer.hpp"
#include "golden/tree_no_nodes_txt.hpp"
#include "golden/tree_nodes_txt.hpp"
#include "golden/tree_txt.hpp"
#include "support/golden.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

template <class Number = std::size_t>
Number number(std::string_view digits) {
  Number value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Bytes repeated_hash(std::size_t i, std::size_t size) {
  const Hash hash = Hash::of(std::to_string(i));
  Bytes bytes;
  while (bytes.size() < size) bytes += hash.bytes();
  bytes.resize(size);
  return bytes;
}

/// What a recipe of the golden file makes of entry `i`.
Bytes make(std::string_view recipe, std::size_t i) {
  const std::string_view name = recipe.substr(0, recipe.find(':'));
  const std::string_view argument = recipe.substr(name.size() + 1);
  if (name == "decimal") return numbered(Bytes(argument).c_str(), i);
  if (name == "hash") return repeated_hash(i, number(argument));
  Bytes text = std::to_string(i);
  text.resize(number(argument), '.');
  return text;
}

TEST(TreeGolden, RecipesGiveTheirRoots) {
  std::size_t deep = 0;
  for (const auto& row : golden_rows(golden::tree_txt, 7)) {
    Model model;
    for (std::size_t i = 0; i < number(row[0]); ++i)
      model.emplace(make(row[1], i), make(row[2], i));
    ASSERT_EQ(model.size(), number(row[0]));
    MemoryArchive archive;
    const Hash root = build(archive, model);
    const std::size_t depth = depth_of(archive, root);
    EXPECT_EQ(root.hex() + " " + std::to_string(depth) + " " +
                  std::to_string(archive.block_count()) + " " +
                  std::to_string(archive.byte_count()),
              Bytes(row[3]) + " " + Bytes(row[4]) + " " + Bytes(row[5]) + " " + Bytes(row[6]))
        << row[0] << " " << row[1] << " " << row[2];
    deep += depth >= 3 ? 1 : 0;
  }
  EXPECT_GE(deep, 4U);
}

TEST(TreeGolden, NodesReadAsTheyShould) {
  std::size_t nodes = 0;
  for (const auto& row : golden_rows(golden::tree_nodes_txt, 5)) {
    const auto node = Node::parse(Block::of(golden_bytes(row[4])));
    ASSERT_TRUE(node) << why(node);
    EXPECT_EQ((*node)->hash().hex(), row[0]);
    EXPECT_EQ((*node)->level(), number(row[1]));
    EXPECT_EQ((*node)->size(),
              (TreeSize{number<std::uint64_t>(row[2]), number<std::uint64_t>(row[3])}));
    NodeWriter writer((*node)->level());
    for (EntryCursor entry(**node); !entry.at_end(); entry.next()) {
      writer.add_encoded(entry.key(), entry.payload());
    }
    EXPECT_EQ(writer.finish().hash().hex(), row[0]);
    ++nodes;
  }
  EXPECT_GE(nodes, 5U);
}

TEST(TreeGolden, WhatIsNoNodeIsRefused) {
  std::size_t refused = 0;
  for (const auto& row : golden_rows(golden::tree_no_nodes_txt, 2)) {
    EXPECT_EQ(code_of(Node::parse(Block::of(golden_bytes(row[0])))), ErrorCode::corrupt) << row[1];
    ++refused;
  }
  EXPECT_GE(refused, 20U);
}

}  // namespace
}  // namespace dialog::test
