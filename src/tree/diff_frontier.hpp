#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "dialog/tree/node_source.hpp"
#include "missing.hpp"

namespace dialog::detail {

/// The leaves in which two trees differ, found level by level from the roots: what both list is
/// dropped, the rest is read, all of a level together.
class DiffFrontier {
 public:
  struct Ref {
    Bytes last_key;
    Hash hash;
    TreeSize size;
    [[nodiscard]] NodeRef node_ref(std::uint8_t level) const {
      return {hash, level, size, last_key};
    }
  };

  DiffFrontier(NodeSource& source, const Context& context) : source_(source), context_(context) {}

  /// `missing_blocks` names all that a level lacks.
  Result<void> run(const std::array<Hash, 2>& roots);

  /// Of one side, in the order of keys.
  [[nodiscard]] std::vector<Ref>& leaves(std::size_t side) { return sides_[side].refs; }
  /// A node that is both root and leaf was read already.
  [[nodiscard]] const std::array<NodePtr, 2>& tops() const { return tops_; }

 private:
  struct Side {
    std::vector<Ref> refs;
    int level = -1;  // of the nodes in refs
  };
  Result<void> read_tops(const std::array<Hash, 2>& roots);
  void drop_shared();
  Result<void> expand(int level);
  Result<void> expand_batch(const std::vector<std::pair<std::size_t, const Ref*>>& batch, int level,
                            std::array<std::vector<Ref>, 2>& below, MissingSet& missing);

  NodeSource& source_;
  const Context& context_;
  std::array<Side, 2> sides_;
  std::array<NodePtr, 2> tops_;
};

}  // namespace dialog::detail
