#include "repository_core.hpp"

#include "dialog/tree/check.hpp"
#include "roots.hpp"

namespace dialog {

Error moved_too_often(std::string_view what) {
  return Error{
      ErrorCode::conflict, std::string(what) + " changed again and again meanwhile; try again", {}};
}

Error moved_meanwhile(const Branch& now, std::uint64_t version) {
  return Error{ErrorCode::conflict,
               "branch " + now.name + " moved from version " + std::to_string(version) + " to " +
                   std::to_string(now.moves) + " meanwhile",
               {}};
}

Result<StoredBranch> Repository::Core::read_branch(std::string_view name, HeadStore::View kind) {
  DIALOG_ASSIGN(std::optional<Bytes> record, heads().read(records::branch_key(name), kind));
  if (!record) return fail(ErrorCode::not_found, "there is no branch " + std::string(name));
  if (auto known = last_branch.find(name, *record))
    return StoredBranch{*std::move(known), *std::move(record)};
  DIALOG_ASSIGN(Branch branch, records::decode_branch(name, *record));
  StoredBranch stored{std::move(branch), *std::move(record)};
  last_branch.keep(stored);
  return stored;
}

Result<std::vector<Branch>> Repository::Core::branches() {
  HeadStore::Range range;
  range.prefix = records::kBranchPrefix;
  DIALOG_ASSIGN(const std::vector<Record> found, heads().list(range));
  std::vector<Branch> branches;
  branches.reserve(found.size());
  for (const Record& record : found) {
    const std::string_view name =
        std::string_view(record.key).substr(records::kBranchPrefix.size());
    DIALOG_ASSIGN(Branch branch, records::decode_branch(name, record.value));
    branches.push_back(std::move(branch));
  }
  return branches;
}

namespace {

/// Whether the reflog says, or may have said, which revision the latest move made.
bool is_told(HeadStore& heads, const Branch& branch) {
  const std::string key = records::reflog_key(branch.name, branch.moves);
  const auto stored = heads.read(key, HeadStore::View::submitted);
  if (!stored || !*stored) return true;
  const auto entry = records::decode_reflog(key, **stored);
  return !entry || entry->after;
}

}  // namespace

RecordChange Repository::Core::reflog_change(const Branch& before, const Branch& after,
                                             const ChangeNote& note) {
  ReflogEntry entry;
  entry.sequence = after.moves;
  if (before.pending.commits == 0 && is_told(heads(), before)) entry.before = before.built;
  if (after.pending.commits == 0) entry.after = after.built;
  entry.time = clock.wall();
  entry.what = note.what;
  entry.who = note.who;
  return {records::reflog_key(after.name, entry.sequence), std::nullopt, records::encode(entry)};
}

Result<Branch> Repository::Core::change_branch(std::string_view name, const ChangeNote& note,
                                               const Change& change) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, read_branch(name, HeadStore::View::submitted));
    Branch changed = stored.branch;
    DIALOG_ASSIGN(const bool goes_on, change(changed));
    if (!goes_on) return std::move(stored.branch);
    std::vector<RecordChange> changes;
    if (changed.built != stored.branch.built || changed.pending != stored.branch.pending) {
      DIALOG_ASSIGN(auto pending, pending_records(stored, stored.branch.built_version(),
                                                  stored.branch.moves, HeadStore::View::submitted));
      if (!pending) continue;
      for (Record& record : *pending)
        changes.push_back({std::move(record.key), std::move(record.value), std::nullopt});
      ++changed.moves;
      changed.history = records::history_after(changed.history, changed.built);
      changes.push_back(reflog_change(stored.branch, changed, note));
      const auto kept = retention(HeadStore::View::submitted);
      if (auto removal = oldest_entry_removal(changed, kept))
        changes.push_back(*std::move(removal));
    }
    changes.push_back(
        {records::branch_key(name), std::move(stored.record), records::encode(changed)});
    DIALOG_ASSIGN(const bool won, heads().commit(changes));
    if (won) return changed;
  }
  return fail(moved_too_often("branch " + std::string(name)));
}

std::optional<RecordChange> Repository::Core::oldest_entry_removal(const Branch& branch,
                                                                   const Result<Retention>& kept) {
  // What cannot be read must not keep the branch from moving on.
  if (!kept || branch.moves <= kept->moves) return std::nullopt;
  std::string key = records::reflog_key(branch.name, branch.moves - kept->moves);
  auto entry = heads().read(key, HeadStore::View::submitted);
  if (!entry || !*entry) return std::nullopt;
  return RecordChange{std::move(key), *std::move(entry), std::nullopt};
}

Result<bool> Repository::Core::is_held(const Revision& revision) {
  DIALOG_ASSIGN(const std::vector<Branch> all, branches());
  for (const Branch& branch : all) {
    for (const Root& root : roots_of(branch)) {
      if (root.revision == revision) return true;
    }
  }
  for (const Branch& branch : all) {
    DIALOG_ASSIGN(const std::vector<ReflogEntry> moves, reflog_of(heads(), branch.name));
    for (const ReflogEntry& move : moves) {
      if (move.before == revision || move.after == revision) return true;
    }
  }
  return false;
}

Result<void> Repository::Core::check_revision(const Revision& revision) {
  if (revision.is_zero()) return {};
  DIALOG_ASSIGN(const bool held, is_held(revision));
  if (held) return {};
  const Hash& root = revision.root();
  DIALOG_ASSIGN(const std::optional<Block> block, store.archive().get_one(root));
  if (!block) {
    if (config.is_partial) return {};
    return fail(missing_blocks({root}).within("revision " + revision.hex() + " is not here"));
  }
  if (const auto checked = check_block(*block, expect_root(root)); !checked) {
    return fail(ErrorCode::invalid_argument,
                revision.hex() + " is no revision: " + checked.error().message);
  }
  std::vector<Hash> missing;
  std::optional<Error> damage;
  VerifyOptions verify;
  verify.on_fault = [&](const TreeFault& fault) {
    if (fault.error.code != ErrorCode::missing_blocks) {
      damage = fault.error;
    } else if (!config.is_partial) {
      missing.push_back(fault.expectation.ref.hash);
    }
    return !damage && missing.size() < kMissingMax;
  };
  NodeSource uncached(store.archive(), 0);
  DIALOG_TRY(verify_tree(uncached, root, verify));
  if (!damage && !missing.empty()) damage = missing_blocks(std::move(missing));
  if (damage) return fail(damage->within("revision " + revision.hex() + " is not whole here"));
  return {};
}

Result<void> check_create(const CreateRepository& options) { return check_name(options.branch); }

std::vector<RecordChange> first_records(const CreateRepository& options, const Branch& branch) {
  std::vector<RecordChange> changes;
  const records::Config config{options.partial, options.subject};
  changes.push_back({std::string(records::kConfigKey), std::nullopt, records::encode(config)});
  changes.push_back(
      {std::string(records::kHeadKey), std::nullopt, records::encode_head(branch.name)});
  changes.push_back({records::branch_key(branch.name), std::nullopt, records::encode(branch)});
  return changes;
}

Result<StoredConfig> read_config(HeadStore& heads, HeadStore::View kind) {
  DIALOG_ASSIGN(std::optional<Bytes> record, heads.read(records::kConfigKey, kind));
  if (!record) return fail(ErrorCode::not_found, "there is no repository here");
  DIALOG_ASSIGN(records::Config config, records::decode_config(*record));
  return StoredConfig{std::move(config), *std::move(record)};
}

}  // namespace dialog
