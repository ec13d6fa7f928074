#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/context.hpp"

namespace dialog {

/// Keeps immutable, hash-addressed blocks. Every call takes a whole batch; an implementation over a
/// network decides by itself how many requests to run at once. All calls are thread-safe. All may
/// block; each obeys the deadline and the cancellation of its context, but for a write to a disk
/// that has begun: that is waited for.
///
/// Errors of every call: `storage_failed`, `storage_full` (put and flush), `unavailable`,
/// `timeout`, `cancelled`, `unauthorized`. After an error of `put` any part of the batch may be
/// there.
class Archive {
 public:
  Archive() = default;
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  virtual ~Archive() = default;

  /// One element per hash, in order; empty where the block is absent, which is no error. Repeats
  /// are allowed. Each returned block's bytes hash to its address: `corrupt` where stored bytes do
  /// not.
  [[nodiscard]] Result<std::vector<std::optional<Block>>> get(std::span<const Hash> hashes,
                                                              const Context& context = {}) {
    return do_get(hashes, context);
  }

  /// The same for one hash.
  [[nodiscard]] Result<std::optional<Block>> get_one(const Hash& hash, const Context& context = {});

  /// Stores blocks; one that is there already stays. Visible to every later call through this
  /// object at once, durable and visible to other processes not before `flush`. `too_large` above
  /// `kBlockBytesMax`.
  [[nodiscard]] Result<void> put(std::span<const Block> blocks, const Context& context = {}) {
    return do_put(blocks, context);
  }

  /// One element per hash, in order: whether the block is there. Says nothing about what it refers
  /// to.
  [[nodiscard]] Result<std::vector<bool>> has(std::span<const Hash> hashes,
                                              const Context& context = {}) {
    return do_has(hashes, context);
  }

  /// On return, every block that `put` accepted before is durable: it survives a power cut.
  [[nodiscard]] Result<void> flush(const Context& context = {}) { return do_flush(context); }

 private:
  virtual Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                           const Context& context) = 0;
  virtual Result<void> do_put(std::span<const Block> blocks, const Context& context) = 0;
  virtual Result<std::vector<bool>> do_has(std::span<const Hash> hashes,
                                           const Context& context) = 0;
  virtual Result<void> do_flush(const Context& context) = 0;
};

/// What garbage collection and verification need beyond `Archive`. Local archives provide it,
/// remote ones don't.
class CollectableArchive : public Archive {
 public:
  /// Calls `visit` with the hash and the stored bytes of every flushed block, in no particular
  /// order, from one snapshot; the bytes are as stored, unchecked, and valid during the call only.
  /// Stops where `visit` returns false. Writers go on meanwhile.
  virtual Result<void> for_each(const std::function<bool(const Hash&, ByteView)>& visit) = 0;

  /// Forgets blocks; absent ones are no error. Durable at return.
  virtual Result<void> remove(std::span<const Hash> hashes) = 0;

  /// Gives the room of what was removed back to the system, as far as the archive can; returns how
  /// many bytes. Others go on meanwhile.
  virtual Result<std::uint64_t> reclaim(const Context& context) = 0;
};

/// For implementations of `put`: `too_large` where a block exceeds `kBlockBytesMax`.
Result<void> check_block_sizes(std::span<const Block> blocks);

/// For callers of a `get` that may answer falsely: `corrupt` unless `found` has one element per
/// hash, in order, each of them empty or the block of that hash, none above `kBlockBytesMax`.
/// Hashes nothing: a block's bytes cannot differ from its own hash.
Result<void> check_answer(std::span<const Hash> hashes,
                          std::span<const std::optional<Block>> found);

}  // namespace dialog
