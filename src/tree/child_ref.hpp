#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "dialog/tree/node_source.hpp"

namespace dialog::detail {

/// The reference to the child at which `entry`, of an inner node of `level`, stands. Borrows the
/// key.
inline NodeRef child_ref(const EntryCursor& entry, std::uint8_t level) {
  const Child child = entry.child();
  return NodeRef{child.hash, static_cast<std::uint8_t>(level - 1), child.size, entry.key()};
}

/// References to nodes, which borrow no key but its own.
class NodeRefs {
 public:
  /// `ref` must name its last key.
  void add(const NodeRef& ref) {
    refs_.push_back(ref);
    last_keys_.emplace_back(*ref.last_key);
  }

  [[nodiscard]] std::size_t size() const { return refs_.size(); }
  [[nodiscard]] const Hash& hash(std::size_t index) const { return refs_[index].hash; }

  /// Valid until the next `add`.
  std::span<const NodeRef> all() {
    for (std::size_t i = 0; i < refs_.size(); ++i) refs_[i].last_key = last_keys_[i];
    return refs_;
  }

 private:
  std::vector<NodeRef> refs_;
  std::vector<Bytes> last_keys_;
};

/// Gives each of `groups` its `node`, and drops those whose node is null: of these,
/// `on_absent(index)` hears first.
template <class Group, class OnAbsent>
void give_nodes(std::vector<Group>& groups, std::vector<NodePtr> nodes, const OnAbsent& on_absent) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i]) on_absent(i);
    groups[i].node = std::move(nodes[i]);
  }
  std::erase_if(groups, [](const Group& group) { return !group.node; });
}

}  // namespace dialog::detail
