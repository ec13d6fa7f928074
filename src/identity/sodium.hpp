#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dialog/base/bytes.hpp"

// What this layer takes from libsodium: natively a linked library, in WebAssembly its npm package.
namespace dialog::sodium {

/// Writes the 32 bytes of the public key, and the 64 of the secret one: the seed, then the public
/// key.
void seed_keypair(std::span<const std::uint8_t, 32> seed, std::span<std::uint8_t, 32> public_key,
                  std::span<std::uint8_t, 64> secret_key);

void sign(std::span<const std::uint8_t, 64> secret_key, ByteView message,
          std::span<std::uint8_t, 64> signature);

/// By the rule of the installed version: versions differ on points with a part of small order.
bool verify(std::span<const std::uint8_t, 32> public_key, ByteView message,
            std::span<const std::uint8_t, 64> signature);

/// Whether the encoded point is on the curve and of prime order. Says nothing about the encoding.
bool is_of_prime_order(std::span<const std::uint8_t, 32> point);

void sha256(ByteView bytes, std::span<std::uint8_t, 32> digest);

/// In constant time.
bool equal(const void* a, const void* b, std::size_t size);

void wipe(void* secret, std::size_t size);

}  // namespace dialog::sodium
