#include "dialog/archive/block.hpp"

#include <string>

#include "dialog/base/limits.hpp"

namespace dialog {

Block Block::of(Bytes bytes) {
  const Hash hash = Hash::of(bytes);
  return {hash, std::make_shared<const Bytes>(std::move(bytes))};
}

Result<Block> Block::checked(const Hash& expected, Bytes bytes) {
  if (bytes.size() > kBlockBytesMax) {
    return fail(ErrorCode::too_large, "block " + expected.hex() + " has " +
                                          std::to_string(bytes.size()) + " bytes; at most " +
                                          std::to_string(kBlockBytesMax) + " are allowed");
  }
  const Hash actual = Hash::of(bytes);
  if (actual != expected) {
    return fail(ErrorCode::corrupt,
                "the bytes of block " + expected.hex() + " hash to " + actual.hex());
  }
  return Block{actual, std::make_shared<const Bytes>(std::move(bytes))};
}

}  // namespace dialog
