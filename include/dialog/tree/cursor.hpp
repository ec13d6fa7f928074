#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

/// Steps through the entries of one tree in the order of their keys, both ways. The tree never
/// changes under it. After an error it stands nowhere: seek again. Not thread-safe. The source must
/// outlive it.
class Cursor final {
 public:
  /// Reads nothing yet, and stands nowhere.
  Cursor(NodeSource& source, const Hash& root, Context context = {});
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  /// Each of these returns whether the cursor then stands on an entry.
  [[nodiscard]] Result<bool> seek_first();
  [[nodiscard]] Result<bool> seek_last();
  /// The first entry whose key is not less than `key`.
  [[nodiscard]] Result<bool> seek(ByteView key);
  /// The last entry whose key is less than `key`.
  [[nodiscard]] Result<bool> seek_before(ByteView key);
  /// Only where it stands on an entry.
  [[nodiscard]] Result<bool> next();
  [[nodiscard]] Result<bool> prev();

  [[nodiscard]] bool valid() const;

  // Only where it stands on an entry; valid until it moves:
  [[nodiscard]] ByteView key() const;
  [[nodiscard]] ValueView stored_value() const;
  /// The entry in its leaf. Whoever moves it, within the leaf, moves the cursor.
  [[nodiscard]] EntryCursor& entry();
  /// The whole value; reads the archive where it does not lie in the leaf.
  [[nodiscard]] Result<Bytes> value();

  /// From now on, reads up to this many further leaves in each read of the archive (first few, then
  /// more), but none that lies wholly outside [from, to). A leaf that was read ahead and is absent
  /// counts as missing only once the cursor needs it.
  void read_ahead(std::size_t leaves, std::optional<Bytes> from = {}, std::optional<Bytes> to = {});

 private:
  struct Frame;
  enum class Edge : std::uint8_t { first, last };
  Result<bool> descend(NodePtr node, Edge edge);
  Result<bool> step(Edge edge);
  Result<NodePtr> load_root();
  Result<NodePtr> load_child(Frame& frame, Edge edge);

  NodeSource& source_;
  Hash root_;
  Context context_;
  std::size_t ahead_max_ = 0;
  std::size_t ahead_ = 0;
  std::optional<Bytes> ahead_from_;
  std::optional<Bytes> ahead_to_;
  std::vector<Frame>
      frames_;  // from the root down to a leaf; empty where the cursor stands nowhere
};

/// Which entries, in which order. All bounds hold together.
struct ScanRange {
  std::optional<Bytes> from = {};  ///< only keys not less than this
  std::optional<Bytes> to = {};    ///< only keys less than this
  Bytes prefix = {};               ///< only keys that start with this
  bool reverse = false;
  std::optional<std::uint64_t> limit = {};
};

/// The bounds of a range as one: only keys not less than `from`, and less than `to`.
struct KeyBounds {
  std::optional<Bytes> from;
  std::optional<Bytes> to;
  [[nodiscard]] bool is_empty() const { return from && to && *from >= *to; }
};
KeyBounds bounds_of(const ScanRange& range);

/// How many leaves a scan reads ahead.
inline constexpr std::size_t kScanLeavesAhead = 64;

/// Visits a range with a cursor that moves as `Cursor` does: calls `visit()` while it stands on
/// each entry; false stops. Reads several leaves at once as it goes on, and none beyond the range.
/// Entries may have been visited when it fails.
template <class AnyCursor, class Visit>
Result<void> scan_range(AnyCursor& cursor, const ScanRange& range, const Visit& visit) {
  const KeyBounds bounds = bounds_of(range);
  std::uint64_t left = range.limit.value_or(UINT64_MAX);
  if (bounds.is_empty() || left == 0) return {};
  cursor.read_ahead(kScanLeavesAhead, bounds.from, bounds.to);
  bool found = false;
  if (range.reverse) {
    DIALOG_ASSIGN(found, bounds.to ? cursor.seek_before(*bounds.to) : cursor.seek_last());
  } else {
    DIALOG_ASSIGN(found, bounds.from ? cursor.seek(*bounds.from) : cursor.seek_first());
  }
  while (found) {
    const bool is_beyond = range.reverse ? bounds.from && cursor.key() < *bounds.from
                                         : bounds.to && cursor.key() >= *bounds.to;
    if (is_beyond || !visit() || --left == 0) return {};
    DIALOG_ASSIGN(found, range.reverse ? cursor.prev() : cursor.next());
  }
  return {};
}

/// Gets one entry; false stops. Both are valid during the call only; `load_value` fetches a value
/// that is not inline.
using EntryVisitor = std::function<bool(ByteView key, const ValueView& value)>;

/// Visits a range of one tree, as `scan_range` does.
Result<void> scan_tree(NodeSource& source, const Hash& root, const ScanRange& range,
                       const EntryVisitor& visit, const Context& context = {});

}  // namespace dialog
