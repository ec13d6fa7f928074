#include <algorithm>
#include <utility>

#include "dialog/base/check.hpp"
#include "dialog/tree/edit.hpp"
#include "repository_core.hpp"

namespace dialog {
namespace {

using View = HeadStore::View;

tl::unexpected<Error> lost_commits(const Branch& branch) {
  return fail(ErrorCode::corrupt, "records " +
                                      records::edits_key(branch.name, branch.built_version() + 1) +
                                      " to " + records::edits_key(branch.name, branch.moves) +
                                      " of the repository are not what record " +
                                      records::branch_key(branch.name) + " says");
}

/// Tells the reflog the revision of a move. An entry that cannot be read stays as it is.
std::optional<RecordChange> told_revision(HeadStore& heads, std::string_view branch,
                                          std::uint64_t version, const Revision& revision) {
  std::string key = records::reflog_key(branch, version);
  auto stored = heads.read(key, View::submitted);
  if (!stored || !*stored) return std::nullopt;
  auto entry = records::decode_reflog(key, **stored);
  if (!entry || entry->after) return std::nullopt;
  entry->after = revision;
  return RecordChange{std::move(key), *std::move(stored), records::encode(*entry)};
}

/// What takes commits out of a branch's pending ones.
struct Part {
  std::vector<RecordChange> removals;
  PendingEdits sum;
};

Result<Part> part_of(std::vector<Record> records) {
  Part part;
  for (Record& record : records) {
    DIALOG_ASSIGN(const records::EditsRecord decoded,
                  records::decode_edits(record.key, record.value));
    ++part.sum.commits;
    part.sum.edits += decoded.edits.size();
    part.sum.bytes += record.value.size();
    part.removals.push_back({std::move(record.key), std::move(record.value), std::nullopt});
  }
  return part;
}

}  // namespace

Result<std::optional<std::vector<Record>>> Repository::Core::pending_records(
    const StoredBranch& stored, std::uint64_t after, std::uint64_t up_to, View kind) {
  std::vector<Record> found;
  if (after == up_to) return found;
  const std::string prefix = records::edits_prefix(stored.branch.name);
  const std::string after_key = records::edits_key(stored.branch.name, after);
  HeadStore::Range range;
  range.prefix = prefix;
  range.after = after_key;
  range.limit = static_cast<std::size_t>(up_to - after);
  DIALOG_ASSIGN(found, heads().list(range, kind));
  if (found.size() == up_to - after &&
      found.back().key == records::edits_key(stored.branch.name, up_to)) {
    return found;
  }
  DIALOG_ASSIGN(const std::optional<Bytes> now,
                heads().read(records::branch_key(stored.branch.name), kind));
  if (now == stored.record) return lost_commits(stored.branch);
  return std::nullopt;
}

Result<ViewPtr> Repository::Core::read_view(const StoredBranch& stored, const ViewPtr& known,
                                            View kind) {
  const Branch& branch = stored.branch;
  auto next = std::make_shared<BranchView>(known ? *known : built_view(branch));
  DIALOG_ASSIGN(auto commits, pending_records(stored, next->version, branch.moves, kind));
  if (!commits) return nullptr;
  std::uint64_t bytes = 0;
  for (const Record& record : *commits) bytes += record.value.size();
  DIALOG_ASSIGN(const bool follows, extend(*next, *std::move(commits)));
  const bool is_whole =
      follows && next->history == branch.history && (known || bytes == branch.pending.bytes);
  if (is_whole) return next;
  if (known) return nullptr;
  DIALOG_ASSIGN(const std::optional<Bytes> now,
                heads().read(records::branch_key(branch.name), kind));
  if (now == stored.record) return lost_commits(branch);
  return nullptr;
}

Result<ViewPtr> Repository::Core::view(std::string_view name, View kind) {
  bool may_be_known = true;
  Bytes seen;
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const StoredBranch stored, read_branch(name, kind));
    ViewPtr known = may_be_known ? views.find(stored.branch) : nullptr;
    if (known && known->history == stored.branch.history) return known;
    // Others have gone on meanwhile: all that is pending need not be read for that.
    if (!known && may_be_known && views.is_beyond(kind, stored.branch)) {
      may_be_known = stored.record != std::exchange(seen, stored.record);
      if (may_be_known) continue;
    }
    DIALOG_ASSIGN(ViewPtr next, read_view(stored, known, kind));
    if (next) {
      // What was known is of commits that were never made durable.
      if (!may_be_known) views.drop(name);
      views.keep(kind, next);
      return next;
    }
    may_be_known = false;
  }
  return fail(moved_too_often("branch " + std::string(name)));
}

