#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

// Order statistics: what a tree knows of its entries by number. Every node says how much lies below
// each of its children, so a question costs one node per level, and several questions together one
// read of the archive per level. Errors as in read.hpp.

/// How much lies before each of some keys, which need not be there: all entries whose keys are
/// less. In order of the keys; `invalid_argument` where these don't strictly ascend.
Result<std::vector<TreeSize>> measure_before(NodeSource& source, const Hash& root,
                                             std::span<const ByteView> keys,
                                             const Context& context = {});

/// How much lies in a range: entries, and the bytes of their keys and values. Zero where `from` is
/// not less than `to`.
Result<TreeSize> measure_range(NodeSource& source, const Hash& root, const KeyBounds& range,
                               const Context& context = {});

/// The number of keys that are less than `key`: the number of the entry with this key, counted from
/// 0, where there is one.
Result<std::uint64_t> rank_of(NodeSource& source, const Hash& root, ByteView key,
                              const Context& context = {});

struct TreeEntry {
  Bytes key;
  StoredValue value;
  friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

/// The entries with some numbers, counted from 0 in the order of keys; those beyond the last entry
/// are left out. `invalid_argument` where the numbers don't strictly ascend.
Result<std::vector<TreeEntry>> select_entries(NodeSource& source, const Hash& root,
                                              std::span<const std::uint64_t> numbers,
                                              const Context& context = {});

/// The entry with one number; absent beyond the last.
Result<std::optional<TreeEntry>> select_entry(NodeSource& source, const Hash& root,
                                              std::uint64_t number, const Context& context = {});

/// `count` different entries, or all where there are no more, in the order of keys: each set of so
/// many is as likely as any other (Floyd's algorithm, Bentley and Floyd 1987). Memory follows
/// `count`.
Result<std::vector<TreeEntry>> sample_entries(NodeSource& source, const Hash& root,
                                              std::size_t count, RandomSource& random,
                                              const Context& context = {});

}  // namespace dialog
