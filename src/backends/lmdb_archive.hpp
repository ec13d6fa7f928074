#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "dialog/archive/archive.hpp"
#include "lmdb_environment.hpp"

namespace dialog::lmdb {

/// The blocks under one prefix of the table of blocks.
class BlockArchive final : public CollectableArchive {
 public:
  BlockArchive(std::shared_ptr<Environment> environment, Bytes prefix,
               std::size_t buffered_bytes_max, Clock& clock,
               std::optional<std::string> counted_did = {})
      : environment_(std::move(environment)),
        prefix_(std::move(prefix)),
        counted_did_(std::move(counted_did)),
        buffered_bytes_max_(buffered_bytes_max),
        clock_(clock) {}

  Result<void> for_each(const std::function<bool(const Hash&, ByteView)>& visit) override;
  Result<void> remove(std::span<const Hash> hashes) override;
  /// Nothing: the file keeps its size, and what is put later fills it again.
  Result<std::uint64_t> reclaim(const Context&) override { return 0; }

  /// For jobs that make this archive's buffered blocks durable with a change of their own: `stage`
  /// in `apply`, then `unstage` in `undone` or `settle` in `done`.
  Result<void> stage(WriteTransaction& transaction);
  void unstage();
  void settle();
  [[nodiscard]] std::size_t buffered_bytes() const;

 private:
  class Flush;
  class Removal;
  using Blocks = std::unordered_map<Hash, Block>;

  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override;
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override;
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override;
  Result<void> do_flush(const Context& context) override;

  Result<void> count(WriteTransaction& transaction, std::span<const Block> blocks) const;
  const Block* find_buffered(const Hash& hash) const;
  [[nodiscard]] Bytes key_of(const Hash& hash) const { return prefix_ + Bytes(hash.bytes()); }

  const std::shared_ptr<Environment> environment_;
  const Bytes prefix_;
  /// Of a subject whose account tells what is here.
  const std::optional<std::string> counted_did_;
  const std::size_t buffered_bytes_max_;
  Clock& clock_;

  mutable std::mutex mutex_;
  Blocks waiting_;
  // Written in the transaction that is under way. Still shown from here: it may fail.
  Blocks staged_;
  std::size_t waiting_bytes_ = 0;
};

struct BlockCount {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

/// Checks every block of a database, under whatever prefix, against its hash, and counts them.
Result<BlockCount> check_blocks(Environment& environment);

}  // namespace dialog::lmdb