Result<void> Repository::Core::check_pending(std::string_view name) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const StoredBranch stored, read_branch(name));
    DIALOG_ASSIGN(const ViewPtr whole, read_view(stored, nullptr, View::durable));
    if (whole) return {};
  }
  return fail(moved_too_often("branch " + std::string(name)));
}

Result<std::optional<Revision>> Repository::Core::build(std::string_view name,
                                                        const std::optional<Point>& point,
                                                        Purpose purpose, const Context& context) {
  std::unique_ptr<StoreLease> lease;
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, read_branch(name, View::submitted));
    const Branch& branch = stored.branch;
    const std::uint64_t first = branch.built_version();
    const std::uint64_t up_to = point ? point->version : branch.moves;
    if (up_to < first || up_to > branch.moves) return std::nullopt;
    if (up_to == branch.moves && point && point->history && *point->history != branch.history)
      return std::nullopt;
    if (up_to == first) {
      // Of a part that is built only its version is left.
      if (point && point->history && branch.pending.commits > 0) return std::nullopt;
      const Revision built = branch.built;
      if (purpose == Purpose::revision) {
        DIALOG_ASSIGN(const bool is_told, tell(name, first, built));
        if (!is_told) continue;
      }
      // Another thread may have built it, and what it has submitted may be on its way.
      DIALOG_TRY(heads().commit({}));
      return built;
    }
    if (!lease) {
      DIALOG_ASSIGN(lease, store.lease(LeaseKind::write));
    }
    DIALOG_ASSIGN(auto commits, pending_records(stored, first, up_to, View::submitted));
    if (!commits) continue;
    BranchView view = built_view(branch);
    DIALOG_ASSIGN(const bool follows, extend(view, *commits));
    const std::optional<Hash> history = up_to == branch.moves ? branch.history
                                        : point               ? point->history
                                                              : std::nullopt;
    if (!follows || (history && view.history != *history)) {
      DIALOG_ASSIGN(const StoredBranch now, read_branch(name, View::submitted));
      if (now.record != stored.record) continue;
      if (up_to < branch.moves && follows) return std::nullopt;
      return lost_commits(branch);
    }
    DIALOG_ASSIGN(const EditOutcome made,
                  edit_tree(source, branch.built.root(), view.merged(), {}, context));
    DIALOG_ASSIGN(const bool won,
                  take_built(std::move(stored), *std::move(commits), Revision(made.root), purpose));
    if (won) return Revision(made.root);
  }
  return fail(moved_too_often("branch " + std::string(name)));
}

// Commits of others meanwhile are no hindrance: they stay pending.
Result<bool> Repository::Core::take_built(StoredBranch stored, std::vector<Record> built_records,
                                          const Revision& revision, Purpose purpose) {
  const std::string name = stored.branch.name;
  const Revision before = stored.branch.built;
  const std::uint64_t first = stored.branch.built_version();
  DIALOG_ASSIGN(Part part, part_of(std::move(built_records)));
  std::vector<RecordChange> changes = std::move(part.removals);
  const std::size_t removals = changes.size();
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    Branch changed = stored.branch;
    changed.built = revision;
    changed.pending.commits -= part.sum.commits;
    changed.pending.edits -= std::min(changed.pending.edits, part.sum.edits);
    changed.pending.bytes -= std::min(changed.pending.bytes, part.sum.bytes);
    if (purpose == Purpose::revision) {
      if (auto told = told_revision(heads(), name, first + part.sum.commits, revision))
        changes.push_back(*std::move(told));
    }
    changes.push_back(
        {records::branch_key(name), std::move(stored.record), records::encode(changed)});
    DIALOG_ASSIGN(const bool won, heads().commit(changes));
    if (won) return true;
    changes.resize(removals);
    DIALOG_ASSIGN(stored, read_branch(name, View::submitted));
    const Branch& now = stored.branch;
    if (now.built != before || now.built_version() != first ||
        now.pending.commits < part.sum.commits) {
      return false;
    }
  }
  return fail(moved_too_often("branch " + name));
}

