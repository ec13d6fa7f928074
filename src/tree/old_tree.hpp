#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "child_ref.hpp"
#include "dialog/tree/edit.hpp"
#include "dialog/tree/node_source.hpp"
#include "missing.hpp"

namespace dialog::detail {

/// A change of one entry of one level. Borrows all.
struct EntryChange {
  ByteView key;
  std::optional<ByteView> payload;  ///< absent: the entry goes
};

/// The tree that an edit starts from: keeps the inner nodes that the edit visits, and counts.
class OldTree {
 public:
  OldTree(NodeSource& source, const Context& context, const EditOptions& options, EditMeter& meter)
      : source_(source), context_(context), options_(options), meter_(meter) {}

  /// Zeros: no level has a node.
  Result<void> open(const Hash& root);

  /// Reads the inner nodes on the ways to all keys, one read per level. `missing_blocks` names all
  /// the blocks on these ways that can be known to be absent, leaves too.
  Result<void> read_ways(std::span<const EntryChange> changes);

  [[nodiscard]] const NodePtr& top() const { return top_; }
  [[nodiscard]] bool has_level(std::size_t level) const { return top_ && level <= top_->level(); }

  /// An element is null where the block is absent. Inner nodes are kept.
  Result<std::vector<NodePtr>> find(std::span<const NodeRef> refs);
  Result<NodePtr> load(const NodeRef& ref);

  /// `resource_exhausted` where the edit has touched too much.
  Result<void> check_meter() const;

 private:
  struct Way;
  void split(const Way& way, std::span<const EntryChange> changes, std::vector<Way>& below,
             NodeRefs& refs) const;
  Result<void> note_absent_leaves(std::span<const NodeRef> refs, MissingSet& missing);

  NodeSource& source_;
  const Context& context_;
  const EditOptions& options_;
  EditMeter& meter_;
  NodePtr top_;
  std::unordered_map<Hash, NodePtr> inner_;
};

/// Steps along the nodes of one level of an old tree, to the right only, without reading them: it
/// stands on a reference. Copies are independent.
class LevelWalk {
 public:
  /// The tree must have that level.
  LevelWalk(OldTree& tree, std::uint8_t level) : tree_(&tree), level_(level) {}

  /// To the node whose subtree has `key` or would have it; for a key beyond the tree, the last one.
  /// Keys must not descend from call to call.
  Result<void> seek(ByteView key);
  /// Only where it is not the last. After an error only `seek` makes sense.
  Result<void> next();
  [[nodiscard]] bool is_last() const;

  /// Valid until it moves.
  [[nodiscard]] NodeRef ref() const;
  [[nodiscard]] ByteView last_key() const;

 private:
  struct Frame {
    explicit Frame(NodePtr held) : node(std::move(held)), entry(*node) {}
    NodePtr node;
    EntryCursor entry;
  };
  Result<void> push_child();

  OldTree* tree_;
  std::uint8_t level_;
  std::vector<Frame> frames_;  // from the root down to the level above
};

}  // namespace dialog::detail
