#pragma once

#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/archive.hpp"

namespace dialog {

/// Stands before an archive that may lie: turns an answer of the wrong length, a block that was not
/// asked for, or one that is too large into `corrupt`. It cannot tell a block that is said to be
/// absent from one that is. Thread-safe where the other archive is, which must outlive this object.
class VerifyingArchive final : public Archive {
 public:
  explicit VerifyingArchive(Archive& inner) : inner_(inner) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  Archive& inner_;
};

}  // namespace dialog
