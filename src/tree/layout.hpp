#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dialog/base/bytes.hpp"
#include "dialog/tree/format.hpp"
#include "dialog/tree/node.hpp"

namespace dialog::detail {

// A node: version, level, count of entries (16 bits), offsets of the restarts (16 bits each,
// without the first), entries. An entry: bytes shared with the key before, length of the rest, the
// rest, payload.

inline constexpr std::size_t kHeaderBytes = 4;

/// How many restarts the table lists: one per interval, without the first.
constexpr std::size_t restart_count(std::size_t entries) {
  return entries == 0 ? 0 : (entries - 1) / kTreeFormat.restart_interval;
}

constexpr bool is_restart(std::size_t index) { return index % kTreeFormat.restart_interval == 0; }

/// The length of the value's payload at the front of `in`, with the size of the whole value; absent
/// where it is not canonical.
struct PayloadExtent {
  std::size_t bytes = 0;
  TreeSize size;  // of a leaf's entry without its key
};
std::optional<PayloadExtent> leaf_payload(ByteView in);
std::optional<PayloadExtent> inner_payload(ByteView in);

/// The payload of a value that stays in its leaf.
void put_inline_value(Bytes& out, ByteView value);
void put_child(Bytes& out, const Child& child);
Child read_child(ByteView payload);

/// Adds what one entry brings; false where the sum does not fit.
bool add_size(TreeSize& sum, const TreeSize& more);

inline std::size_t shared_prefix(ByteView a, ByteView b) {
  const std::size_t limit = a.size() < b.size() ? a.size() : b.size();
  std::size_t shared = 0;
  while (shared < limit && a[shared] == b[shared]) ++shared;
  return shared;
}

}  // namespace dialog::detail
