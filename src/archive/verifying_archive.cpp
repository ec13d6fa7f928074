#include "dialog/archive/verifying_archive.hpp"

#include <string>

namespace dialog {

Result<std::vector<std::optional<Block>>> VerifyingArchive::do_get(std::span<const Hash> hashes,
                                                                   const Context& context) {
  DIALOG_ASSIGN(auto found, inner_.get(hashes, context));
  DIALOG_TRY(check_answer(hashes, found));
  return found;
}

Result<void> VerifyingArchive::do_put(std::span<const Block> blocks, const Context& context) {
  return inner_.put(blocks, context);
}

Result<std::vector<bool>> VerifyingArchive::do_has(std::span<const Hash> hashes,
                                                   const Context& context) {
  DIALOG_ASSIGN(auto present, inner_.has(hashes, context));
  if (present.size() != hashes.size()) {
    return fail(ErrorCode::corrupt, "an archive answered " + std::to_string(hashes.size()) +
                                        " hashes with " + std::to_string(present.size()) +
                                        " answers");
  }
  return present;
}

Result<void> VerifyingArchive::do_flush(const Context& context) { return inner_.flush(context); }

}  // namespace dialog