Result<Branch> Repository::Core::build(std::string_view name, const Context& context) {
  DIALOG_ASSIGN(StoredBranch stored, read_branch(name));
  if (stored.branch.pending.commits == 0) {
    DIALOG_ASSIGN(const bool is_told, tell(name, stored.branch.moves, stored.branch.built));
    if (is_told) return std::move(stored.branch);
  }
  DIALOG_TRY(build(name, std::nullopt, Purpose::revision, context));
  DIALOG_ASSIGN(stored, read_branch(name));
  return std::move(stored.branch);
}

Result<bool> Repository::Core::tell(std::string_view name, std::uint64_t version,
                                    const Revision& revision) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const StoredBranch stored, read_branch(name, View::submitted));
    if (stored.branch.built != revision || stored.branch.built_version() != version) return false;
    auto told = told_revision(heads(), name, version, revision);
    if (!told) return true;
    // The branch must still stand there when the reflog comes to say so.
    const RecordChange changes[] = {*std::move(told),
                                    {records::branch_key(name), stored.record, stored.record}};
    DIALOG_ASSIGN(const bool won, heads().commit(changes));
    if (won) return true;
  }
  return fail(moved_too_often("branch " + std::string(name)));
}

Result<Revision> Repository::Core::revision_of(const BranchView& view, const Context& context) {
  if (view.runs.empty()) {
    // Where the branch has left it behind, there is no move to tell it.
    const auto told =
        view.branch.empty() ? Result<bool>(true) : tell(view.branch, view.version, view.built);
    if (!told && told.error().code != ErrorCode::not_found) return fail(told.error());
    return view.built;
  }
  auto built = build(view.branch, Point{view.version, view.history}, Purpose::revision, context);
  if (!built && built.error().code != ErrorCode::not_found) return fail(std::move(built).error());
  if (built && *built) return **built;
  // The branch has left these edits behind.
  DIALOG_ASSIGN(const auto lease, store.lease(LeaseKind::write));
  DIALOG_ASSIGN(const EditOutcome made,
                edit_tree(source, view.built.root(), view.merged(), {}, context));
  DIALOG_TRY(store.archive().flush(context));
  return Revision(made.root);
}

Result<Repository::Core::Submitted> Repository::Core::submit_edits(
    const BranchView& base, const std::vector<Commit>& commits, const Context& context) {
  std::vector<Bytes> encoded;
  std::vector<Hash> histories{base.history};
  for (const Commit& commit : commits) {
    encoded.push_back(records::encode_edits(histories.back(), *commit.edits));
    histories.push_back(Hash::of(encoded.back()));
  }
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, read_branch(base.branch, View::submitted));
    if (stored.branch.history != base.history)
      return fail(moved_meanwhile(stored.branch, base.version));
    if (is_full(stored.branch.pending)) {
      // The commit that crossed the bound could not build.
      DIALOG_TRY(build(base.branch, std::nullopt, Purpose::bound, context));
      continue;
    }
    Branch changed = stored.branch;
    const std::uint64_t last = changed.moves + commits.size();
    const auto kept = retention(View::submitted);
    std::vector<RecordChange> changes;
    std::vector<Record> own;
    for (std::size_t i = 0; i < commits.size(); ++i) {
      const Branch before = changed;
      ++changed.moves;
      changed.history = histories[i + 1];
      ++changed.pending.commits;
      changed.pending.edits += commits[i].edits->size();
      changed.pending.bytes += encoded[i].size();
      own.push_back({records::edits_key(changed.name, changed.moves), encoded[i]});
      changes.push_back({own.back().key, std::nullopt, encoded[i]});
      // What the log would forget again at once does not go there.
      if (!kept || changed.moves + kept->moves > last)
        changes.push_back(reflog_change(before, changed, *commits[i].note));
      if (auto removal = oldest_entry_removal(changed, kept))
        changes.push_back(*std::move(removal));
    }
    const Bytes branch_record = records::encode(changed);
    changes.push_back({records::branch_key(changed.name), std::move(stored.record), branch_record});
    DIALOG_ASSIGN(const std::optional<HeadStore::Ticket> ticket, heads().submit(changes));
    if (!ticket) continue;
    // Whoever goes on from here need not read either record again.
    last_branch.keep({changed, branch_record});
    auto next = std::make_shared<BranchView>(base);
    const auto follows = extend(*next, std::move(own));
    DIALOG_CHECK(follows && *follows, "a commit follows what it was made for");
    views.keep(View::submitted, next);
    return Submitted{changed.moves, ticket, is_full(changed.pending), std::move(next)};
  }
  return fail(moved_too_often("branch " + base.branch));
}

}  // namespace dialog
