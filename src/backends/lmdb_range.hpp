#pragma once

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "lmdb_transaction.hpp"

namespace dialog::lmdb {

/// Moves to the first key of a range in the direction of a walk: of the keys that begin with
/// `prefix` and, where `after` is not empty, lie beyond it. Where it says true the key there may
/// still be none of them: then there is none.
Result<bool> seek_range(Cursor& cursor, ByteView prefix, ByteView after, bool reverse);

}  // namespace dialog::lmdb
