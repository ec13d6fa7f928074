#include "lmdb_range.hpp"

#include <algorithm>

namespace dialog::lmdb {
namespace {

// The least key above all that start with `prefix`; empty where there is none.
Bytes beyond(ByteView prefix) {
  Bytes bound(prefix);
  while (!bound.empty() && bound.back() == static_cast<char>(0xff)) bound.pop_back();
  if (!bound.empty())
    bound.back() = static_cast<char>(static_cast<unsigned char>(bound.back()) + 1);
  return bound;
}

// Moves to the last key below `bound`.
Result<bool> seek_before(Cursor& cursor, ByteView bound) {
  if (bound.empty()) return cursor.last();
  DIALOG_ASSIGN(const bool there, cursor.seek(bound));
  return there ? cursor.previous() : cursor.last();
}

}  // namespace

Result<bool> seek_range(Cursor& cursor, ByteView prefix, ByteView after, bool reverse) {
  if (reverse) {
    const Bytes end = beyond(prefix);
    const bool bounded = !after.empty() && (end.empty() || after < end);
    return seek_before(cursor, bounded ? after : ByteView(end));
  }
  DIALOG_ASSIGN(const bool there, cursor.seek(std::max(prefix, after)));
  if (there && !after.empty() && cursor.key() == after) return cursor.next();
  return there;
}

}  // namespace dialog::lmdb
