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
  Cursor cursor(source, root, context);
  return scan_range(cursor, range, [&] { return visit(cursor.key(), cursor.stored_value()); });
}

}  // namespace dialog
