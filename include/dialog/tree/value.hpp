#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/format.hpp"

namespace dialog {

class NodeSource;

/// A value as a leaf holds it: its bytes, or, above `inline_value_bytes_max`, its size and hash and
/// the address of the block that leads to them. Borrows the leaf's bytes.
class ValueView {
 public:
  /// `payload` must come from a `Node` or a `StoredValue`: it is not checked again.
  explicit ValueView(ByteView payload) : payload_(payload) {}

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] bool is_inline() const;
  /// The whole value; only where `is_inline()`.
  [[nodiscard]] ByteView inline_bytes() const;
  /// True where an index block lists the value's chunks; otherwise a value that is not inline is
  /// one block, whose address is `hash()`.
  [[nodiscard]] bool is_chunked() const;
  /// BLAKE3 of the whole value. Computed for an inline value, stored for any other.
  [[nodiscard]] Hash hash() const;
  /// Address of the index block; only where `is_chunked()`.
  [[nodiscard]] Hash index() const;

  /// The encoding within a leaf; equal exactly where the values are equal.
  [[nodiscard]] ByteView payload() const { return payload_; }

  friend bool operator==(const ValueView& a, const ValueView& b) {
    return a.payload_ == b.payload_;
  }

 private:
  ByteView payload_;
};

/// A `ValueView` that owns its bytes. What it refers to outside the leaf is not part of it.
class StoredValue {
 public:
  explicit StoredValue(const ValueView& view) : payload_(view.payload()) {}

  /// Valid as long as this object is not changed.
  [[nodiscard]] ValueView view() const { return ValueView(payload_); }

  friend bool operator==(const StoredValue&, const StoredValue&) = default;

 private:
  Bytes payload_;
};

/// A value and the blocks that it needs outside its leaf.
struct SplitValue {
  StoredValue stored;
  std::vector<Block> blocks;  ///< empty for an inline value; chunks come before their index
};

/// `too_large` above `kValueBytesMax`.
Result<SplitValue> split_value(ByteView value);

/// The whole value, checked against its hash. At most two reads of the archive, none for an inline
/// value. `missing_blocks` names all the blocks that a read lacked; `corrupt` where what is stored
/// is not this value.
Result<Bytes> load_value(NodeSource& source, const ValueView& value, const Context& context = {});

/// The same for many, in order, in at most two reads of the archive.
Result<std::vector<Bytes>> load_values(NodeSource& source, std::span<const ValueView> values,
                                       const Context& context = {});

/// The chunks that an index block lists, checked: `corrupt` where the block is no index of a value
/// of `value_bytes` bytes. Every chunk but the last has `value_chunk_bytes` bytes.
Result<std::vector<Hash>> parse_value_index(const Block& index, std::uint64_t value_bytes);

}  // namespace dialog
