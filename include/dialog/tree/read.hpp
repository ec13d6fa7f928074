#pragma once

#include <optional>
#include <span>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

// A tree is named by its root: the hash of its top node, or zeros where it is empty. No operation
// ever waits for a network by itself: where the archive lacks blocks, the error `missing_blocks`
// names all of them that the operation can tell it needs. Store them and repeat the call. Errors of
// every operation beside its own: `missing_blocks`, `corrupt` (a block is not what it is taken
// for), and those of the archive.

/// The value of `key`; absent where the tree has no such key. Reads one node per level, then the
/// value's own blocks where it has any.
Result<std::optional<Bytes>> get_value(NodeSource& source, const Hash& root, ByteView key,
                                       const Context& context = {});

/// The values of many keys, in order, as their leaves hold them. Reads the archive once per level,
/// for all keys together. `invalid_argument` where the keys don't strictly ascend.
Result<std::vector<std::optional<StoredValue>>> find_values(NodeSource& source, const Hash& root,
                                                            std::span<const ByteView> keys,
                                                            const Context& context = {});

struct TreeSummary {
  TreeSize size;
  /// How many nodes lie on the way to an entry; 0 for the empty tree.
  std::size_t depth = 0;
};

/// Reads the root's node only.
Result<TreeSummary> summarize_tree(NodeSource& source, const Hash& root,
                                   const Context& context = {});

}  // namespace dialog
