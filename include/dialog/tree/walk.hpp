#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/check.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

enum class Membership : std::uint8_t {
  member,   ///< the block is part of the tree, in this role and at this place
  absent,   ///< it is not
  unknown,  ///< a node of the tree that would tell is not in the archive
};

/// Answers whether a block is part of a given tree, the *base*. A block that is stands on top of
/// nothing but blocks of the base, so that whoever has the whole base has everything below it. That
/// a block lies in some archive says nothing of the kind. Not thread-safe. The source must outlive
/// it.
class BaseIndex final {
 public:
  /// Zeros: the empty tree, of which nothing is a part.
  BaseIndex(NodeSource& source, const Hash& root);
  BaseIndex(const BaseIndex&) = delete;
  BaseIndex& operator=(const BaseIndex&) = delete;
  ~BaseIndex();

  [[nodiscard]] const Hash& root() const;

  /// One answer per reference, in order. One read of the archive per level, for all together. A
  /// base with absent blocks is no error: what they would tell is unknown.
  [[nodiscard]] Result<std::vector<Membership>> contains(std::span<const BlockRef> refs,
                                                         const Context& context = {});

  /// The same for references of an untrusted tree. A member was sound where the base has it; here
  /// it must fit at its new place too: begin beyond `lower`, and end its nodes where they must end
  /// unless it is rightmost. `corrupt` where a member does not fit; `unknown` where that takes an
  /// absent block. A value's index is a member only under the base's own `value_hash`.
  [[nodiscard]] Result<std::vector<Membership>> contains(std::span<const BlockExpectation> blocks,
                                                         const Context& context = {});

  /// Blocks of the base that an answer needed and that were absent, without repeats, from all calls
  /// so far.
  [[nodiscard]] const std::vector<Hash>& absent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lists the blocks of a tree that are not part of any of some bases: what a peer that has the
/// bases lacks. Children come before their parents, the root last; a block that several entries
/// share may come more than once. A subtree is left out only where it is a member of a base. Memory
/// follows depth times fan-out. Not thread-safe.
class NewBlockWalk final {
 public:
  /// The source and the bases must outlive it.
  NewBlockWalk(NodeSource& source, const Hash& root, std::vector<BaseIndex*> bases);
  NewBlockWalk(const NewBlockWalk&) = delete;
  NewBlockWalk& operator=(const NewBlockWalk&) = delete;
  ~NewBlockWalk();

  /// The next blocks, at least one and about `bytes_max` in all; empty at the end. A reference to a
  /// value's chunk may name a block that the archive lacks; nodes and indexes were there when they
  /// were read. `missing_blocks`: the walk needs these to go on; store them and call again.
  [[nodiscard]] Result<std::vector<BlockRef>> next(std::size_t bytes_max,
                                                   const Context& context = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dialog
