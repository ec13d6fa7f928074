#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/value.hpp"

namespace dialog {

/// One key whose value differs between two trees; at least one side has it.
struct Change {
  ByteView key;
  std::optional<ValueView> before;
  std::optional<ValueView> after;
};

/// Finds the keys that differ between two trees, in order. Compares the trees level by level: what
/// both share is never read, all the nodes of a level are asked for together, leaves in batches. So
/// it reads about depth nodes per change, and holds one reference per differing leaf and a bounded
/// number of leaves. Not thread-safe. The source must outlive it.
class DiffCursor final {
 public:
  /// Reads nothing yet.
  DiffCursor(NodeSource& source, const Hash& before, const Hash& after, Context context = {});
  DiffCursor(const DiffCursor&) = delete;
  DiffCursor& operator=(const DiffCursor&) = delete;
  ~DiffCursor();

  /// Moves to the next change, first to the first; false at the end. The change is valid until the
  /// next call. After `missing_blocks` with all the blocks that this level lacks, start again with
  /// a new cursor.
  [[nodiscard]] Result<bool> next();
  /// Only after `next` returned true.
  [[nodiscard]] const Change& change() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gets one change; false stops.
using ChangeVisitor = std::function<bool(const Change&)>;

/// Visits all changes from `before` to `after`. Some may have been visited when it fails.
Result<void> diff_trees(NodeSource& source, const Hash& before, const Hash& after,
                        const ChangeVisitor& visit, const Context& context = {});

}  // namespace dialog
