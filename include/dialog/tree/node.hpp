#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/check.hpp"
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
  [[nodiscard]] ByteView last_key() const {
    const bool is_short = last_key_bytes_ <= short_last_key_.size();
    return {is_short ? short_last_key_.data() : keys_.data() + keys_.size() - last_key_bytes_,
            last_key_bytes_};
  }
  /// The whole subtree, as far as this node knows.
  [[nodiscard]] const TreeSize& size() const { return size_; }
  /// What it occupies in memory, about.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  friend class EntryCursor;
  /// Whoever is to make one beside this class cannot.
  struct Parsing {};

 public:
  Node(Parsing, Block block) : block_(std::move(block)) {}

 private:
  /// Four bytes of a key as a number.
  using Head = std::uint32_t;
  /// Where one entry lies.
  struct Slot {
    std::uint16_t begin = 0;   // of the entry, in the block
    std::uint16_t shared = 0;  // with the key before
    std::uint16_t more = 0;    // bytes of the key that follow
    std::uint16_t key_at = 0;  // of the whole key, in keys_

    /// Of the rest of the key, in the block.
    [[nodiscard]] std::size_t rest_at() const {
      constexpr std::size_t kOneByteMax = 127;
      return std::size_t{begin} + 2 + (shared > kOneByteMax ? 1U : 0U) +
             (more > kOneByteMax ? 1U : 0U);
    }
    [[nodiscard]] std::size_t payload_at() const { return rest_at() + more; }
    [[nodiscard]] std::size_t key_bytes() const { return std::size_t{shared} + more; }
  };
  Result<void> check();
  Result<void> check_entries();
  void find_heads();
  /// Of a key that has what all keys share: what follows that.
  [[nodiscard]] Head head_of(ByteView key) const;
  [[nodiscard]] std::size_t end_of(std::size_t index) const {
    return index + 1 < count_ ? slots_[index + 1].begin : block_.size();
  }

  Block block_;
  std::uint8_t level_ = 0;
  bool has_whole_keys_ = false;
  std::uint16_t count_ = 0;
  std::uint16_t prefix_bytes_ = 0;  // that all keys share
  std::uint16_t last_key_bytes_ = 0;
  // Beside what is searched: most keys are short.
  std::array<char, 40> short_last_key_{};
  std::vector<Head> heads_;  // of all keys
  std::vector<Slot> slots_;
  Bytes keys_;  // all of them one after the other, or the last one alone
  TreeSize size_;
};

using NodePtr = std::shared_ptr<const Node>;

/// Steps through the entries of one node, without allocation. The node must outlive it. Starts at
/// the first entry. What it returns is valid until it moves. Not thread-safe, not even to read.
class EntryCursor {
 public:
  explicit EntryCursor(const Node& node) : node_(&node) {}

  [[nodiscard]] const Node& node() const { return *node_; }
  [[nodiscard]] bool at_end() const { return index_ >= node_->count(); }
  /// The number of the entry; `count()` at the end.
  [[nodiscard]] std::size_t index() const { return index_; }

  void next() {
    DIALOG_CHECK(!at_end(), "a cursor moved beyond the end of its node");
    ++index_;
  }
  /// `index` may be `count()`.
  void seek_index(std::size_t index);
  /// Moves to the first entry whose key is not less than `key`, or to the end. True where it is
  /// `key`.
  bool seek(ByteView key);

  // Only where it is not at the end:
  [[nodiscard]] ByteView key() const {
    if (key_index_ != index_) read_key();
    return {whole_key_ != nullptr ? whole_key_ : key_.data(), key_bytes_};
  }
  /// Everything of the entry but its key, as encoded.
  [[nodiscard]] ByteView payload() const {
    const std::size_t at = node_->slots_[index_].payload_at();
    return {node_->block_.bytes().data() + at, node_->end_of(index_) - at};
  }
  /// Of a leaf.
  [[nodiscard]] ValueView value() const { return ValueView(payload()); }
  /// Of an inner node.
  [[nodiscard]] Child child() const;

 private:
  bool seek_among_equals(ByteView key);
  void read_key() const {
    const Node::Slot& slot = node_->slots_[index_];
    if (slot.shared != 0 && key_index_ + 1 == index_ && !node_->has_whole_keys_) {
      append_rest(slot);
    } else {
      find_key();
    }
    key_index_ = index_;
  }
  void find_key() const;
  /// Makes of the key before the one of this entry.
  void append_rest(const Node::Slot& slot) const {
    if (whole_key_ != nullptr) std::memcpy(key_.data(), whole_key_, slot.shared);
    whole_key_ = nullptr;
    key_bytes_ = slot.key_bytes();
    const ByteView all = node_->block_.bytes();
    const std::size_t at = slot.rest_at();
    // Of a known number of bytes a copy is two instructions.
    const bool is_short = slot.more <= kCopiedAtOnce && all.size() - at >= kCopiedAtOnce;
    if (is_short) {
      std::memcpy(key_.data() + slot.shared, all.data() + at, kCopiedAtOnce);
    } else {
      std::memcpy(key_.data() + slot.shared, all.data() + at, slot.more);
    }
  }

  static constexpr std::size_t kNone = SIZE_MAX;
  static constexpr std::size_t kCopiedAtOnce = 16;

  const Node* node_;
  std::size_t index_ = 0;
  // The key that was read last, which is made of the one before, and of what index it is.
  mutable std::size_t key_index_ = kNone;
  mutable std::size_t key_bytes_ = 0;
  // In the node, where it is there as a whole.
  mutable const char* whole_key_ = nullptr;
  // Otherwise; only the first key_bytes_ bytes mean anything.
  mutable std::array<char, kKeyBytesMax + kCopiedAtOnce> key_;
};

}  // namespace dialog
