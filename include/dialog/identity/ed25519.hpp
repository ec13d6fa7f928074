#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

/// An Ed25519 signature. Holds any 64 bytes; `verify` decides what they are worth.
class Signature {
 public:
  static constexpr std::size_t kSize = 64;

  /// Absent for any other length than 64.
  static std::optional<Signature> from_bytes(ByteView raw);
  /// Valid as long as this object.
  [[nodiscard]] ByteView bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), kSize};
  }

  friend bool operator==(const Signature&, const Signature&) = default;
  friend std::strong_ordering operator<=>(const Signature& a, const Signature& b) {
    return a.bytes().compare(b.bytes()) <=> 0;
  }

 private:
  friend class SecretKey;
  friend class PublicKey;
  Signature() = default;
  std::array<std::uint8_t, kSize> bytes_{};
};

/// An Ed25519 public key. Holds any 32 bytes; `verify` decides what they are worth.
class PublicKey {
 public:
  static constexpr std::size_t kSize = 32;

  /// Absent for any other length than 32.
  static std::optional<PublicKey> from_bytes(ByteView raw);
  /// Valid as long as this object.
  [[nodiscard]] ByteView bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), kSize};
  }

  /// Whether the holder of this key signed `message`. One strict rule, the same in every build, so
  /// that two replicas never judge differently: the encodings of the key (A) and of both halves of
  /// the signature (R, S) must be canonical, A and R must be points of the prime-order subgroup
  /// other than its neutral element, and the equation of RFC 8032, section 5.1.7 must hold.
  [[nodiscard]] bool verify(ByteView message, const Signature& signature) const;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;
  friend std::strong_ordering operator<=>(const PublicKey& a, const PublicKey& b) {
    return a.bytes().compare(b.bytes()) <=> 0;
  }

 private:
  friend class SecretKey;
  PublicKey() = default;
  std::array<std::uint8_t, kSize> bytes_{};
};

/// An Ed25519 secret key. Wiped where it dies or is moved from, and never copied.
class SecretKey {
 public:
  static constexpr std::size_t kSeedSize = 32;

  /// A new key. `random` must be fit for keys outside tests.
  static SecretKey generate(RandomSource& random = system_random());

  /// The key of RFC 8032 for these 32 bytes; absent for any other length.
  static std::optional<SecretKey> from_seed(ByteView seed);

  /// Reads what `to_text` writes, or 64 hex digits of a seed; white space around it is ignored.
  /// `malformed` for anything else; the message never quotes the text.
  static Result<SecretKey> from_text(std::string_view text);

  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  ~SecretKey();

  /// A Multikey text (`z3u2…`: base58btc of the multicodec ed25519-priv and the seed). Secret:
  /// `wipe` it after use.
  [[nodiscard]] std::string to_text() const;

  [[nodiscard]] PublicKey public_key() const;
  /// Deterministic: the same message gives the same signature.
  [[nodiscard]] Signature sign(ByteView message) const;

 private:
  SecretKey() = default;
  std::array<std::uint8_t, 64> bytes_{};  // the seed, then the public key, as libsodium keeps them
};

/// Takes a time that depends on the sizes alone. Different sizes are unequal.
[[nodiscard]] bool constant_time_equal(ByteView a, ByteView b);

/// Overwrites the text and clears it, in a way that the compiler may not remove. Copies that were
/// made before stay where they are.
void wipe(std::string& secret);

}  // namespace dialog
