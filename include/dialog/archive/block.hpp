#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

/// Immutable bytes with their hash. The two always belong together: a block can be made only by
/// computing the hash or by checking it, now or before. Copies share the bytes; safe to share
/// between threads.
class Block {
 public:
  /// Hashes `bytes`.
  static Block of(Bytes bytes);
  /// The same for each, in order; hashes several at once.
  static std::vector<Block> of_each(std::vector<Bytes> each);

  /// `corrupt` where the bytes do not hash to `expected`; `too_large` above `kBlockBytesMax`.
  static Result<Block> checked(const Hash& expected, Bytes bytes);

  /// The same for bytes that lie in something larger, which the block then keeps whole.
  static Result<Block> checked(const Hash& expected, std::shared_ptr<const Bytes> whole,
                               ByteView bytes);

  /// What is said to be a block.
  struct Claim {
    Hash hash;
    ByteView bytes;
  };
  /// `checked` for each claim, in order; hashes several at once. Fails as the first that is wrong.
  /// The blocks have copies of their bytes.
  static Result<std::vector<Block>> checked_each(std::span<const Claim> claims);

  /// For stores that have checked these very bytes before, and know by a checksum that they are
  /// still the same: takes the hash on trust. `bytes` lie in `whole`, which the block keeps.
  static Block unchecked(const Hash& hash, std::shared_ptr<const Bytes> whole, ByteView bytes);

  [[nodiscard]] const Hash& hash() const { return hash_; }
  /// Valid as long as any copy of this block.
  [[nodiscard]] ByteView bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  friend bool operator==(const Block& a, const Block& b) { return a.hash_ == b.hash_; }

 private:
  Block(const Hash& hash, std::shared_ptr<const Bytes> whole, ByteView bytes)
      : hash_(hash), whole_(std::move(whole)), bytes_(bytes) {}
  Hash hash_;
  std::shared_ptr<const Bytes> whole_;
  ByteView bytes_;  // of it
};

}  // namespace dialog
