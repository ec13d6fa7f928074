#include <utility>

#include "dialog/tree/edit.hpp"
#include "repository_core.hpp"

namespace dialog {
namespace {

using View = HeadStore::View;

/// What the reflog knows of a commit; nothing but its number where that is gone, too.
ReflogEntry known_of(HeadStore& heads, std::string_view branch, std::uint64_t version) {
  ReflogEntry unknown;
  unknown.sequence = version;
  const std::string key = records::reflog_key(branch, version);
  const auto stored = heads.read(key);
  if (!stored || !*stored) return unknown;
  return records::decode_reflog(key, **stored).value_or(unknown);
}

bool is_damage(const Error& error) { return error.code == ErrorCode::corrupt; }

}  // namespace

// A record that its successor does not name is not what was committed; where the successor is gone
// the record is believed.
Result<BranchView> Repository::Core::last_whole(const Branch& branch) {
  BranchView before = built_view(branch);
  BranchView view = before;
  while (view.version < branch.moves) {
    const std::string key = records::edits_key(branch.name, view.version + 1);
    auto stored = heads().read(key);
    if (!stored && !is_damage(stored.error())) return fail(std::move(stored).error());
    if (!stored || !*stored) return view;
    BranchView next = view;
    std::vector<Record> one;
    one.push_back({key, **std::move(stored)});
    const auto follows = extend(next, std::move(one));
    if (!follows && !is_damage(follows.error())) return fail(follows.error());
    if (!follows) return view;
    if (!*follows) return before;
    before = std::exchange(view, std::move(next));
  }
  return view.history == branch.history ? view : before;
}

Result<std::optional<Repository::Core::Incomplete>> Repository::Core::find_incomplete(
    std::string_view name) {
  DIALOG_ASSIGN(StoredBranch stored, read_branch(name));
  const auto whole = check_pending(name);
  if (whole) return std::nullopt;
  if (!is_damage(whole.error())) return fail(whole.error());
  DIALOG_ASSIGN(BranchView view, last_whole(stored.branch));
  Incomplete found;
  found.told.branch = stored.branch.name;
  found.told.whole_version = view.version;
  for (std::uint64_t version = view.version + 1; version <= stored.branch.moves; ++version) {
    found.told.lost.push_back(known_of(heads(), name, version));
  }
  found.stored = std::move(stored);
  found.whole = std::move(view);
  return found;
}

Result<Revision> Repository::Core::give_up(const Incomplete& incomplete, const ChangeNote& note,
                                           const Context& context) {
  const Branch& branch = incomplete.stored.branch;
  DIALOG_ASSIGN(const auto lease, store.lease(LeaseKind::write));
  Branch changed = branch;
  if (!incomplete.whole.runs.empty()) {
    DIALOG_ASSIGN(const EditOutcome made,
                  edit_tree(source, branch.built.root(), incomplete.whole.merged(), {}, context));
    changed.built = Revision(made.root);
  }
  changed.pending = {};
  ++changed.moves;
  changed.history = records::history_after(changed.history, changed.built);
  const std::string prefix = records::edits_prefix(branch.name);
  HeadStore::Range range;
  range.prefix = prefix;
  DIALOG_ASSIGN(std::vector<Record> left, heads().list(range, View::submitted));
  std::vector<RecordChange> changes;
  for (Record& record : left) {
    changes.push_back({std::move(record.key), std::move(record.value), std::nullopt});
  }
  changes.push_back(reflog_change(branch, changed, note));
  const auto kept = retention(HeadStore::View::submitted);
  if (auto removal = oldest_entry_removal(changed, kept)) changes.push_back(*std::move(removal));
  changes.push_back(
      {records::branch_key(branch.name), incomplete.stored.record, records::encode(changed)});
  DIALOG_ASSIGN(const bool won, heads().commit(changes));
  if (won) return changed.built;
  return fail(moved_meanwhile(branch, incomplete.whole.version));
}

}  // namespace dialog
