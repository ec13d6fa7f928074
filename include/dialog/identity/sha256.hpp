#pragma once

#include <array>
#include <cstdint>

#include "dialog/base/bytes.hpp"

namespace dialog {

/// What others' protocols hash with: signed requests to object stores, digests in header fields.
/// Never the address of a block: that is a `Hash`.
using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(ByteView bytes);

/// HMAC-SHA-256 (RFC 2104), with a key of any length.
Sha256 hmac_sha256(ByteView key, ByteView message);

/// The 32 bytes as text that holds bytes. Valid as long as `digest`.
inline ByteView bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace dialog
