#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "dialog/archive/archive.hpp"

namespace dialog::detail {

/// Gathers new blocks and puts them into an archive many at a time, in the order in which they
/// came.
class BlockBatch {
 public:
  BlockBatch(Archive& archive, Context context) : archive_(archive), context_(std::move(context)) {}

  Result<void> add(Block block) {
    bytes_ += block.size();
    bytes_total_ += block.size();
    blocks_.push_back(std::move(block));
    return bytes_ >= kBytesMax ? flush() : Result<void>{};
  }

  Result<void> flush() {
    if (blocks_.empty()) return {};
    DIALOG_TRY(archive_.put(blocks_, context_));
    blocks_.clear();
    bytes_ = 0;
    return {};
  }

  [[nodiscard]] std::uint64_t bytes_total() const { return bytes_total_; }

 private:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  Archive& archive_;
  const Context context_;
  std::vector<Block> blocks_;
  std::size_t bytes_ = 0;
  std::uint64_t bytes_total_ = 0;
};

}  // namespace dialog::detail
