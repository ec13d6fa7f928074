#include "repository_core.hpp"

namespace dialog {

Error moved_too_often(std::string_view what) {
  return Error{
      ErrorCode::conflict, std::string(what) + " changed again and again meanwhile; try again", {}};
}

Result<StoredBranch> Repository::Core::read_branch(std::string_view name) {
  DIALOG_ASSIGN(std::optional<Bytes> record, heads().read(records::branch_key(name)));
  if (!record) return fail(ErrorCode::not_found, "there is no branch " + std::string(name));
  DIALOG_ASSIGN(Branch branch, records::decode_branch(name, *record));
  return StoredBranch{std::move(branch), *std::move(record)};
}

RecordChange Repository::Core::reflog_change(const Branch& before, const Branch& after,
                                             const ChangeNote& note) {
  ReflogEntry entry;
  entry.sequence = after.moves;
  entry.before = before.current;
  entry.after = after.current;
  entry.time = clock.wall();
  entry.what = note.what;
  entry.who = note.who;
  return {records::reflog_key(after.name, entry.sequence), std::nullopt, records::encode(entry)};
}

Result<Branch> Repository::Core::change_branch(std::string_view name, const ChangeNote& note,
                                               const Change& change) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, read_branch(name));
    Branch changed = stored.branch;
    DIALOG_ASSIGN(const bool goes_on, change(changed));
    if (!goes_on) return std::move(stored.branch);
    std::vector<RecordChange> changes;
    if (changed.current != stored.branch.current) {
      ++changed.moves;
      changes.push_back(reflog_change(stored.branch, changed, note));
      if (auto removal = oldest_entry_removal(changed)) changes.push_back(*std::move(removal));
    }
    changes.push_back(
        {records::branch_key(name), std::move(stored.record), records::encode(changed)});
    DIALOG_ASSIGN(const bool won, heads().commit(changes));
    if (won) return changed;
  }
  return fail(moved_too_often("branch " + std::string(name)));
}

std::optional<RecordChange> Repository::Core::oldest_entry_removal(const Branch& branch) {
  if (branch.moves <= kReflogEntriesKept) return std::nullopt;
  std::string key = records::reflog_key(branch.name, branch.moves - kReflogEntriesKept);
  auto entry = heads().read(key);
  // One that cannot be read must not keep the branch from moving on.
  if (!entry || !*entry) return std::nullopt;
  return RecordChange{std::move(key), *std::move(entry), std::nullopt};
}

Result<void> Repository::Core::check_root(const Revision& revision) {
  if (revision.is_zero() || config.is_partial) return {};
  const Hash root = revision.root();
  DIALOG_ASSIGN(const std::vector<bool> present, store.archive().has({&root, 1}));
  if (!present.front())
    return fail(missing_blocks({root}).within("revision " + revision.hex() + " is not here"));
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

Result<records::Config> read_config(HeadStore& heads) {
  DIALOG_ASSIGN(const std::optional<Bytes> record, heads.read(records::kConfigKey));
  if (!record) return fail(ErrorCode::not_found, "there is no repository here");
  return records::decode_config(*record);
}

}  // namespace dialog
