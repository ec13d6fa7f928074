#include <utility>

#include "dialog/sync/pull_session.hpp"
#include "dialog/sync/push_session.hpp"
#include "repository_core.hpp"
#include "session_driver.hpp"

namespace dialog {
namespace {

void add(MergeCounts& total, const MergeCounts& counts) {
  total.local_changes += counts.local_changes;
  total.applied += counts.applied;
  total.same += counts.same;
  total.both_updated += counts.both_updated;
  total.both_added += counts.both_added;
  total.update_delete += counts.update_delete;
  total.delete_update += counts.delete_update;
  total.took_local += counts.took_local;
  total.took_remote += counts.took_remote;
  total.took_other += counts.took_other;
  total.undecided += counts.undecided;
}

/// The reflog's words for what a session did to a branch.
ChangeNote note_for(const char* verb, const RemoteConnection& remote, const SyncOptions& options) {
  return {std::string(verb) + " " + remote.name, options.who};
}

}  // namespace

Result<PullReport> Repository::Core::pull(std::string_view name, const RemoteConnection& remote,
                                          const SyncOptions& sync, bool fetch_only) {
  const ChangeNote note = note_for(fetch_only ? "fetch" : "pull", remote, sync);
  DIALOG_ASSIGN(LocalSession local, begin_session(name, remote.name, note));
  SessionDriver driver(clock, remote, sync,
                       [&](const CommitState& action) { return local.commit(action); });
  PullOptions pull_options = sync.pull;
  pull_options.fetch_only = fetch_only;
  PullSession session(local.input(sync.context), pull_options);
  driver.run(session);
  DIALOG_ASSIGN(PullOutcome outcome, session.outcome());
  return PullReport{std::move(outcome), driver.stats()};
}

Result<PushReport> Repository::Core::push(std::string_view name, const RemoteConnection& remote,
                                          const SyncOptions& sync, const PullOutcome* pulled) {
  DIALOG_ASSIGN(LocalSession local,
                begin_session(name, remote.name, note_for("push", remote, sync)));
  const SyncInput input = local.input(sync.context);
  PushOptions push_options;
  // Where another session has synchronized the branch since, what that pull saw may be the past.
  if (pulled != nullptr && pulled->state.tracking == input.state.tracking) {
    push_options.known_head = pulled->remote;
  }
  SessionDriver driver(clock, remote, sync,
                       [&](const CommitState& action) { return local.commit(action); });
  PushSession session(input, push_options);
  driver.run(session);
  DIALOG_ASSIGN(PushOutcome outcome, session.outcome());
  return PushReport{std::move(outcome), driver.stats()};
}

Result<PullReport> Repository::fetch(std::string_view branch, const RemoteConnection& remote,
                                     const SyncOptions& options) {
  return core_->pull(branch, remote, options, true);
}

Result<PullReport> Repository::pull(std::string_view branch, const RemoteConnection& remote,
                                    const SyncOptions& options) {
  return core_->pull(branch, remote, options, false);
}

Result<PushReport> Repository::push(std::string_view branch, const RemoteConnection& remote,
                                    const SyncOptions& options) {
  return core_->push(branch, remote, options, nullptr);
}

Result<SyncReport> Repository::sync(std::string_view branch, const RemoteConnection& remote,
                                    const SyncOptions& options) {
  SyncReport report;
  MergeCounts merges;
  for (;;) {
    DIALOG_ASSIGN(PullReport pulled, core_->pull(branch, remote, options, false));
    ++report.rounds;
    report.stats += pulled.stats;
    add(merges, pulled.outcome.merge);
    report.pull = std::move(pulled.outcome);
    report.pull.merge = merges;

    const SyncState& state = report.pull.state;
    const Revision at_remote = report.pull.remote ? report.pull.remote->revision : Revision{};
    report.push = {};
    report.push.before = report.push.after = at_remote;
    report.push.state = state;
    if (report.pull.kind == PullOutcome::Kind::undecided) {
      report.push.kind = PushOutcome::Kind::rejected;
      report.push.actual = report.pull.remote;
      return report;
    }
    if (state.current == at_remote && state.tracking.intents.empty()) return report;

    DIALOG_ASSIGN(PushReport pushed, core_->push(branch, remote, options, &report.pull));
    report.stats += pushed.stats;
    report.push = std::move(pushed.outcome);
    if (report.push.kind != PushOutcome::Kind::rejected) return report;
    if (report.rounds == kSyncRoundsMax) {
      return fail(ErrorCode::conflict, "remote " + remote.name + " moved before each of " +
                                           std::to_string(kSyncRoundsMax) + " pushes; try again");
    }
  }
}

Result<Repository::Cloned> Repository::clone(RepositoryStore& store, Clock& clock,
                                             const RemoteConnection& connection,
                                             const Clone& wanted, const SyncOptions& options,
                                             const OpenRepository& open_options) {
  DIALOG_TRY(check_create(wanted.create));
  DIALOG_TRY(check_name(wanted.remote.name));
  DIALOG_ASSIGN(const std::optional<Bytes> config, store.heads().read(records::kConfigKey));
  if (config) return fail(ErrorCode::already_exists, "there is a repository here already");

  Branch branch;
  branch.name = wanted.create.branch;
  branch.upstream = wanted.remote.name;
  DIALOG_ASSIGN(const auto lease, store.lease(LeaseKind::write));
  DIALOG_ASSIGN(const auto quarantine, store.make_quarantine());
  // All records come into being with the one commit of the pull.
  const auto create_all = [&](const SyncState& state) -> Result<void> {
    Branch made = branch;
    made.built = state.current;
    made.tracking[wanted.remote.name] = state.tracking;
    std::vector<RecordChange> changes;
    if (!made.built.is_zero()) {
      ++made.moves;
      made.history = records::history_after({}, made.built);
      Core core(store, clock, {}, {});
      changes.push_back(core.reflog_change(branch, made, note_for("clone", connection, options)));
    }
    for (RecordChange& change : first_records(wanted.create, made))
      changes.push_back(std::move(change));
    changes.push_back(
        {records::remote_key(wanted.remote.name), std::nullopt, records::encode(wanted.remote)});
    DIALOG_ASSIGN(const bool won, store.heads().commit(changes));
    if (!won) return fail(ErrorCode::already_exists, "there is a repository here already");
    return {};
  };
  bool is_created = false;
  SessionDriver driver(clock, connection, options, [&](const CommitState& action) -> Answer {
    const auto promoted = promote(*quarantine, store.archive(), action.promote);
    if (!promoted) return Failed{promoted.error()};
    const auto created = create_all(action.desired);
    if (!created) return Failed{created.error()};
    is_created = true;
    return Committed{};
  });
  PullSession session(
      {store.archive(), *quarantine, SyncState{}, wanted.create.partial, options.context},
      options.pull);
  driver.run(session);
  DIALOG_ASSIGN(PullOutcome outcome, session.outcome());
  if (!outcome.remote && !wanted.allow_empty) {
    return fail(ErrorCode::not_found,
                "nothing was ever published under " + connection.subject.did() + " at remote " +
                    connection.name + "; check the address, or ask for an empty clone");
  }
  if (!is_created) DIALOG_TRY(create_all(outcome.state));
  DIALOG_ASSIGN(Repository repository, open(store, clock, open_options));
  return Cloned{std::move(repository), PullReport{std::move(outcome), driver.stats()}};
}

}  // namespace dialog
