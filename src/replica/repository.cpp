#include "dialog/replica/repository.hpp"

#include <algorithm>
#include <utility>

#include "repository_core.hpp"

namespace dialog {

RemoteTracking Branch::tracking_of(const std::string& remote) const {
  const auto at = tracking.find(remote);
  return at == tracking.end() ? RemoteTracking{} : at->second;
}

Result<std::optional<Bytes>> Snapshot::get(ByteView key, const Context& context) const {
  return get_value(source_, revision_.root(), key, context);
}

Result<void> Snapshot::scan(const ScanRange& range, const EntryVisitor& visit,
                            const Context& context) const {
  return scan_tree(source_, revision_.root(), range, visit, context);
}

std::unique_ptr<Cursor> Snapshot::cursor(const Context& context) const {
  return std::make_unique<Cursor>(source_, revision_.root(), context);
}

Result<TreeSummary> Snapshot::summary(const Context& context) const {
  return summarize_tree(source_, revision_.root(), context);
}

Repository::Repository(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

Result<Repository> Repository::create(RepositoryStore& store, Clock& clock,
                                      const CreateRepository& options,
                                      const OpenRepository& open_options) {
  DIALOG_TRY(check_create(options));
  Branch branch;
  branch.name = options.branch;
  DIALOG_ASSIGN(const bool created, store.heads().commit(first_records(options, branch)));
  if (!created) return fail(ErrorCode::already_exists, "there is a repository here already");
  return open(store, clock, open_options);
}

Result<Repository> Repository::open(RepositoryStore& store, Clock& clock,
                                    const OpenRepository& options) {
  DIALOG_ASSIGN(records::Config config, read_config(store.heads()));
  return Repository(std::make_unique<Core>(store, clock, std::move(config), options));
}

bool Repository::is_partial() const { return core_->config.is_partial; }
const std::string& Repository::subject() const { return core_->config.subject; }
RepositoryStore& Repository::store() const { return core_->store; }

Result<std::vector<Branch>> Repository::branches() const { return core_->branches(); }

Result<Branch> Repository::branch(std::string_view name) const {
  DIALOG_ASSIGN(StoredBranch stored, core_->read_branch(name));
  return std::move(stored.branch);
}

Result<std::string> Repository::default_branch() const {
  DIALOG_ASSIGN(const std::optional<Bytes> record, core_->heads().read(records::kHeadKey));
  if (!record) return fail(ErrorCode::corrupt, "record head of the repository is gone");
  return records::decode_head(*record);
}

Result<void> Repository::set_default_branch(std::string_view name) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(name));
    DIALOG_ASSIGN(const std::optional<Bytes> head, core_->heads().read(records::kHeadKey));
    // The branch must still be there when the head comes to name it.
    const RecordChange changes[] = {
        {records::branch_key(name), stored.record, stored.record},
        {std::string(records::kHeadKey), head, records::encode_head(name)}};
    DIALOG_ASSIGN(const bool won, core_->heads().commit(changes));
    if (won) return {};
  }
  return fail(moved_too_often("the repository"));
}

Result<void> Repository::create_branch(const NewBranch& wanted, const ChangeNote& note) {
  DIALOG_TRY(check_name(wanted.name));
  if (wanted.upstream) DIALOG_TRY(remote(*wanted.upstream));
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::write));
  DIALOG_TRY(core_->check_revision(wanted.start));
  Branch branch;
  branch.name = wanted.name;
  branch.current = wanted.start;
  branch.upstream = wanted.upstream;
  if (wanted.like) {
    DIALOG_ASSIGN(const StoredBranch like, core_->read_branch(*wanted.like));
    branch.tracking = like.branch.tracking;
    if (!branch.upstream) branch.upstream = like.branch.upstream;
  }
  std::vector<RecordChange> changes;
  Branch before = branch;
  before.current = {};
  if (!branch.current.is_zero()) {
    ++branch.moves;
    changes.push_back(core_->reflog_change(before, branch, note));
  }
  changes.push_back({records::branch_key(branch.name), std::nullopt, records::encode(branch)});
  DIALOG_ASSIGN(const bool won, core_->heads().commit(changes));
  if (!won) return fail(ErrorCode::already_exists, "there is a branch " + wanted.name + " already");
  return {};
}

Result<void> Repository::move_branch(std::string_view name, const Revision& expected,
                                     const Revision& desired, const ChangeNote& note) {
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::write));
  DIALOG_TRY(core_->check_revision(desired));
  DIALOG_TRY(core_->change_branch(name, note, [&](Branch& branch) -> Result<bool> {
    if (branch.current != expected) {
      return fail(ErrorCode::conflict, "branch " + branch.name + " is at " + branch.current.hex() +
                                           ", not at " + expected.hex());
    }
    branch.current = desired;
    return true;
  }));
  return {};
}

