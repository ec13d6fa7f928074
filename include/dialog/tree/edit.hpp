#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/value.hpp"

namespace dialog {

/// One change of one key; without a value it deletes. Deleting an absent key is no error.
struct Edit {
  Bytes key;
  std::optional<Bytes> value;
};

/// The same with a value whose own blocks, if any, are in the archive already.
struct StoredEdit {
  Bytes key;
  std::optional<StoredValue> value;
};

/// What an edit cost.
struct EditMeter {
  std::uint64_t nodes_read = 0;     ///< old nodes looked at
  std::uint64_t nodes_written = 0;  ///< new nodes
  std::uint64_t bytes_written = 0;  ///< of new nodes and of values outside the leaves
  [[nodiscard]] std::uint64_t nodes_touched() const { return nodes_read + nodes_written; }
  EditMeter& operator+=(const EditMeter& other) {
    nodes_read += other.nodes_read;
    nodes_written += other.nodes_written;
    bytes_written += other.bytes_written;
    return *this;
  }
};

struct EditOptions {
  /// An edit that would touch more nodes is refused (`resource_exhausted`). Honest keys cost a few
  /// nodes per level and edit; keys that were chosen for it can cost every node of the tree.
  std::uint64_t nodes_touched_max = std::numeric_limits<std::uint64_t>::max();
};

struct EditOutcome {
  Hash root;
  EditMeter meter;
};

/// Applies edits, whose keys must strictly ascend (`invalid_argument` otherwise), to a tree and
/// returns the root of the new one: the very root that a build from the resulting entries gives.
/// Reads the paths to the edited keys, one read of the archive per level, and those neighbours
/// whose entries move; writes the nodes that are new, children before parents, and flushes nothing.
/// `too_large` as in `TreeBuilder`. On an error blocks may have been written; they are valid, and
/// nothing refers to them.
Result<EditOutcome> edit_tree(NodeSource& source, const Hash& root, std::span<const Edit> edits,
                              const EditOptions& options = {}, const Context& context = {});

Result<EditOutcome> edit_tree(NodeSource& source, const Hash& root,
                              std::span<const StoredEdit> edits, const EditOptions& options = {},
                              const Context& context = {});

}  // namespace dialog
