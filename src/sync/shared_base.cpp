#include "shared_base.hpp"

#include <optional>
#include <utility>

#include "dialog/tree/diff.hpp"
#include "dialog/tree/edit.hpp"
#include "dialog/tree/read.hpp"

namespace dialog {
namespace {

constexpr std::size_t kBatch = 4096;

/// Takes over into `base` those of the changes that the remote shows.
Result<void> take_over(NodeSource& source, std::vector<StoredEdit> changes, const Revision& remote,
                       Revision& base, const Context& context) {
  std::vector<ByteView> keys;
  keys.reserve(changes.size());
  for (const StoredEdit& change : changes) keys.emplace_back(change.key);
  DIALOG_ASSIGN(const auto at_remote, find_values(source, remote.root(), keys, context));
  std::vector<StoredEdit> shown;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].value == at_remote[i]) shown.push_back(std::move(changes[i]));
  }
  if (shown.empty()) return {};
  DIALOG_ASSIGN(const EditOutcome edited, edit_tree(source, base.root(), shown, {}, context));
  base = Revision(edited.root);
  return {};
}

}  // namespace

Result<Revision> shared_base(NodeSource& source, const Revision& origin,
                             const std::vector<SwapIntent>& swaps, const Revision& remote,
                             const Context& context) {
  Revision base = origin;
  for (const SwapIntent& swap : swaps) {
    std::vector<StoredEdit> changes;
    DiffCursor cursor(source, origin.root(), swap.desired.root(), context);
    for (;;) {
      DIALOG_ASSIGN(const bool found, cursor.next());
      if (found) {
        const Change& change = cursor.change();
        StoredEdit edit{Bytes(change.key), std::nullopt};
        if (change.after) edit.value.emplace(*change.after);
        changes.push_back(std::move(edit));
      }
      if (!changes.empty() && (!found || changes.size() == kBatch)) {
        DIALOG_TRY(take_over(source, std::exchange(changes, {}), remote, base, context));
      }
      if (!found) break;
    }
  }
  return base;
}

}  // namespace dialog
