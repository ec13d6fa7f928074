#include <array>
#include <sodium.h>

#include "dialog/base/check.hpp"
#include "sodium.hpp"

namespace dialog::sodium {
namespace {

// Chooses the implementations for this processor; safe from several threads.
void initialize() {
  static const bool kReady = sodium_init() >= 0;
  DIALOG_CHECK(kReady, "libsodium does not start");
}

const unsigned char* octets(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

void seed_keypair(std::span<const std::uint8_t, 32> seed, std::span<std::uint8_t, 32> public_key,
                  std::span<std::uint8_t, 64> secret_key) {
  initialize();
  const int outcome = crypto_sign_seed_keypair(public_key.data(), secret_key.data(), seed.data());
  DIALOG_CHECK(outcome == 0, "libsodium derives a key from any seed");
}

void sign(std::span<const std::uint8_t, 64> secret_key, ByteView message,
          std::span<std::uint8_t, 64> signature) {
  initialize();
  const int outcome = crypto_sign_detached(signature.data(), nullptr, octets(message),
                                           message.size(), secret_key.data());
  DIALOG_CHECK(outcome == 0, "libsodium signs any message");
}

bool verify(std::span<const std::uint8_t, 32> public_key, ByteView message,
            std::span<const std::uint8_t, 64> signature) {
  initialize();
  return crypto_sign_verify_detached(signature.data(), octets(message), message.size(),
                                     public_key.data()) == 0;
}

bool is_of_prime_order(std::span<const std::uint8_t, 32> point) {
  initialize();
  // The conversion refuses every point that is not of prime order; unlike crypto_core_ed25519 it is
  // in the small build of the npm package too.
  std::array<std::uint8_t, 32> converted{};
  return crypto_sign_ed25519_pk_to_curve25519(converted.data(), point.data()) == 0;
}

void sha256(ByteView bytes, std::span<std::uint8_t, 32> digest) {
  initialize();
  crypto_hash_sha256(digest.data(), octets(bytes), bytes.size());
}

bool equal(const void* a, const void* b, std::size_t size) {
  return sodium_memcmp(a, b, size) == 0;
}

void wipe(void* secret, std::size_t size) { sodium_memzero(secret, size); }

}  // namespace dialog::sodium
