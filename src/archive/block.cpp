#include "dialog/archive/block.hpp"

#include <string>

#include "block_size.hpp"
#include "dialog/base/limits.hpp"

namespace dialog {

Result<void> check_block_size(const Hash& hash, std::size_t size) {
  if (size <= kBlockBytesMax) return {};
  return fail(ErrorCode::too_large, "block " + hash.hex() + " has " + std::to_string(size) +
                                        " bytes; at most " + std::to_string(kBlockBytesMax) +
                                        " are allowed");
}

namespace {

Result<void> compare(const Hash& expected, const Hash& actual) {
  if (actual == expected) return {};
  return fail(ErrorCode::corrupt,
              "the bytes of block " + expected.hex() + " hash to " + actual.hex());
}

}  // namespace

Block Block::of(Bytes bytes) {
  const Hash hash = Hash::of(bytes);
  const auto whole = std::make_shared<const Bytes>(std::move(bytes));
  return {hash, whole, *whole};
}

std::vector<Block> Block::of_each(std::vector<Bytes> each) {
  const std::vector<ByteView> views(each.begin(), each.end());
  std::vector<Hash> hashes(each.size());
  hash_each(views, hashes);
  std::vector<Block> blocks;
  blocks.reserve(each.size());
  for (std::size_t i = 0; i < each.size(); ++i) {
    const auto whole = std::make_shared<const Bytes>(std::move(each[i]));
    blocks.push_back(Block(hashes[i], whole, *whole));
  }
  return blocks;
}

Block Block::unchecked(const Hash& hash, std::shared_ptr<const Bytes> whole, ByteView bytes) {
  return {hash, std::move(whole), bytes};
}

Result<Block> Block::checked(const Hash& expected, std::shared_ptr<const Bytes> whole,
                             ByteView bytes) {
  DIALOG_TRY(check_block_size(expected, bytes.size()));
  DIALOG_TRY(compare(expected, Hash::of(bytes)));
  return Block{expected, std::move(whole), bytes};
}

Result<Block> Block::checked(const Hash& expected, Bytes bytes) {
  const auto whole = std::make_shared<const Bytes>(std::move(bytes));
  return checked(expected, whole, *whole);
}

Result<std::vector<Block>> Block::checked_each(std::span<const Claim> claims) {
  std::vector<ByteView> views;
  views.reserve(claims.size());
  for (const Claim& claim : claims) {
    DIALOG_TRY(check_block_size(claim.hash, claim.bytes.size()));
    views.push_back(claim.bytes);
  }
  std::vector<Hash> hashes(claims.size());
  hash_each(views, hashes);
  std::vector<Block> blocks;
  blocks.reserve(claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    DIALOG_TRY(compare(claims[i].hash, hashes[i]));
    const auto whole = std::make_shared<const Bytes>(claims[i].bytes);
    blocks.push_back(Block(hashes[i], whole, *whole));
  }
  return blocks;
}

}  // namespace dialog
