#pragma once

#include <unordered_set>
#include <utility>
#include <vector>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"

namespace dialog::detail {

/// Gathers absent blocks, without repeats, in the order in which they were met.
class MissingSet {
 public:
  void add(const Hash& hash) {
    if (seen_.insert(hash).second) hashes_.push_back(hash);
  }
  [[nodiscard]] bool empty() const { return hashes_.empty(); }
  [[nodiscard]] const std::vector<Hash>& hashes() const { return hashes_; }

  /// Fails with `missing_blocks` where anything was added.
  Result<void> take() {
    if (hashes_.empty()) return {};
    seen_.clear();
    return fail(missing_blocks(std::move(hashes_)));
  }

 private:
  std::unordered_set<Hash> seen_;
  std::vector<Hash> hashes_;
};

}  // namespace dialog::detail
