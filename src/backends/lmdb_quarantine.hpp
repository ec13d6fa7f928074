#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "dialog/archive/memory_archive.hpp"
#include "folder.hpp"
#include "lmdb_archive.hpp"

namespace dialog::lmdb {

/// Unproven blocks: the first ones in memory, what is beyond a bound in a temporary database.
class Quarantine final : public Archive {
 public:
  Quarantine(std::string folder, const LmdbOptions& options)
      : folder_(std::move(folder)), options_(options), memory_(*options.clock) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  struct Spill {
    // In this order: the database goes before its folder.
    std::unique_ptr<ScratchFolder> folder;
    std::unique_ptr<BlockArchive> archive;
  };
  Archive* spilled() const;
  Result<Archive*> spill();

  const std::string folder_;
  const LmdbOptions options_;
  MemoryArchive memory_;
  mutable std::mutex mutex_;
  Spill spill_;
};

}  // namespace dialog::lmdb
