#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "block_batch.hpp"
#include "dialog/tree/node_writer.hpp"
#include "old_tree.hpp"

namespace dialog::detail {

/// A node as its parent lists it.
struct ListedNode {
  Bytes last_key;
  Hash hash;
  Bytes payload = {};     ///< the parent's entry without the key; of a new node only
  std::size_t count = 0;  ///< of its own entries; of a new node only
};

/// Rewrites one level of a tree: merges changes into the entries of the nodes that they fall into,
/// and cuts the result into nodes again. Goes on into the neighbour to the right as long as the new
/// nodes do not end where the old ones did, and no further.
class LevelRewrite {
 public:
  LevelRewrite(OldTree& tree, BlockBatch& batch, EditMeter& meter, std::uint8_t level)
      : tree_(tree), batch_(batch), meter_(meter), level_(level), writer_(level) {}

  /// Keys must ascend. Once. `missing_blocks` names every neighbour that some change needs, as far
  /// as these can be known.
  Result<void> run(std::span<const EntryChange> changes);

  /// The old nodes that were merged, and what stands in their place; both in order.
  [[nodiscard]] const std::vector<ListedNode>& removed() const { return removed_; }
  [[nodiscard]] const std::vector<ListedNode>& added() const { return added_; }
  /// True where no old node of this level stays: `added` is the whole level.
  [[nodiscard]] bool is_whole_level() const { return whole_level_; }

  [[nodiscard]] bool has_children() const { return level_ > 0; }
  /// Only where `added` has an element.
  [[nodiscard]] Result<NodePtr> first_node();

  /// Writes the first new node, which is held back until it is known to be part of the new tree.
  Result<void> release_first();

 private:
  Result<void> merge_region(LevelWalk& walk);
  Result<NodePtr> read(const LevelWalk& walk, bool continues);
  Result<void> read_window(const LevelWalk& walk);
  Result<void> merge(const NodePtr& node, bool is_last);
  Result<void> add(ByteView key, ByteView payload);
  Result<void> close();
  void give_up_region(const LevelWalk& walk);

  OldTree& tree_;
  BlockBatch& batch_;
  EditMeter& meter_;
  const std::uint8_t level_;
  NodeWriter writer_;
  std::span<const EntryChange> changes_;
  std::size_t next_change_ = 0;

  std::vector<ListedNode> removed_;
  std::vector<ListedNode> added_;
  bool whole_level_ = false;
  std::uint64_t entries_merged_ = 0;  // at and below the old nodes that were merged
  std::optional<Block> first_;
  std::optional<Bytes> last_old_key_;
  std::unordered_map<Hash, NodePtr> window_;  // old nodes that were read ahead
  MissingSet missing_;
};

}  // namespace dialog::detail
