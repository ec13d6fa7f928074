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

namespace {

// FIPS 180-4. The small build of the npm package has no SHA-256, and the browser's own answers only
// later, to a callback.
class Sha256State {
 public:
  void add_block(const char* block) {
    std::array<std::uint32_t, 64> schedule{};
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t j = 0; j < 4; ++j)
        schedule[i] = schedule[i] << 8U | static_cast<std::uint8_t>(block[4 * i + j]);
    }
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t a = schedule[i - 15];
      const std::uint32_t b = schedule[i - 2];
      schedule[i] = schedule[i - 16] + schedule[i - 7] + (turned(a, 7) ^ turned(a, 18) ^ a >> 3U) +
                    (turned(b, 17) ^ turned(b, 19) ^ b >> 10U);
    }
    std::array<std::uint32_t, 8> w = words_;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t first = w[7] + (turned(w[4], 6) ^ turned(w[4], 11) ^ turned(w[4], 25)) +
                                  ((w[4] & w[5]) ^ (~w[4] & w[6])) + kRounds[i] + schedule[i];
      const std::uint32_t second = (turned(w[0], 2) ^ turned(w[0], 13) ^ turned(w[0], 22)) +
                                   ((w[0] & w[1]) ^ (w[0] & w[2]) ^ (w[1] & w[2]));
      w = {first + second, w[0], w[1], w[2], w[3] + first, w[4], w[5], w[6]};
    }
    for (std::size_t i = 0; i < 8; ++i) words_[i] += w[i];
  }

  void write(std::span<std::uint8_t, 32> digest) const {
    for (std::size_t i = 0; i < 32; ++i)
      digest[i] = static_cast<std::uint8_t>(words_[i / 4] >> (24U - 8U * (i % 4)));
  }

 private:
  static std::uint32_t turned(std::uint32_t word, unsigned by) {
    return word >> by | word << (32U - by);
  }
  // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  static constexpr std::array<std::uint32_t, 64> kRounds{
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};
  // The same of the square roots of the first 8.
  std::array<std::uint32_t, 8> words_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

}  // namespace

void sha256(ByteView bytes, std::span<std::uint8_t, 32> digest) {
  constexpr std::size_t kBlock = 64;
  Sha256State state;
  const std::size_t whole = bytes.size() / kBlock * kBlock;
  for (std::size_t at = 0; at < whole; at += kBlock) state.add_block(bytes.data() + at);
  Bytes rest(bytes.substr(whole));
  rest += '\x80';
  while (rest.size() % kBlock != kBlock - 8) rest += '\0';
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (unsigned i = 0; i < 8; ++i) rest += static_cast<char>(bits >> (56U - 8U * i) & 255U);
  for (std::size_t at = 0; at < rest.size(); at += kBlock) state.add_block(rest.data() + at);
  state.write(digest);
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
