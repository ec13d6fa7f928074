#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

/// All that is known about a block before it is read. A root's expectation comes from
/// `expect_root`, every other one from the check of the block that refers to it.
struct BlockExpectation {
  BlockRef ref;
  /// Of a root nothing but the hash is known: of `ref`, only `hash` and `kind` count.
  bool is_root = false;
  /// Every key of a node's subtree is greater; absent at the left edge of the tree.
  std::optional<Bytes> lower = {};
  /// The node is the last of its level, which alone may end anywhere.
  bool is_rightmost = false;
  /// BLAKE3 of the whole value that an index leads to.
  Hash value_hash = {};
};

/// `root` must not be zeros: the empty tree has no blocks.
BlockExpectation expect_root(const Hash& root);

/// The same as `check_block` for a node that was read already. `expectation` must be a node's.
Result<std::vector<BlockExpectation>> check_node(const Node& node,
                                                 const BlockExpectation& expectation);

/// Checks one block of an untrusted tree against what its parent says, and returns what it says
/// about its own children, in the order of keys: none for a chunk of a value. A tree in which every
/// block passes, from the root on, is the one canonical tree of its entries, with one exception:
/// that the chunks of a value add up to `value_hash` is known only once they are all there
/// (`load_value`, `check_value`). `corrupt` where the block fails, with the first fault in the
/// message.
Result<std::vector<BlockExpectation>> check_block(const Block& block,
                                                  const BlockExpectation& expectation);

/// Checks that the chunks of a large value add up to it, reading them a few at a time.
/// `expectation` is the index's. `missing_blocks` names every chunk that is absent.
Result<void> check_value(NodeSource& source, const BlockExpectation& expectation,
                         const Context& context = {});

/// Remembers which blocks of values were checked in a walk, and as what, so that a value that many
/// keys have costs one check. Bounded: at worst something is checked again. Not thread-safe.
class CheckedValues final {
 public:
  /// Only for references to values.
  [[nodiscard]] bool contains(const BlockExpectation& expectation) const;
  /// False where it was here.
  bool add(const BlockExpectation& expectation);

 private:
  // All that the check of a block, and of what is below it, depends on.
  struct Checked {
    Hash hash;
    BlockKind kind;
    std::uint64_t bytes;
    Hash value_hash;
    friend bool operator==(const Checked&, const Checked&) = default;
  };
  struct HashOf {
    std::size_t operator()(const Checked& checked) const { return std::hash<Hash>()(checked.hash); }
  };
  static Checked key_of(const BlockExpectation& expectation);

  std::unordered_set<Checked, HashOf> checked_;
};

/// One thing that is wrong with a tree.
struct TreeFault {
  BlockExpectation expectation;  ///< of the block at fault, or of the absent one
  Error error;                   ///< `corrupt`, or `missing_blocks` for an absent block
};

struct VerifyOptions {
  /// Read large values as well, not only the nodes.
  bool values = true;
  /// Gets each fault as it is found; false stops. What lies below a faulty block is not looked at.
  std::function<bool(const TreeFault&)> on_fault = {};
  /// Gets the number of blocks checked so far, now and then; false stops.
  std::function<bool(std::uint64_t blocks)> on_progress = {};
};

struct VerifyReport {
  std::uint64_t blocks = 0;  ///< checked and sound
  std::uint64_t bytes = 0;   ///< of these blocks
  std::uint64_t corrupt = 0;
  std::uint64_t absent = 0;
  [[nodiscard]] bool sound() const { return corrupt == 0 && absent == 0; }
};

/// Walks a whole tree, past every cache, and checks each block; a sound value that several keys
/// have is checked and counted once, but for a bound on what the walk remembers. Faults are part of
/// the report; an error means that the walk itself could not go on. Bounded memory.
Result<VerifyReport> verify_tree(NodeSource& source, const Hash& root,
                                 const VerifyOptions& options = {}, const Context& context = {});

}  // namespace dialog
