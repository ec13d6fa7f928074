#include "dialog/archive/archive.hpp"

#include <string>

#include "dialog/base/limits.hpp"

namespace dialog {

Result<std::optional<Block>> Archive::get_one(const Hash& hash, const Context& context) {
  DIALOG_ASSIGN(auto found, do_get({&hash, 1}, context));
  if (found.size() != 1) {
    return fail(ErrorCode::internal,
                "an archive answered one hash with " + std::to_string(found.size()) + " blocks");
  }
  return std::move(found.front());
}

Result<void> check_block_sizes(std::span<const Block> blocks) {
  for (const Block& block : blocks) {
    if (block.size() > kBlockBytesMax) {
      return fail(ErrorCode::too_large, "block " + block.hash().hex() + " has " +
                                            std::to_string(block.size()) + " bytes; at most " +
                                            std::to_string(kBlockBytesMax) + " are allowed");
    }
  }
  return {};
}

}  // namespace dialog
