#include <utility>

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
  const KeyBounds bounds = bounds_of(range);
  if (bounds.is_empty()) return {};
  std::uint64_t left = range.limit.value_or(UINT64_MAX);
  if (left == 0) return {};
  Cursor cursor(source, root, context);
  cursor.read_ahead(kScanLeavesAhead, bounds.from, bounds.to);

  bool found = false;
  if (range.reverse) {
    DIALOG_ASSIGN(found, bounds.to ? cursor.seek_before(*bounds.to) : cursor.seek_last());
  } else {
    DIALOG_ASSIGN(found, bounds.from ? cursor.seek(*bounds.from) : cursor.seek_first());
  }
  while (found) {
    if (range.reverse ? bounds.from && cursor.key() < *bounds.from
                      : bounds.to && cursor.key() >= *bounds.to) {
      break;
    }
    if (!visit(cursor.key(), cursor.stored_value()) || --left == 0) break;
    DIALOG_ASSIGN(found, range.reverse ? cursor.prev() : cursor.next());
  }
  return {};
}

}  // namespace dialog
