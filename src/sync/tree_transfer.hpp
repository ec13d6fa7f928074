#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/check.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/walk.hpp"
#include "overlay_archive.hpp"

namespace dialog {

/// Decoded nodes that a walk of a session keeps.
inline constexpr std::size_t kNodeCacheBytes = std::size_t{8} * 1024 * 1024;

/// Walks an untrusted tree from its root down, fetches what is absent, checks every block against
/// its parent before it is kept, and leaves out what is part of a tree that is complete here, and
/// values that another key has too. Level by level within a window: a small difference takes a
/// round trip per level, a large one is bounded by the windows and the depth.
class TreeTransfer {
 public:
  enum class Absent {
    fetched,   ///< the tree is to be complete afterwards
    boundary,  ///< only what is here is checked
  };

  /// `root` must not be zeros. The archive must outlive it.
  TreeTransfer(OverlayArchive& archive, const Hash& root, const std::vector<Hash>& bases,
               Absent absent, Context context);

  /// Goes as far as it can. Not empty: these blocks are needed; fetch them, `supply` them, and go
  /// on. Empty: done.
  Result<std::vector<Hash>> advance();

  /// One element per wanted hash. `corrupt` where a block is not the wanted one or not sound: then
  /// none of them was kept. `missing_blocks` where the remote lacks some.
  Result<void> supply(const std::vector<Hash>& wanted, std::vector<std::optional<Block>> blocks);

 private:
  // Siblings and cousins of one kind, and the large values whose chunks they are.
  struct Frame {
    std::vector<BlockExpectation> blocks;
    std::size_t next = 0;
    std::vector<BlockExpectation> values;
  };

  Result<std::vector<Hash>> open_window();
  Result<void> close_window();
  Result<std::vector<BlockExpectation>> only_new(std::vector<BlockExpectation> blocks);
  Result<void> finish_frame();

  OverlayArchive& archive_;
  NodeSource source_;
  std::vector<std::unique_ptr<BaseIndex>> bases_;
  Absent absent_;
  Context context_;
  CheckedValues values_;
  std::vector<Frame> frames_;
  std::vector<BlockExpectation> window_;
  std::vector<std::optional<Block>> window_blocks_;
  std::vector<Block> fetched_;
};

/// The blocks that an answer brought, each the one that was asked for: `corrupt` where it is not,
/// `missing_blocks` naming those that did not come, `internal` for an answer of the wrong size.
Result<std::vector<Block>> received(const std::vector<Hash>& wanted,
                                    std::vector<std::optional<Block>> blocks);

}  // namespace dialog
