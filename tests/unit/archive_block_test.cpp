#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>

#include "dialog/archive/block.hpp"
#include "dialog/archive/memory_archive.hpp"
#include "dialog/base/limits.hpp"

namespace dialog {
namespace {

TEST(Block, BelongsToItsHash) {
  const Block block = Block::of("bytes");
  EXPECT_EQ(block.hash(), Hash::of("bytes"));
  EXPECT_EQ(block.bytes(), "bytes");
  EXPECT_EQ(block.size(), 5U);
}

TEST(Block, CopiesShareTheirBytes) {
  std::optional<Block> first = Block::of("shared");
  const Block second = *first;
  const char* const place = first->bytes().data();
  first.reset();
  EXPECT_EQ(second.bytes().data(), place);
  EXPECT_EQ(second.bytes(), "shared");
}

TEST(Block, IsMadeOfBytesThatHaveTheExpectedHash) {
  const auto block = Block::checked(Hash::of("bytes"), "bytes");
  ASSERT_TRUE(block);
  EXPECT_EQ(*block, Block::of("bytes"));
}

TEST(Block, IsNotMadeOfOtherBytes) {
  const auto block = Block::checked(Hash::of("bytes"), "bytez");
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().code, ErrorCode::corrupt);
  EXPECT_THAT(block.error().message, ::testing::HasSubstr(Hash::of("bytes").hex()));
}

TEST(Block, KeepsTheLargerThingThatItsBytesLieIn) {
  auto whole = std::make_shared<const Bytes>("header bytes");
  const ByteView part = ByteView(*whole).substr(7);
  const auto block = Block::checked(Hash::of("bytes"), whole, part);
  const auto other = Block::checked(Hash::of("bytes"), whole, ByteView(*whole).substr(0, 5));
  const Block trusted = Block::unchecked(Hash::of("bytes"), whole, part);
  whole.reset();
  ASSERT_TRUE(block);
  EXPECT_EQ(block->bytes(), "bytes");
  EXPECT_EQ(block->bytes().data(), trusted.bytes().data());
  EXPECT_EQ(other.error().code, ErrorCode::corrupt);
}

TEST(Block, AreMadeOfManyClaimsInTheirOrder) {
  const auto blocks = Block::checked_each(
      std::vector<Block::Claim>{{Hash::of("one"), "one"}, {Hash::of("two"), "two"}});
  ASSERT_TRUE(blocks);
  EXPECT_THAT(*blocks, ::testing::ElementsAre(Block::of("one"), Block::of("two")));
  EXPECT_EQ(blocks->back().bytes(), "two");
}

TEST(Block, AreNotMadeWhereOneClaimOfManyIsWrong) {
  const auto blocks = Block::checked_each(std::vector<Block::Claim>{
      {Hash::of("one"), "one"}, {Hash::of("two"), "tow"}, {Hash::of("three"), "trhee"}});
  ASSERT_FALSE(blocks);
  EXPECT_EQ(blocks.error().code, ErrorCode::corrupt);
  EXPECT_THAT(blocks.error().message, ::testing::HasSubstr(Hash::of("two").hex()));
}

TEST(Block, AreBoundedAmongManyClaims) {
  const Bytes large(kBlockBytesMax + 1, 'x');
  const auto blocks =
      Block::checked_each(std::vector<Block::Claim>{{Hash::of("one"), "one"}, {Hash(), large}});
  ASSERT_FALSE(blocks);
  EXPECT_EQ(blocks.error().code, ErrorCode::too_large);
}

TEST(Block, IsBounded) {
  const Bytes fits(kBlockBytesMax, 'x');
  EXPECT_TRUE(Block::checked(Hash::of(fits), fits));
  const Bytes large = fits + "x";
  const auto block = Block::checked(Hash::of(large), large);
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().code, ErrorCode::too_large);
}

TEST(MemoryArchive, CountsItsBlocksAndBytes) {
  MemoryArchive archive;
  const std::vector<Block> blocks{Block::of("a"), Block::of("bcd"), Block::of("a")};
  ASSERT_TRUE(archive.put(blocks));
  ASSERT_TRUE(archive.put(blocks));
  EXPECT_EQ(archive.block_count(), 2U);
  EXPECT_EQ(archive.byte_count(), 4U);
  const std::vector<Hash> removed{Hash::of("bcd"), Hash::of("none")};
  ASSERT_TRUE(archive.remove(removed));
  EXPECT_EQ(archive.block_count(), 1U);
  EXPECT_EQ(archive.byte_count(), 1U);
}

TEST(MemoryArchive, AVisitorMayUseIt) {
  MemoryArchive archive;
  ASSERT_TRUE(archive.put(std::vector<Block>{Block::of("a"), Block::of("b")}));
  int visits = 0;
  ASSERT_TRUE(archive.for_each([&](const Hash& hash, ByteView) {
    EXPECT_TRUE(archive.remove({&hash, 1}));
    ++visits;
    return true;
  }));
  EXPECT_EQ(visits, 2);
  EXPECT_EQ(archive.block_count(), 0U);
}

}  // namespace
}  // namespace dialog
