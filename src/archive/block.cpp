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

Block Block::of(Bytes bytes) {
  const Hash hash = Hash::of(bytes);
  const auto whole = std::make_shared<const Bytes>(std::move(bytes));
  return {hash, whole, *whole};
}

Block Block::unchecked(const Hash& hash, std::shared_ptr<const Bytes> whole, ByteView bytes) {
  return {hash, std::move(whole), bytes};
}

Result<Block> Block::checked(const Hash& expected, std::shared_ptr<const Bytes> whole,
                             ByteView bytes) {
  DIALOG_TRY(check_block_size(expected, bytes.size()));
  const Hash actual = Hash::of(bytes);
  if (actual != expected) {
    return fail(ErrorCode::corrupt,
                "the bytes of block " + expected.hex() + " hash to " + actual.hex());
  }
  return Block{actual, std::move(whole), bytes};
}

Result<Block> Block::checked(const Hash& expected, Bytes bytes) {
  const auto whole = std::make_shared<const Bytes>(std::move(bytes));
  return checked(expected, whole, *whole);
}

}  // namespace dialog
