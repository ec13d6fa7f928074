#include "dialog/replica/repository.hpp"

#include <algorithm>
#include <utility>

#include "repository_core.hpp"
#include "snapshot_state.hpp"

namespace dialog {

using View = HeadStore::View;

RemoteTracking Branch::tracking_of(const std::string& remote) const {
  const auto at = tracking.find(remote);
  return at == tracking.end() ? RemoteTracking{} : at->second;
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
  DIALOG_ASSIGN(StoredConfig config, read_config(store.heads()));
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

Result<std::string> Repository::Core::default_branch(View kind) {
  DIALOG_ASSIGN(const std::optional<Bytes> record, heads().read(records::kHeadKey, kind));
  if (!record) return fail(ErrorCode::corrupt, "record head of the repository is gone");
  return records::decode_head(*record);
}

Result<std::string> Repository::default_branch() const {
  return core_->default_branch(View::durable);
}

Result<void> Repository::set_default_branch(std::string_view name) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(name, View::submitted));
    DIALOG_ASSIGN(const std::optional<Bytes> head,
                  core_->heads().read(records::kHeadKey, View::submitted));
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
  branch.built = wanted.start;
  branch.upstream = wanted.upstream;
  if (wanted.like) {
    DIALOG_ASSIGN(const StoredBranch like, core_->read_branch(*wanted.like));
    branch.tracking = like.branch.tracking;
    if (!branch.upstream) branch.upstream = like.branch.upstream;
  }
  std::vector<RecordChange> changes;
  Branch before = branch;
  before.built = {};
  if (!branch.built.is_zero()) {
    ++branch.moves;
    branch.history = records::history_after({}, branch.built);
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
  DIALOG_TRY(core_->build(name));
  DIALOG_TRY(core_->change_branch(name, note, [&](Branch& branch) -> Result<bool> {
    if (branch.pending.commits > 0) return fail(moved_meanwhile(branch, branch.built_version()));
    if (branch.built != expected) {
      return fail(ErrorCode::conflict, "branch " + branch.name + " is at " + branch.built.hex() +
                                           ", not at " + expected.hex());
    }
    branch.built = desired;
    return true;
  }));
  return {};
}

namespace {

/// Changes that remove a branch's reflog and pending edits, and, where `to` is not empty, keep them
/// under that name.
Result<std::vector<RecordChange>> moves_of(HeadStore& heads, std::string_view from,
                                           std::string_view to) {
  std::vector<RecordChange> changes;
  for (const auto prefix_of : {records::reflog_prefix, records::edits_prefix}) {
    const std::string prefix = prefix_of(from);
    HeadStore::Range range;
    range.prefix = prefix;
    DIALOG_ASSIGN(std::vector<Record> entries, heads.list(range, View::submitted));
    for (Record& entry : entries) {
      if (!to.empty()) {
        changes.push_back(
            {prefix_of(to) + entry.key.substr(prefix.size()), std::nullopt, entry.value});
      }
      changes.push_back({std::move(entry.key), std::move(entry.value), std::nullopt});
    }
  }
  return changes;
}

}  // namespace

Result<void> Repository::remove_branch(std::string_view name) {
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredBranch stored, core_->read_branch(name, View::submitted));
    DIALOG_ASSIGN(std::optional<Bytes> head,
                  core_->heads().read(records::kHeadKey, View::submitted));
    DIALOG_ASSIGN(const std::string chosen, core_->default_branch(View::submitted));
    if (chosen == name) {
      return fail(ErrorCode::invalid_argument,
                  "branch " + chosen + " is the default one; make another one the default first");
    }
    DIALOG_ASSIGN(std::vector<RecordChange> changes, moves_of(core_->heads(), name, {}));
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
    DIALOG_ASSIGN(StoredBranch stored, core_->read_branch(from, View::submitted));
    DIALOG_ASSIGN(const std::optional<Bytes> taken,
                  core_->heads().read(records::branch_key(to), View::submitted));
    if (taken)
      return fail(ErrorCode::already_exists, "there is a branch " + std::string(to) + " already");
    DIALOG_ASSIGN(std::optional<Bytes> head,
                  core_->heads().read(records::kHeadKey, View::submitted));
    DIALOG_ASSIGN(const std::string chosen, core_->default_branch(View::submitted));
    DIALOG_ASSIGN(std::vector<RecordChange> changes, moves_of(core_->heads(), from, to));
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
  return core_->snapshot(branch, View::durable);
}

Snapshot Repository::snapshot(const Revision& revision) const {
  const auto view = std::make_shared<BranchView>();
  view->built = revision;
  return Snapshot(std::make_shared<Snapshot::State>(Snapshot::State{*core_, core_->source, view}));
}

Result<Revision> Repository::resolve(std::string_view text, const Context& context) const {
  if (const std::optional<Revision> revision = Revision::from_hex(text)) return *revision;
  DIALOG_ASSIGN(const Branch branch, core_->build(text, context));
  return branch.built;
}

Result<void> Repository::diff(const Revision& before, const Revision& after,
                              const ChangeVisitor& visit, const Context& context) const {
  return diff_trees(core_->source, before.root(), after.root(), visit, context);
}

}  // namespace dialog
