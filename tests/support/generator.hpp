#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/limits.hpp"
#include "dialog/base/random.hpp"

namespace dialog::test {

/// One change of one key; without a value it deletes.
struct KeyEdit {
  Bytes key;
  std::optional<Bytes> value;
};

/// The reference model of a database.
using Model = std::map<Bytes, Bytes>;

/// Does to `model` what the edits say, in order.
void apply(Model& model, const std::vector<KeyEdit>& edits);

/// Random test data. The same seed gives the same data on every platform.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : seed_(seed), random_(seed) {}

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  SeededRandom& random() { return random_; }

  /// Uniform in [0, bound); for more than 32 bits everywhere use `random()`.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }
  /// Uniform in [low, high].
  std::size_t between(std::size_t low, std::size_t high);
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return random_.chance(numerator, denominator);
  }

  /// An element of a container that is not empty.
  template <class Container>
  const auto& pick(const Container& container) {
    return container[below(container.size())];
  }

  template <class Container>
  void shuffle(Container& container) {
    for (std::size_t i = container.size(); i > 1; --i) {
      std::swap(container[i - 1], container[below(i)]);
    }
  }

  /// `size` random bytes of any value.
  Bytes bytes(std::size_t size);

  /// A key of one of many shapes: empty, short over a small alphabet (so that keys meet and are
  /// each other's prefixes), numbered, path-like, binary, 0x00 and 0xff only, a long prefix in
  /// common, the maximal size.
  Bytes key(std::size_t bytes_max = kKeyBytesMax);

  /// A value: often short, sometimes empty, seldom near `bytes_max`.
  Bytes value(std::size_t bytes_max = 4096);

  /// `count` entries with different keys.
  Model entries(std::size_t count);

  /// `count` edits: new keys, and changes, repetitions and deletions of the model's, and deletions
  /// of absent keys. No key occurs twice.
  std::vector<KeyEdit> edits(const Model& model, std::size_t count);

  /// `count` different blocks of at most `bytes_max` bytes.
  std::vector<Block> blocks(std::size_t count, std::size_t bytes_max = 512);

 private:
  std::uint64_t seed_;
  SeededRandom random_;
};

}  // namespace dialog::test
