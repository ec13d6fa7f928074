#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/order.hpp"

namespace dialog {

// A proof shows what a tree holds in a range of keys, and what it does not hold there, to whoever
// knows the tree's root alone. It is those nodes of the tree through which a search for the range
// would go: docs/format/proof.md. There is one proof for a tree and a range; any other bytes fail.

inline constexpr std::size_t kProofBytesMax = std::size_t{16} * 1024 * 1024;

/// The proof of a range. Reads the archive once per level. `too_large` where it would exceed
/// `bytes_max`: prove parts of the range. Other errors as in read.hpp.
Result<Bytes> prove_range(NodeSource& source, const Hash& root, const KeyBounds& range,
                          std::size_t bytes_max = kProofBytesMax, const Context& context = {});

/// Every entry of the range, in order, and no other: as the proof shows them under this root. A
/// value that does not lie in its leaf is shown by its size and hash. No I/O. Memory follows the
/// size of the proof. `corrupt` where this is not the proof of this range of that tree, with the
/// first fault in the message.
Result<std::vector<TreeEntry>> verify_range(const Hash& root, const KeyBounds& range,
                                            ByteView proof);

/// The range that holds `key` and nothing else.
KeyBounds range_of(ByteView key);

/// The same for one key: one node per level, whether it is there or not.
Result<Bytes> prove_key(NodeSource& source, const Hash& root, ByteView key,
                        const Context& context = {});
/// The key's value; absent where the proof shows that there is none.
Result<std::optional<StoredValue>> verify_key(const Hash& root, ByteView key, ByteView proof);

}  // namespace dialog
