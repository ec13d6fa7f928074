#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/sync/action.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/walk.hpp"
#include "overlay_archive.hpp"

namespace dialog {

/// Brings the blocks of a tree to a remote that holds a base of it: finds those that are not part
/// of the base, asks which the remote lacks, and uploads these by height, so that a block never
/// arrives before what it refers to. Presence at the remote saves an upload, but never what lies
/// below: that a block is there does not mean that its children are. Holds references of at most a
/// few windows per level, and the bytes of one window.
class UploadPlan {
 public:
  /// The archive must outlive it.
  UploadPlan(OverlayArchive& archive, const Hash& root, const Hash& base, Context context);

  struct Done {};
  using Step = std::variant<FetchBlocks, AskPresent, UploadBlocks, Done>;

  /// What to do next. `FetchBlocks` are blocks that this replica lacks; after them and after
  /// `AskPresent` supply the answer, after `UploadBlocks` just go on. `missing_blocks` where a
  /// block is neither here nor at the remote.
  Result<Step> advance();
  Result<void> supply(std::vector<std::optional<Block>> fetched);
  Result<void> supply(const std::vector<bool>& present);

  /// New blocks that the remote had already.
  [[nodiscard]] std::uint64_t present_count() const { return present_count_; }

 private:
  struct Pending {
    Hash hash;
    std::size_t bytes = 0;
  };
  struct Height {
    std::vector<Pending> blocks;
    std::size_t bytes = 0;
  };

  Result<std::optional<Step>> collect();
  Result<std::optional<Step>> flush();
  Result<Step> upload(unsigned height);
  [[nodiscard]] bool is_full() const;

  OverlayArchive& archive_;
  NodeSource source_;
  BaseIndex base_;
  NewBlockWalk walk_;
  Context context_;
  bool walked_ = false;
  bool flushing_ = false;
  std::vector<Hash> wanted_;
  std::vector<BlockRef> unasked_;
  std::vector<BlockRef> asked_;
  std::map<unsigned, Height> pending_;
  std::set<std::pair<Hash, unsigned>> is_pending_;
  std::uint64_t present_count_ = 0;
};

}  // namespace dialog
