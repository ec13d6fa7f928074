#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"

namespace dialog {

/// A BLAKE3-256 digest: the address of a block, or the root that names a whole tree.
/// All zeros names no block; as a root it is the empty tree.
class Hash {
 public:
  static constexpr std::size_t kSize = 32;

  /// All zeros.
  constexpr Hash() = default;

  /// BLAKE3 of `bytes`, without any prefix or key.
  static Hash of(ByteView bytes);

  /// Exactly 32 raw bytes; absent for any other length.
  static std::optional<Hash> from_bytes(ByteView raw);

  /// Exactly 64 hex digits of either case; absent for anything else.
  static std::optional<Hash> from_hex(std::string_view text);

  /// Valid as long as this object.
  [[nodiscard]] ByteView bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), kSize};
  }

  /// 64 lowercase hex digits.
  [[nodiscard]] std::string hex() const;

  [[nodiscard]] bool is_zero() const { return *this == Hash{}; }

  friend constexpr bool operator==(const Hash&, const Hash&) = default;
  /// By the bytes from the left.
  friend std::strong_ordering operator<=>(const Hash& a, const Hash& b) {
    return std::memcmp(a.bytes_.data(), b.bytes_.data(), kSize) <=> 0;
  }

 private:
  friend class Hasher;
  std::array<std::uint8_t, kSize> bytes_{};
};

/// BLAKE3 of each input, in order: as `Hash::of`, but several at once, which for many inputs of a
/// few KiB takes about half the time. As many hashes as inputs.
void hash_each(std::span<const ByteView> inputs, std::span<Hash> hashes);

/// Incremental BLAKE3, for what does not lie in memory in one piece. Not thread-safe.
class Hasher {
 public:
  Hasher();
  void update(ByteView bytes);
  [[nodiscard]] Hash finish() const;

 private:
  // Room for the state of the C implementation, whose header stays out of this one. Left
  // uninitialized here: the constructor's own initialization is cheaper than zeroing all of it.
  static constexpr std::size_t kStateSize = 1912;
  alignas(8) std::array<std::uint8_t, kStateSize> state_;
};

}  // namespace dialog

template <>
struct std::hash<dialog::Hash> {
  std::size_t operator()(const dialog::Hash& value) const noexcept {
    std::size_t word = 0;
    std::memcpy(&word, value.bytes().data(), sizeof word);
    return word;
  }
};
