#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/context.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/tree/block_ref.hpp"

namespace dialog {

/// Everything that some trees reach, each block looked at once however many of them share it. Nodes
/// and lists of chunks are read; of chunks it asks only whether they are there. Memory: about 60
/// bytes per block. Not thread-safe.
class Reach {
 public:
  /// An error that one of these returns ends the walk.
  struct Hooks {
    /// Gets the number of blocks reached so far, now and then.
    std::function<Result<void>(std::uint64_t blocks)> goes_on;
    /// Gets each block that is reached and absent (`missing_blocks`), or not what its hash or its
    /// place says (`corrupt`). The walk goes on beside it.
    std::function<Result<void>(const Hash& hash, Error error)> on_fault;
  };

  /// The archive must outlive it.
  Reach(Archive& archive, Context context, Hooks hooks)
      : archive_(archive), context_(std::move(context)), hooks_(std::move(hooks)) {}

  Result<void> add(const Revision& root);

  [[nodiscard]] bool contains(const Hash& hash) const {
    return nodes_.contains(hash) || indexes_.contains(hash) || chunks_.contains(hash);
  }
  [[nodiscard]] std::uint64_t blocks() const {
    return nodes_.size() + indexes_.size() + chunks_.size();
  }

 private:
  Result<void> step();
  Result<void> open(const std::vector<BlockRef>& refs);
  Result<void> look_for(const std::vector<Hash>& chunks);
  Result<std::vector<Result<std::optional<Block>>>> read(const std::vector<BlockRef>& refs);

  Archive& archive_;
  Context context_;
  Hooks hooks_;
  std::vector<BlockRef> open_;
  // The same bytes may be a node here and a part of a value there: each role is followed by itself.
  std::unordered_set<Hash> nodes_;
  std::unordered_set<Hash> indexes_;
  std::unordered_set<Hash> chunks_;
};

}  // namespace dialog
