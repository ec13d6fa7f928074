#pragma once

#include <cstdint>

#include "dialog/tree/node_source.hpp"

namespace dialog::detail {

/// The reference to the child at which `entry`, of an inner node of `level`, stands. Borrows the
/// key.
inline NodeRef child_ref(const EntryCursor& entry, std::uint8_t level) {
  const Child child = entry.child();
  return NodeRef{child.hash, static_cast<std::uint8_t>(level - 1), child.size, entry.key()};
}

}  // namespace dialog::detail
