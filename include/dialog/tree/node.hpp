#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dialog/archive/block.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/limits.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/format.hpp"
#include "dialog/tree/value.hpp"

namespace dialog {

/// How much lies at and below a node.
struct TreeSize {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< keys and whole values
  friend bool operator==(const TreeSize&, const TreeSize&) = default;
};

/// What an inner node says about one child, beside the last key of the child's subtree.
struct Child {
  Hash hash;
  TreeSize size;
};

/// One node of a tree, read in place. Its encoding was checked completely: there is exactly one
/// encoding of its entries, and this is it. Whether the node stands at the right place is another
/// question (check.hpp). Immutable; safe to share between threads.
class Node {
 public:
  /// `corrupt` for anything but the canonical encoding of a node; the message names the first
  /// fault.
  static Result<std::shared_ptr<const Node>> parse(Block block);

  [[nodiscard]] const Hash& hash() const { return block_.hash(); }
  [[nodiscard]] const Block& block() const { return block_; }
  [[nodiscard]] std::uint8_t level() const { return level_; }
  [[nodiscard]] bool is_leaf() const { return level_ == 0; }
  /// Never 0: the empty tree has no node.
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] ByteView last_key() const { return last_key_; }
  /// The whole subtree, as far as this node knows.
  [[nodiscard]] const TreeSize& size() const { return size_; }
  /// What it occupies in memory, about.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  friend class EntryCursor;
  explicit Node(Block block) : block_(std::move(block)) {}
  Result<void> check();

  Block block_;
  std::uint8_t level_ = 0;
  std::size_t count_ = 0;
  std::size_t entries_at_ = 0;  // offset of the first entry
  Bytes last_key_;
  TreeSize size_;
};

using NodePtr = std::shared_ptr<const Node>;

/// Steps through the entries of one node, without allocation. The node must outlive it. Starts at
/// the first entry. What it returns is valid until it moves. Not thread-safe.
class EntryCursor {
 public:
  explicit EntryCursor(const Node& node) : node_(&node) { seek_index(0); }

  [[nodiscard]] bool at_end() const { return index_ >= node_->count(); }
  /// The number of the entry; `count()` at the end.
  [[nodiscard]] std::size_t index() const { return index_; }

  void next();
  /// `index` may be `count()`.
  void seek_index(std::size_t index);
  /// Moves to the first entry whose key is not less than `key`, or to the end. True where it is
  /// `key`.
  bool seek(ByteView key);

  // Only where it is not at the end:
  [[nodiscard]] ByteView key() const {
    return {whole_key_ != nullptr ? whole_key_ : key_.data(), key_size_};
  }
  /// Everything of the entry but its key, as encoded.
  [[nodiscard]] ByteView payload() const { return payload_; }
  /// Of a leaf.
  [[nodiscard]] ValueView value() const { return ValueView(payload_); }
  /// Of an inner node.
  [[nodiscard]] Child child() const;

 private:
  void read_at(std::size_t offset);
  void read_key(std::size_t shared, const char* at, std::size_t more);
  [[nodiscard]] std::size_t restart_offset(std::size_t group) const;
  [[nodiscard]] ByteView restart_key(std::size_t group) const;

  const Node* node_;
  std::size_t index_ = 0;
  std::size_t next_offset_ = 0;
  std::size_t key_size_ = 0;
  ByteView payload_;
  // In the node, where the key shares nothing with the one before.
  const char* whole_key_ = nullptr;
  static constexpr std::size_t kCopiedAtOnce = 16;
  // Otherwise; only the first key_size_ bytes mean anything.
  std::array<char, kKeyBytesMax + kCopiedAtOnce> key_;
};

}  // namespace dialog
