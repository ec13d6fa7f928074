#include "dialog/base/hash.hpp"

#include <blake3.h>
#include <new>
#include <type_traits>

namespace dialog {
namespace {

static_assert(Hash::kSize == BLAKE3_OUT_LEN);

}  // namespace

Hash Hash::of(ByteView bytes) {
  blake3_hasher state;
  blake3_hasher_init(&state);
  blake3_hasher_update(&state, bytes.data(), bytes.size());
  Hash hash;
  blake3_hasher_finalize(&state, hash.bytes_.data(), kSize);
  return hash;
}

namespace {

// The library's first call finds out what the processor can do, and notes it without a lock: so
// that call comes before there are threads.
[[maybe_unused]] const Hash kFirst = Hash::of({});

}  // namespace

std::optional<Hash> Hash::from_bytes(ByteView raw) {
  if (raw.size() != kSize) return std::nullopt;
  Hash hash;
  std::memcpy(hash.bytes_.data(), raw.data(), kSize);
  return hash;
}

std::optional<Hash> Hash::from_hex(std::string_view text) {
  if (text.size() != 2 * kSize) return std::nullopt;
  const auto raw = dialog::from_hex(text);
  return raw ? from_bytes(*raw) : std::nullopt;
}

std::string Hash::hex() const { return to_hex(bytes()); }

Hasher::Hasher() {
  static_assert(sizeof(blake3_hasher) <= kStateSize);
  static_assert(alignof(blake3_hasher) <= 8);
  static_assert(std::is_trivially_copyable_v<blake3_hasher>);
  blake3_hasher_init(::new (state_.data()) blake3_hasher);
}

void Hasher::update(ByteView bytes) {
  auto* state = std::launder(reinterpret_cast<blake3_hasher*>(state_.data()));
  blake3_hasher_update(state, bytes.data(), bytes.size());
}

Hash Hasher::finish() const {
  const auto* state = std::launder(reinterpret_cast<const blake3_hasher*>(state_.data()));
  Hash hash;
  blake3_hasher_finalize(state, hash.bytes_.data(), Hash::kSize);
  return hash;
}

}  // namespace dialog
