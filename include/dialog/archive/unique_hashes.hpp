#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dialog/base/hash.hpp"

namespace dialog {

/// For implementations of `Archive`: hashes without their repeats, so that none is asked for twice.
struct UniqueHashes {
  explicit UniqueHashes(std::span<const Hash> given);

  /// An answer for each of the given hashes, out of one for each unique one.
  template <class T>
  [[nodiscard]] std::vector<T> spread(const std::vector<T>& answers) const {
    std::vector<T> result;
    result.reserve(positions.size());
    for (const std::size_t position : positions) result.push_back(answers[position]);
    return result;
  }

  std::vector<Hash> hashes;
  std::vector<std::size_t> positions;  ///< for each of the given ones, where it is
};

}  // namespace dialog
