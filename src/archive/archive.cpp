#include "dialog/archive/archive.hpp"

#include <string>

#include "block_size.hpp"

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
  for (const Block& block : blocks) DIALOG_TRY(check_block_size(block.hash(), block.size()));
  return {};
}

Result<void> check_answer(std::span<const Hash> hashes,
                          std::span<const std::optional<Block>> found) {
  if (found.size() != hashes.size()) {
    return fail(ErrorCode::corrupt, "an archive answered " + std::to_string(hashes.size()) +
                                        " hashes with " + std::to_string(found.size()) + " blocks");
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!found[i]) continue;
    if (found[i]->hash() != hashes[i]) {
      return fail(ErrorCode::corrupt, "an archive answered " + hashes[i].hex() + " with block " +
                                          found[i]->hash().hex());
    }
    if (auto fits = check_block_size(hashes[i], found[i]->size()); !fits) {
      return fail(ErrorCode::corrupt, fits.error().message);
    }
  }
  return {};
}

}  // namespace dialog
