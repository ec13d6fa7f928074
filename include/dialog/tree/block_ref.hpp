#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/tree/node.hpp"

namespace dialog {

/// What a block is to the tree that refers to it. The same bytes may be several things in several
/// places, so a hash alone never says what it names.
enum class BlockKind : std::uint8_t { node, value_index, value_chunk };

/// One reference of a tree to a block, with all that the referring block says about it.
struct BlockRef {
  Hash hash;
  BlockKind kind = BlockKind::node;
  std::uint8_t level = 0;  ///< of a node; 0 for the others
  /// The last key of a node's subtree; the key of the entry whose value it is.
  Bytes key = {};
  /// At and below a node. For the others `bytes` is the size of the value (index) or of the chunk.
  TreeSize size = {};

  /// About the size of the block itself; exact for a value's index and chunks.
  [[nodiscard]] std::size_t block_bytes_estimate() const;

  friend bool operator==(const BlockRef&, const BlockRef&) = default;
};

/// The blocks that a node refers to, in the order of keys.
std::vector<BlockRef> refs_of(const Node& node);

}  // namespace dialog
