#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/archive.hpp"

namespace dialog {

/// What went through one kind of call.
struct OperationCount {
  std::uint64_t calls = 0;   ///< failed ones too
  std::uint64_t errors = 0;  ///< calls that failed
  std::uint64_t hashes = 0;  ///< hashes asked for (get, has) or blocks given (put)
  std::uint64_t blocks =
      0;  ///< blocks that were found (get, has), or accepted by a put without error
  std::uint64_t bytes = 0;  ///< the bytes of those blocks; 0 for has

  friend bool operator==(const OperationCount&, const OperationCount&) = default;
};

struct ArchiveCounts {
  OperationCount get;
  OperationCount put;
  OperationCount has;
  OperationCount flush;

  friend bool operator==(const ArchiveCounts&, const ArchiveCounts&) = default;
};

/// Counts what goes to another archive, exactly. Thread-safe where the other archive is, which must
/// outlive this object.
class CountingArchive final : public Archive {
 public:
  explicit CountingArchive(Archive& inner) : inner_(inner) {}

  [[nodiscard]] ArchiveCounts counts() const;
  /// Starts again at zero and returns what was counted until now.
  ArchiveCounts reset();

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  void add(OperationCount ArchiveCounts::* operation, const OperationCount& count);

  Archive& inner_;
  mutable std::mutex mutex_;
  ArchiveCounts counts_;
};

}  // namespace dialog
