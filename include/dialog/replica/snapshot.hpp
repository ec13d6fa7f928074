#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/read.hpp"

namespace dialog {

/// One revision, to read from. It never changes, whatever is committed meanwhile; it needs no lock
/// and no closing. Cheap to copy. Thread-safe. Must not outlive its repository. On a lazy
/// repository a read fetches the blocks that it needs; elsewhere an absent block is the error
/// `missing_blocks`.
class Snapshot final {
 public:
  Snapshot(NodeSource source, const Revision& revision)
      : source_(std::move(source)), revision_(revision) {}

  [[nodiscard]] const Revision& revision() const { return revision_; }

  /// Absent where there is no such key.
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key, const Context& context = {}) const;

  /// Visits a range in order; see `scan_tree`.
  [[nodiscard]] Result<void> scan(const ScanRange& range, const EntryVisitor& visit,
                                  const Context& context = {}) const;

  /// A cursor that reads as it goes. This snapshot must outlive it.
  [[nodiscard]] std::unique_ptr<Cursor> cursor(const Context& context = {}) const;

  /// How many entries and bytes it holds, and how deep it is. Reads one node.
  [[nodiscard]] Result<TreeSummary> summary(const Context& context = {}) const;

  /// Where its blocks are read from; for the functions of the tree layer.
  [[nodiscard]] NodeSource& source() const { return source_; }

 private:
  // Reading fills the cache, which is shared and safe between threads: no change of the snapshot.
  mutable NodeSource source_;
  Revision revision_;
};

}  // namespace dialog
