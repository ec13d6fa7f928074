#include "dialog/tree/cursor.hpp"

namespace dialog {
namespace {

/// The least key beyond all that start with `prefix`; absent where there is none.
std::optional<Bytes> after_prefix(Bytes prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

/// Visits the rest of a leaf from where `entry` stands, and stops at its last entry. False where
/// that was all, or `visit` wants no more.
bool visit_leaf(EntryCursor& entry, const std::optional<Bytes>& to, const EntryVisitor& visit) {
  const std::size_t last = entry.node().count() - 1;
  const bool may_end = to && entry.node().last_key() >= *to;
  for (;; entry.next()) {
    if (may_end && entry.key() >= *to) return false;
    if (!visit(entry.key(), entry.value())) return false;
    if (entry.index() == last) return true;
  }
}

/// A scan to the right without a limit, which is most of them, goes leaf by leaf.
Result<void> scan_leaves(Cursor& cursor, const KeyBounds& bounds, const EntryVisitor& visit) {
  if (bounds.is_empty()) return {};
  cursor.read_ahead(kScanLeavesAhead, bounds.from, bounds.to);
  DIALOG_ASSIGN(bool found, bounds.from ? cursor.seek(*bounds.from) : cursor.seek_first());
  while (found && visit_leaf(cursor.entry(), bounds.to, visit)) {
    DIALOG_ASSIGN(found, cursor.next());
  }
  return {};
}

}  // namespace

KeyBounds bounds_of(const ScanRange& range) {
  KeyBounds bounds{range.from, range.to};
  if (range.prefix.empty()) return bounds;
  if (!bounds.from || *bounds.from < range.prefix) bounds.from = range.prefix;
  const std::optional<Bytes> after = after_prefix(range.prefix);
  if (after && (!bounds.to || *after < *bounds.to)) bounds.to = after;
  return bounds;
}

Result<void> scan_tree(NodeSource& source, const Hash& root, const ScanRange& range,
                       const EntryVisitor& visit, const Context& context) {
  Cursor cursor(source, root, context);
  if (!range.reverse && !range.limit) return scan_leaves(cursor, bounds_of(range), visit);
  return scan_range(cursor, range, [&] { return visit(cursor.key(), cursor.stored_value()); });
}

}  // namespace dialog
