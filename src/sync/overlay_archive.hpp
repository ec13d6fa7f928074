#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/archive.hpp"

namespace dialog {

/// Reads the upper archive, then the lower one; writes to the upper one only, and notes what it
/// wrote. Both must outlive it. Thread-safe.
class OverlayArchive final : public Archive {
 public:
  OverlayArchive(Archive& upper, Archive& lower) : upper_(upper), lower_(lower) {}

  /// Every block that was put, in order. Not to be read while others write.
  [[nodiscard]] const std::vector<Hash>& written() const { return written_; }

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  Archive& upper_;
  Archive& lower_;
  std::mutex mutex_;
  std::vector<Hash> written_;
};

}  // namespace dialog
