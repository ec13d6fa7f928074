#include "dialog/tree/proof.hpp"
#include "unit/tree_fixture.hpp"

namespace dialog::test {
namespace {

class TreeProof : public ::testing::Test {
 protected:
  void load(const Model& entries) {
    model = entries;
    root = build(archive, model);
    archive.forget_counts();
  }
  Bytes prove(ByteView key) {
    auto proof = prove_key(source, root, key);
    EXPECT_TRUE(proof) << why(proof);
    return proof.value_or(Bytes{});
  }
  static ErrorCode fault(const Hash& root, ByteView key, ByteView proof) {
    const auto verified = verify_key(root, key, proof);
    return verified ? ErrorCode::internal : verified.error().code;
  }

  WatchedArchive archive;
  NodeSource source{archive, std::size_t{0}};
  Model model;
  Hash root;
};

TEST_F(TreeProof, ShowsAnEntry) {
  load(numbered_entries(60'000));
  const Bytes key = numbered("key", 31'415);
  const auto verified = verify_key(root, key, prove(key));
  ASSERT_TRUE(verified) << why(verified);
  EXPECT_EQ(*verified, stored(model, key));
}

TEST_F(TreeProof, ShowsThatThereIsNoEntry) {
  load(numbered_entries(60'000));
  for (const Bytes& key : {numbered("key", 31'415) + "x", Bytes(""), Bytes("a"), Bytes("z"),
                           Bytes(kKeyBytesMax, 'k')}) {
    const auto verified = verify_key(root, key, prove(key));
    ASSERT_TRUE(verified) << why(verified);
    EXPECT_EQ(*verified, std::nullopt);
  }
}

TEST_F(TreeProof, IsOneNodePerLevel) {
  load(numbered_entries(60'000));
  const std::size_t depth = depth_of(archive.inner, root);
  const Bytes proof = prove(numbered("key", 31'415));
  EXPECT_EQ(archive.got.size(), depth);
  EXPECT_LE(proof.size(), 1 + depth * (kNodeBytesMax + 2));
}

TEST_F(TreeProof, OfTheEmptyTreeIsItsVersion) {
  load({});
  EXPECT_EQ(prove("k"), Bytes(1, '\0'));
  EXPECT_EQ(verify_key(root, "k", prove("k")).value(), std::nullopt);
}

TEST_F(TreeProof, ShowsAllOfARange) {
  load(numbered_entries(60'000));
  const KeyBounds range{numbered("key", 1'000), numbered("key", 1'500)};
  const auto proof = prove_range(source, root, range).value();
  const auto entries = verify_range(root, range, proof).value();
  ASSERT_EQ(entries.size(), 500U);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].key, numbered("key", 1'000 + i));
    EXPECT_EQ(entries[i].value, stored(model, entries[i].key));
  }
  EXPECT_EQ(archive.get_calls, depth_of(archive.inner, root));
}

TEST_F(TreeProof, ShowsALargeValueByItsHash) {
  Model entries = numbered_entries(10);
  entries["large"] = Bytes(200'000, 'x');
  load(entries);
  const auto verified = verify_key(root, "large", prove("large"));
  ASSERT_TRUE(verified) << why(verified);
  EXPECT_EQ((*verified)->view().size(), 200'000U);
  EXPECT_EQ((*verified)->view().hash(), Hash::of(entries["large"]));
}

TEST_F(TreeProof, OfAnotherTreeFails) {
  load(numbered_entries(1'000));
  const Bytes key = numbered("key", 5);
  const Bytes proof = prove(key);
  EXPECT_EQ(fault(Hash::of("another"), key, proof), ErrorCode::corrupt);
  EXPECT_EQ(fault(Hash{}, key, proof), ErrorCode::corrupt);
}

TEST_F(TreeProof, MayNotGoOn) {
  load(numbered_entries(1'000));
  const Bytes key = numbered("key", 5);
  const Bytes proof = prove(key);
  EXPECT_EQ(fault(root, key, proof + "x"), ErrorCode::corrupt);
  EXPECT_EQ(fault(root, key, proof + proof.substr(1)), ErrorCode::corrupt);
}

TEST_F(TreeProof, OfAVersionToComeFails) {
  load(numbered_entries(10));
  Bytes proof = prove("k");
  proof.front() = '\1';
  EXPECT_EQ(fault(root, "k", proof), ErrorCode::corrupt);
  EXPECT_EQ(fault(root, "k", ""), ErrorCode::corrupt);
}

TEST_F(TreeProof, IsBounded) {
  load(numbered_entries(60'000));
  const auto proof = prove_range(source, root, {}, 50'000);
  ASSERT_FALSE(proof.has_value());
  EXPECT_EQ(proof.error().code, ErrorCode::too_large);
  // Most of what would be too much was never read.
  EXPECT_LT(archive.got.size(), 60U);
}

// The whole tree of another map, sound by itself, under one forged parent: what a liar would try.
TEST_F(TreeProof, ANodeAtTheWrongPlaceFails) {
  load(numbered_entries(60'000));
  const Bytes key = numbered("key", 31'415);
  const Bytes other = numbered("key", 100);
  // Both begin with the root; what follows belongs to another key.
  EXPECT_EQ(fault(root, key, prove(other)), ErrorCode::corrupt);
}

}  // namespace
}  // namespace dialog::test