namespace {

/// Changes that remove a branch's reflog, and, where `to` is not empty, keep it under that name.
Result<std::vector<RecordChange>> reflog_moves(HeadStore& heads, std::string_view from,
                                               std::string_view to) {
  const std::string prefix = records::reflog_prefix(from);
  HeadStore::Range range;
  range.prefix = prefix;
  DIALOG_ASSIGN(std::vector<Record> entries, heads.list(range));
  std::vector<RecordChange> changes;
  for (Record& entry : entries) {
    if (!to.empty()) {
      changes.push_back({records::reflog_prefix(to) + entry.key.substr(prefix.size()), std::nullopt,
                         entry.value});
    }
    changes.push_back({std::move(entry.key), std::move(entry.value), std::nullopt});
  }
  return changes;
}

}  // namespace

Result<void> Repository::remove_branch(std::string_view name) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, core_->read_branch(name));
    DIALOG_ASSIGN(std::optional<Bytes> head, core_->heads().read(records::kHeadKey));
    DIALOG_ASSIGN(const std::string chosen, default_branch());
    if (chosen == name) {
      return fail(ErrorCode::invalid_argument,
                  "branch " + chosen + " is the default one; make another one the default first");
    }
    DIALOG_ASSIGN(std::vector<RecordChange> changes, reflog_moves(core_->heads(), name, {}));
    changes.push_back({std::string(records::kHeadKey), head, head});
    changes.push_back({records::branch_key(name), std::move(stored.record), std::nullopt});
    DIALOG_ASSIGN(const bool won, core_->heads().commit(changes));
    if (won) return {};
  }
  return fail(moved_too_often("the repository"));
}

Result<void> Repository::rename_branch(std::string_view from, std::string_view to) {
  DIALOG_TRY(check_name(to));
  // A collector that has listed the branches before would miss the moves under their new name.
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::write));
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, core_->read_branch(from));
    DIALOG_ASSIGN(const std::optional<Bytes> taken, core_->heads().read(records::branch_key(to)));
    if (taken)
      return fail(ErrorCode::already_exists, "there is a branch " + std::string(to) + " already");
    DIALOG_ASSIGN(std::optional<Bytes> head, core_->heads().read(records::kHeadKey));
    DIALOG_ASSIGN(const std::string chosen, default_branch());
    DIALOG_ASSIGN(std::vector<RecordChange> changes, reflog_moves(core_->heads(), from, to));
    changes.push_back(
        {std::string(records::kHeadKey), head, chosen == from ? records::encode_head(to) : head});
    changes.push_back({records::branch_key(to), std::nullopt, records::encode(stored.branch)});
    changes.push_back({records::branch_key(from), std::move(stored.record), std::nullopt});
    DIALOG_ASSIGN(const bool won, core_->heads().commit(changes));
    if (won) return {};
  }
  return fail(moved_too_often("the repository"));
}

Result<void> Repository::set_upstream(std::string_view name,
                                      const std::optional<std::string>& upstream) {
  if (upstream) DIALOG_TRY(remote(*upstream));
  DIALOG_TRY(core_->change_branch(name, {}, [&](Branch& branch) -> Result<bool> {
    if (branch.upstream == upstream) return false;
    branch.upstream = upstream;
    return true;
  }));
  return {};
}

Result<void> Repository::forget_remote_state(std::string_view name, std::string_view remote) {
  DIALOG_TRY(core_->change_branch(name, {}, [&](Branch& branch) -> Result<bool> {
    return branch.tracking.erase(std::string(remote)) > 0;
  }));
  return {};
}

Result<Snapshot> Repository::snapshot(std::string_view branch) const {
  DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(branch));
  return Snapshot(core_->source, stored.branch.current);
}

Snapshot Repository::snapshot(const Revision& revision) const {
  return Snapshot(core_->source, revision);
}

Result<Revision> Repository::resolve(std::string_view text) const {
  if (const std::optional<Revision> revision = Revision::from_hex(text)) return *revision;
  DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(text));
  return stored.branch.current;
}

Result<void> Repository::diff(const Revision& before, const Revision& after,
                              const ChangeVisitor& visit, const Context& context) const {
  return diff_trees(core_->source, before.root(), after.root(), visit, context);
}

Result<std::vector<ReflogEntry>> Repository::log(std::string_view branch,
                                                 const LogRange& range) const {
  DIALOG_TRY(core_->read_branch(branch));
  const std::string prefix = records::reflog_prefix(branch);
  const std::string before =
      range.before ? records::reflog_key(branch, *range.before) : std::string();
  HeadStore::Range wanted;
  wanted.prefix = prefix;
  wanted.after = before;
  wanted.limit = range.limit;
  wanted.reverse = true;
  DIALOG_ASSIGN(const std::vector<Record> found, core_->heads().list(wanted));
  std::vector<ReflogEntry> entries;
  for (const Record& record : found) {
    DIALOG_ASSIGN(ReflogEntry entry, records::decode_reflog(record.key, record.value));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace dialog
