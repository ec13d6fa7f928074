#include "dialog/replica/snapshot.hpp"

#include <cstdint>
#include <utility>

#include "merged_cursor.hpp"
#include "snapshot_state.hpp"

namespace dialog {

std::uint64_t EntryValue::size() const { return source_ ? stored_.size() : pending_.size(); }

std::optional<ByteView> EntryValue::at_hand() const {
  if (source_ == nullptr) return pending_;
  if (stored_.is_inline()) return stored_.inline_bytes();
  return std::nullopt;
}

Result<Bytes> EntryValue::load() const {
  if (source_ == nullptr) return Bytes(pending_);
  return load_value(*source_, stored_, *context_);
}

struct SnapshotCursor::State {
  State(NodeSource& source, const BranchView& view, const Context& context)
      : merged(source, view.built.root(), view.runs, context) {}
  MergedCursor merged;
};

SnapshotCursor::SnapshotCursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
SnapshotCursor::~SnapshotCursor() = default;

Result<bool> SnapshotCursor::seek_first() { return state_->merged.seek_first(); }
Result<bool> SnapshotCursor::seek_last() { return state_->merged.seek_last(); }
Result<bool> SnapshotCursor::seek(ByteView key) { return state_->merged.seek(key); }
Result<bool> SnapshotCursor::seek_before(ByteView key) { return state_->merged.seek_before(key); }
Result<bool> SnapshotCursor::next() { return state_->merged.next(); }
Result<bool> SnapshotCursor::prev() { return state_->merged.prev(); }
bool SnapshotCursor::valid() const { return state_->merged.valid(); }
ByteView SnapshotCursor::key() const { return state_->merged.key(); }
Result<Bytes> SnapshotCursor::value() { return state_->merged.value().load(); }

Snapshot::Snapshot(std::shared_ptr<State> state) : state_(std::move(state)) {}

std::optional<std::uint64_t> Snapshot::version() const {
  if (state_->view->branch.empty()) return std::nullopt;
  return state_->view->version;
}

Result<Revision> Snapshot::revision(const Context& context) const {
  return state_->core.revision_of(*state_->view, context);
}

Result<std::optional<Bytes>> Snapshot::get(ByteView key, const Context& context) const {
  const PendingEdit* const edit = state_->view->find(key);
  if (edit == nullptr) {
    return get_value(state_->source, state_->view->built.root(), key, context);
  }
  if (!edit->value) return std::nullopt;
  return Bytes(*edit->value);
}

Result<void> Snapshot::scan(const ScanRange& range, const SnapshotVisitor& visit,
                            const Context& context) const {
  const BranchView& view = *state_->view;
  return State::scan(state_->source, view.built.root(), view.runs, range, visit, context);
}

std::unique_ptr<SnapshotCursor> Snapshot::cursor(const Context& context) const {
  auto state = std::make_unique<SnapshotCursor::State>(state_->source, *state_->view, context);
  return std::unique_ptr<SnapshotCursor>(new SnapshotCursor(std::move(state)));
}

Result<TreeSummary> Snapshot::summary(const Context& context) const {
  DIALOG_ASSIGN(const Revision built, revision(context));
  return summarize_tree(state_->source, built.root(), context);
}

NodeSource& Snapshot::source() const { return state_->source; }

Result<void> Snapshot::State::scan(NodeSource& source, const Hash& root, std::vector<RunPtr> runs,
                                   const ScanRange& range, const SnapshotVisitor& visit,
                                   const Context& context) {
  if (runs.empty()) {
    Cursor cursor(source, root, context);
    return scan_range(cursor, range, [&] {
      return visit(cursor.key(), EntryValue(source, cursor.stored_value(), context));
    });
  }
  MergedCursor cursor(source, root, std::move(runs), context);
  return scan_range(cursor, range, [&] { return visit(cursor.key(), cursor.value()); });
}

}  // namespace dialog
