#include <array>
#include <emscripten.h>

#include "sodium.hpp"

// The embedder puts libsodium's npm package, loaded and ready, into Module['sodium'] before the
// first call. Arguments are addresses in this module's memory. Copies are handed over, never views:
// the package may grow and move its own memory, and wipes nothing that it did not allocate.

// clang-format off
EM_JS(void, dialog_sodium_seed_keypair, (const void* seed, void* public_key, void* secret_key), {
  const sodium = Module['sodium'];
  const copy = HEAPU8.slice(seed, seed + 32);
  const pair = sodium.crypto_sign_seed_keypair(copy);
  HEAPU8.set(pair.publicKey, public_key);
  HEAPU8.set(pair.privateKey, secret_key);
  sodium.memzero(copy);
  sodium.memzero(pair.privateKey);
});

EM_JS(void, dialog_sodium_sign, (const void* secret_key, const void* message, size_t size, void* signature), {
  const sodium = Module['sodium'];
  const copy = HEAPU8.slice(secret_key, secret_key + 64);
  HEAPU8.set(sodium.crypto_sign_detached(HEAPU8.slice(message, message + size), copy), signature);
  sodium.memzero(copy);
});

EM_JS(int, dialog_sodium_verify, (const void* public_key, const void* message, size_t size, const void* signature), {
  return Module['sodium'].crypto_sign_verify_detached(
      HEAPU8.slice(signature, signature + 64), HEAPU8.slice(message, message + size),
      HEAPU8.slice(public_key, public_key + 32)) ? 1 : 0;
});

EM_JS(int, dialog_sodium_is_of_prime_order, (const void* point), {
  // The package reports a refused point as an exception.
  try {
    Module['sodium'].crypto_sign_ed25519_pk_to_curve25519(HEAPU8.slice(point, point + 32));
    return 1;
  } catch (refused) {
    return 0;
  }
});
// clang-format on

namespace dialog::sodium {

void seed_keypair(std::span<const std::uint8_t, 32> seed, std::span<std::uint8_t, 32> public_key,
                  std::span<std::uint8_t, 64> secret_key) {
  dialog_sodium_seed_keypair(seed.data(), public_key.data(), secret_key.data());
}

void sign(std::span<const std::uint8_t, 64> secret_key, ByteView message,
          std::span<std::uint8_t, 64> signature) {
  dialog_sodium_sign(secret_key.data(), message.data(), message.size(), signature.data());
}

bool verify(std::span<const std::uint8_t, 32> public_key, ByteView message,
            std::span<const std::uint8_t, 64> signature) {
  return dialog_sodium_verify(public_key.data(), message.data(), message.size(),
                              signature.data()) != 0;
}

bool is_of_prime_order(std::span<const std::uint8_t, 32> point) {
  return dialog_sodium_is_of_prime_order(point.data()) != 0;
}

bool equal(const void* a, const void* b, std::size_t size) {
  // Volatile, so that the loop cannot be made to end early. Handing the bytes to JavaScript would
  // only put copies of a secret where nothing wipes them.
  const volatile auto* left = static_cast<const volatile std::uint8_t*>(a);
  const volatile auto* right = static_cast<const volatile std::uint8_t*>(b);
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < size; ++i) {
    difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
  }
  return difference == 0;
}

void wipe(void* secret, std::size_t size) {
  volatile auto* bytes = static_cast<volatile std::uint8_t*>(secret);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = 0;
}

}  // namespace dialog::sodium
