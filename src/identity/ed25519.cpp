#include "dialog/identity/ed25519.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "dialog/base/check.hpp"
#include "dialog/identity/base58.hpp"
#include "sodium.hpp"
#include "trimmed.hpp"

namespace dialog {
namespace {

using Octets32 = std::array<std::uint8_t, 32>;

// Numbers lie as in RFC 8032: little-endian.
constexpr Octets32 field_prime() {  // 2^255 - 19
  Octets32 prime{};
  prime.fill(0xff);
  prime.front() = 0xed;
  prime.back() = 0x7f;
  return prime;
}
constexpr Octets32 kFieldPrime = field_prime();

// 2^252 + 27742317777372353535851937790883648493
constexpr Octets32 kGroupOrder{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                               0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                               0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

bool is_below(std::span<const std::uint8_t, 32> number, const Octets32& bound) {
  return std::lexicographical_compare(number.rbegin(), number.rend(), bound.rbegin(), bound.rend());
}

// The sign bit on a coordinate of zero would be the other non-canonical form, but both such points
// are of small order.
bool is_canonical_point(std::span<const std::uint8_t, 32> point) {
  Octets32 y{};
  std::copy(point.begin(), point.end(), y.begin());
  y.back() &= 0x7f;
  return is_below(y, kFieldPrime);
}

// Versions of libsodium without the correction of CVE-2025-69277 take a point of twice the prime
// order for one of prime order. With such a version replicas would judge differently, so nothing is
// judged at all.
void check_libsodium() {
  Octets32 twice_the_order{};  // the base point plus the point of order two
  twice_the_order.fill(0x99);
  twice_the_order.front() = 0x95;
  static const bool kSound = !sodium::is_of_prime_order(twice_the_order);
  DIALOG_CHECK(kSound, "libsodium lacks the correction of CVE-2025-69277; install a newer one");
}

// The multicodec ed25519-priv (0x1300) as an unsigned varint.
constexpr std::string_view kSecretCodec = "\x80\x26";

template <std::size_t size>
bool copy_exactly(ByteView from, std::array<std::uint8_t, size>& to) {
  if (from.size() != size) return false;
  std::memcpy(to.data(), from.data(), size);
  return true;
}

}  // namespace

std::optional<Signature> Signature::from_bytes(ByteView raw) {
  Signature signature;
  return copy_exactly(raw, signature.bytes_) ? std::optional(signature) : std::nullopt;
}

std::optional<PublicKey> PublicKey::from_bytes(ByteView raw) {
  PublicKey key;
  return copy_exactly(raw, key.bytes_) ? std::optional(key) : std::nullopt;
}

bool PublicKey::verify(ByteView message, const Signature& signature) const {
  check_libsodium();
  const std::span<const std::uint8_t, 64> both(signature.bytes_);
  const auto r = both.first<32>();
  const auto s = both.last<32>();
  // With A and R of prime order, the equation with and the one without the cofactor agree, and with
  // them all versions of libsodium. Their orders cost as much as the equation does: a forgery must
  // not get that far.
  return is_canonical_point(bytes_) && is_canonical_point(r) && is_below(s, kGroupOrder) &&
         sodium::verify(bytes_, message, both) && sodium::is_of_prime_order(bytes_) &&
         sodium::is_of_prime_order(r);
}

SecretKey SecretKey::generate(RandomSource& random) {
  Octets32 seed{};
  random.fill(seed);
  SecretKey key;
  Octets32 public_key{};
  sodium::seed_keypair(seed, public_key, key.bytes_);
  sodium::wipe(seed.data(), seed.size());
  return key;
}

std::optional<SecretKey> SecretKey::from_seed(ByteView seed) {
  Octets32 octets{};
  if (!copy_exactly(seed, octets)) return std::nullopt;
  SecretKey key;
  Octets32 public_key{};
  sodium::seed_keypair(octets, public_key, key.bytes_);
  sodium::wipe(octets.data(), octets.size());
  return key;
}

Result<SecretKey> SecretKey::from_text(std::string_view text) {
  // Nothing longer is a key; this bounds the work.
  constexpr std::size_t kTextBytesMax = 128;
  text = trimmed(text);
  std::optional<Bytes> bytes;
  std::optional<SecretKey> key;
  if (text.size() > kTextBytesMax) {
    return fail(ErrorCode::malformed, "the text is too long for a secret key");
  }
  if (text.size() == 2 * kSeedSize) {
    bytes = from_hex(text);
    if (bytes) key = from_seed(*bytes);
  } else if (text.starts_with('z')) {
    bytes = from_base58(text.substr(1));
    if (bytes && bytes->starts_with(kSecretCodec)) {
      key = from_seed(ByteView(*bytes).substr(kSecretCodec.size()));
    }
  }
  if (bytes) wipe(*bytes);
  if (!key) {
    return fail(ErrorCode::malformed,
                "the text is no Ed25519 secret key: expected z3u2... or 64 hex digits");
  }
  return *std::move(key);
}

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) {
  sodium::wipe(other.bytes_.data(), other.bytes_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    sodium::wipe(other.bytes_.data(), other.bytes_.size());
  }
  return *this;
}

SecretKey::~SecretKey() { sodium::wipe(bytes_.data(), bytes_.size()); }

std::string SecretKey::to_text() const {
  Bytes bytes(kSecretCodec);
  bytes.reserve(kSecretCodec.size() + kSeedSize);
  bytes.append(reinterpret_cast<const char*>(bytes_.data()), kSeedSize);
  std::string text = "z" + to_base58(bytes);
  wipe(bytes);
  return text;
}

PublicKey SecretKey::public_key() const {
  PublicKey key;
  std::copy(bytes_.begin() + kSeedSize, bytes_.end(), key.bytes_.begin());
  return key;
}

Signature SecretKey::sign(ByteView message) const {
  Signature signature;
  sodium::sign(bytes_, message, signature.bytes_);
  return signature;
}

bool constant_time_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium::equal(a.data(), b.data(), a.size());
}

void wipe(std::string& secret) {
  sodium::wipe(secret.data(), secret.size());
  secret.clear();
}

}  // namespace dialog
