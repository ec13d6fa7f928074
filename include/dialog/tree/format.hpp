#pragma once

#include <cstddef>
#include <cstdint>

#include "dialog/base/bytes.hpp"
#include "dialog/base/limits.hpp"

namespace dialog {

/// Everything that decides the bytes of a tree, in one place. Fixed per version, so that any two
/// replicas build the same nodes from the same entries. docs/format/tree.md describes the format.
struct TreeFormat {
  std::uint8_t version = 0;
  /// About the mean size of a node. No node is cut below half of it; every node is at twice of it.
  std::size_t node_bytes_target = 4096;
  /// Every this many entries a key is written in full.
  std::size_t restart_interval = 16;
  /// Larger values live in blocks of their own.
  std::size_t inline_value_bytes_max = 1024;
  /// Larger values are cut into chunks of this size.
  std::size_t value_chunk_bytes = std::size_t{64} * 1024;
  /// Leaves have level 0.
  std::uint8_t level_max = 40;

  [[nodiscard]] constexpr std::size_t cut_bytes_min() const { return node_bytes_target / 2; }
  [[nodiscard]] constexpr std::size_t cut_bytes_max() const { return node_bytes_target * 2; }
};

inline constexpr TreeFormat kTreeFormat{};

/// The largest encoding of an entry: two key lengths, the key, a payload, and its share of the
/// table.
inline constexpr std::size_t kEntryBytesMax =
    2 + 2 + kKeyBytesMax + 2 + kTreeFormat.inline_value_bytes_max + 2;

/// No valid node is larger: the last entry may begin just before a node is cut for certain.
inline constexpr std::size_t kNodeBytesMax = kTreeFormat.cut_bytes_max() - 1 + kEntryBytesMax;

/// Whether a node of `level` ends with the entry of `key`: `before` is the node's encoded size
/// without that entry, `after` with it. Depends on nothing else, so that a node ends at the same
/// entry however its tree came about. The last node of a level may end anywhere.
bool ends_node(std::uint8_t level, ByteView key, std::size_t before, std::size_t after);

}  // namespace dialog
