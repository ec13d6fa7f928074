#include "dialog/base/random.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <sys/random.h>
#include <unistd.h>

#include "dialog/base/check.hpp"

namespace dialog {
namespace {

// What getentropy gives in one call, by its specification.
constexpr std::size_t kEntropyBytesMax = 256;

class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const std::size_t count = std::min(out.size(), kEntropyBytesMax);
      DIALOG_CHECK(getentropy(out.data(), count) == 0, "the system has no source of randomness");
      out = out.subspan(count);
    }
  }
};

// SplitMix64: what the authors of xoshiro recommend to spread a seed over its state. Its output is
// never four zeros in a row, the one state that xoshiro cannot leave.
std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t word = state;
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31U);
}

}  // namespace

std::uint64_t random_word(RandomSource& random) {
  std::array<std::uint8_t, 8> octets{};
  random.fill(octets);
  std::uint64_t word = 0;
  for (const std::uint8_t octet : octets) word = word << 8U | octet;
  return word;
}

RandomSource& system_random() {
  static SystemRandom random;
  return random;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t SeededRandom::below(std::uint64_t bound) {
  DIALOG_CHECK(bound != 0, "a bound of random numbers must not be zero");
  // The low end of the range is what makes its length a multiple of `bound`; numbers from it are
  // drawn again.
  const std::uint64_t uneven = (0 - bound) % bound;
  std::uint64_t drawn = next();
  while (drawn < uneven) drawn = next();
  return drawn % bound;
}

bool SeededRandom::chance(std::uint64_t numerator, std::uint64_t denominator) {
  return below(denominator) < numerator;
}

}  // namespace dialog
