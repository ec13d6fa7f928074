#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dialog {

/// The seam for randomness. Thread-safe.
class RandomSource {
 public:
  RandomSource() = default;
  RandomSource(const RandomSource&) = delete;
  RandomSource& operator=(const RandomSource&) = delete;
  virtual ~RandomSource() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// 64 random bits.
std::uint64_t random_word(RandomSource& random);

/// The operating system's generator; fit for keys. One object for the whole process.
RandomSource& system_random();

/// A small seeded generator (xoshiro256**, Blackman and Vigna 2018) for simulations, tests and
/// jitter; never for keys. The same seed gives the same numbers on every platform. Not thread-safe.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next();
  /// Uniform in [0, bound); `bound` must not be 0.
  std::uint64_t below(std::uint64_t bound);
  /// True with a probability of `numerator` in `denominator`.
  bool chance(std::uint64_t numerator, std::uint64_t denominator);

 private:
  std::uint64_t state_[4];
};

}  // namespace dialog
