#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/tree/node.hpp"

namespace dialog {

/// Encodes nodes of one level, entry by entry, and says where each ends. Not thread-safe.
class NodeWriter {
 public:
  explicit NodeWriter(std::uint8_t level) : level_(level) {}

  [[nodiscard]] std::uint8_t level() const { return level_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Of the node as it stands.
  [[nodiscard]] std::size_t encoded_bytes() const;
  [[nodiscard]] ByteView last_key() const { return last_key_; }
  /// At and below the node as it stands.
  [[nodiscard]] const TreeSize& size() const { return size_; }

  /// Appends an entry of a leaf. Keys must ascend. True where the node ends here: call `finish`.
  bool add(ByteView key, const ValueView& value);
  /// Appends an entry of an inner node.
  bool add(ByteView last_key, const Child& child);
  /// Appends an entry with the payload that an `EntryCursor` on the same level gave.
  bool add_encoded(ByteView key, ByteView payload);

  /// The node, which must not be empty; then starts the next one.
  Block finish();
  /// The same, for whoever hashes several nodes at once.
  Bytes finish_unhashed();

  /// Drops what was added since the last `finish`.
  void clear();

 private:
  bool append(ByteView key, ByteView payload, const TreeSize& size);

  std::uint8_t level_;
  std::size_t count_ = 0;
  Bytes entries_;
  std::vector<std::size_t> restarts_;  // offsets in entries_, without the first
  Bytes last_key_;
  TreeSize size_;
};

}  // namespace dialog
