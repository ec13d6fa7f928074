#include "dialog/identity/sha256.hpp"

#include "sodium.hpp"

namespace dialog {
namespace {

constexpr std::size_t kBlockBytes = 64;

// The key, padded with zeros to a block of the hash, each octet of it combined with `pad`.
Bytes padded(ByteView key, std::uint8_t pad) {
  Bytes block(kBlockBytes, static_cast<char>(pad));
  for (std::size_t i = 0; i < key.size(); ++i)
    block[i] = static_cast<char>(static_cast<std::uint8_t>(key[i]) ^ pad);
  return block;
}

}  // namespace

Sha256 sha256(ByteView bytes) {
  Sha256 digest{};
  sodium::sha256(bytes, digest);
  return digest;
}

Sha256 hmac_sha256(ByteView key, ByteView message) {
  const Sha256 hashed = key.size() > kBlockBytes ? sha256(key) : Sha256{};
  if (key.size() > kBlockBytes) key = bytes_of(hashed);
  constexpr std::uint8_t kInner = 0x36;
  constexpr std::uint8_t kOuter = 0x5c;
  Bytes inner = padded(key, kInner);
  inner += message;
  Bytes outer = padded(key, kOuter);
  outer += bytes_of(sha256(inner));
  const Sha256 digest = sha256(outer);
  sodium::wipe(inner.data(), kBlockBytes);
  sodium::wipe(outer.data(), kBlockBytes);
  return digest;
}

}  // namespace dialog
