#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/clock.hpp"

namespace dialog {

/// Blocks in memory, gone with this object; `flush` has nothing to do. Thread-safe. Never waits for
/// anything but its own lock.
class MemoryArchive final : public CollectableArchive {
 public:
  /// Deadlines are measured on `clock`, which must outlive this object.
  explicit MemoryArchive(Clock& clock = system_clock()) : clock_(clock) {}

  /// How many blocks are here, and how many bytes they have in all.
  [[nodiscard]] std::size_t block_count() const;
  [[nodiscard]] std::size_t byte_count() const;

  Result<void> for_each(const std::function<bool(const Hash&, ByteView)>& visit) override;
  Result<void> remove(std::span<const Hash> hashes) override;
  /// Nothing: what is removed is freed at once.
  Result<std::uint64_t> reclaim(const Context&) override { return 0; }

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<Hash, Block> blocks_;
  std::size_t byte_count_ = 0;
};

}  // namespace dialog
