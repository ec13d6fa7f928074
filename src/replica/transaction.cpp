#include "dialog/replica/transaction.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "repository_core.hpp"
#include "snapshot_state.hpp"
#include "turn.hpp"

namespace dialog {
namespace {

// What a buffered edit costs beside its bytes, about.
constexpr std::size_t kEditOverhead = 128;

}  // namespace

struct Transaction::State {
  Repository::Core& core;
  Snapshot base;
  /// The base with the edits that are no longer in the buffer; absent as long as all are there.
  std::optional<Revision> working = {};
  records::Edits edits = {};
  std::size_t edit_bytes = 0;
  /// From the first written block on.
  std::unique_ptr<StoreLease> lease = {};
  /// Of a function that is repeated where it loses a race.
  Repository::Core::Turn* turn = nullptr;
  /// It has looked at its base, or built on it.
  bool has_read = false;

  [[nodiscard]] const BranchView& view() const { return *base.state_->view; }

  Result<void> buffer(ByteView key, std::optional<Bytes> value, const Context& context) {
    if (key.size() > kKeyBytesMax) {
      return fail(ErrorCode::too_large, "the key has " + std::to_string(key.size()) +
                                            " bytes; at most " + std::to_string(kKeyBytesMax) +
                                            " are allowed");
    }
    if (value && value->size() > kValueBytesMax) {
      return fail(ErrorCode::too_large, "the value has " + std::to_string(value->size()) +
                                            " bytes; at most " + std::to_string(kValueBytesMax) +
                                            " are allowed");
    }
    const std::size_t value_bytes = value ? value->size() : 0;
    const auto [at, is_new] = edits.try_emplace(Bytes(key));
    if (is_new) {
      edit_bytes += key.size() + kEditOverhead;
    } else if (at->second) {
      edit_bytes -= at->second->size();
    }
    edit_bytes += value_bytes;
    at->second = std::move(value);
    return edit_bytes > core.options.transaction_bytes_max ? apply(context) : Result<void>{};
  }

  /// From here on nothing else may happen to the branch. Where others are at it, too, this waits
  /// for the turn, and begins from what they have left.
  Result<void> take_base(const Context& context) {
    if (std::exchange(has_read, true) || turn == nullptr) return {};
    if (turn->is_taken() || !turn->is_contended()) return {};
    DIALOG_TRY(turn->take(context));
    DIALOG_ASSIGN(base, core.snapshot(view().branch, HeadStore::View::submitted));
    return {};
  }

  Result<void> take_lease() {
    if (lease) return {};
    DIALOG_ASSIGN(lease, core.store.lease(LeaseKind::write));
    return {};
  }

  /// Writes the buffered edits to the archive, the first time on top of what is pending.
  Result<void> apply(const Context& context) {
    if (edits.empty() && working) return {};
    DIALOG_TRY(take_lease());
    if (!working) {
      DIALOG_TRY(take_base(context));
      const BranchView& from = view();
      if (from.runs.empty()) {
        working = from.built;
      } else {
        DIALOG_ASSIGN(const EditOutcome made,
                      edit_tree(core.source, from.built.root(), from.merged(), {}, context));
        working = Revision(made.root);
      }
    }
    if (edits.empty()) return {};
    std::vector<Edit> sorted;
    sorted.reserve(edits.size());
    for (auto& [key, value] : edits) sorted.push_back({key, std::move(value)});
    const auto outcome = edit_tree(core.source, working->root(), sorted, {}, context);
    if (!outcome) {
      // Values may be many megabytes: they were lent, not copied.
      auto at = sorted.begin();
      for (auto& edit : edits) edit.second = std::move((at++)->value);
      return fail(outcome.error());
    }
    working = Revision(outcome->root);
    edits.clear();
    edit_bytes = 0;
    return {};
  }

  /// It has changed something and looked at nothing: so it holds for whatever the branch becomes.
  [[nodiscard]] bool holds_anywhere() const { return !has_read && !edits.empty() && is_small(); }
  [[nodiscard]] bool is_unchanged() const { return !working && edits.empty(); }
  [[nodiscard]] bool is_small() const {
    return !working && records::encoded_edits_bytes(edits) <= kSmallCommitBytesMax;
  }

  /// Moves the branch to the tree that holds what was pending and all changes.
  Result<Branch> commit_built(const ChangeNote& note, const Context& context) {
    DIALOG_TRY(apply(context));
    DIALOG_TRY(take_lease());
    const BranchView& from = view();
    DIALOG_ASSIGN(Branch branch,
                  core.change_branch(from.branch, note, [&](Branch& now) -> Result<bool> {
                    if (now.history != from.history)
                      return fail(moved_meanwhile(now, from.version));
                    if (now.built == *working && now.pending.commits == 0) return false;
                    now.built = *working;
                    now.pending = {};
                    return true;
                  }));
    // Where nothing changed, nothing was waited for.
    if (branch.history == from.history) DIALOG_TRY(core.heads().commit({}));
    lease.reset();
    return branch;
  }

  /// Submits a small commit; makes any other durable. One whose tree is wanted is built at once
  /// where nothing is pending: its edits need not be written as well.
  Result<Repository::Core::Submitted> submit(Repository::Core::Wanted wanted,
                                             const ChangeNote& note, const Context& context) {
    const BranchView& from = view();
    if (is_unchanged()) {
      // Nobody may rely on what it has read before that is durable.
      const auto durable = core.read_branch(from.branch);
      if (durable && durable->branch.history == from.history)
        return Repository::Core::Submitted{from.version, std::nullopt, false, base.state_->view};
      DIALOG_ASSIGN(const auto all, core.heads().submit({}));
      return Repository::Core::Submitted{from.version, all, false, base.state_->view};
    }
    const bool is_built = wanted == Repository::Core::Wanted::tree && from.runs.empty();
    if (is_small() && !is_built) return core.submit_edits(from, {{&edits, &note}}, context);
    DIALOG_ASSIGN(const Branch branch, commit_built(note, context));
    return Repository::Core::Submitted{branch.moves, std::nullopt, false,
                                       std::make_shared<const BranchView>(built_view(branch))};
  }
};

Transaction::Transaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

const Snapshot& Transaction::base() const {
  state_->has_read = true;
  return state_->base;
}

Result<std::optional<Bytes>> Transaction::get(ByteView key, const Context& context) {
  const auto at = state_->edits.find(Bytes(key));
  if (at != state_->edits.end()) return at->second;
  DIALOG_TRY(state_->take_base(context));
  if (!state_->working) return state_->base.get(key, context);
  return get_value(state_->core.source, state_->working->root(), key, context);
}

Result<void> Transaction::scan(const ScanRange& range, const SnapshotVisitor& visit,
                               const Context& context) {
  State& state = *state_;
  DIALOG_TRY(state.take_base(context));
  if (!state.is_unchanged() && !state.is_small()) {
    DIALOG_TRY(state.apply(context));
    return Snapshot::State::scan(state.core.source, state.working->root(), {}, range, visit,
                                 context);
  }
  std::vector<RunPtr> runs = state.view().runs;
  if (!state.edits.empty()) runs.push_back(make_run(state.edits));
  return Snapshot::State::scan(state.core.source, state.view().built.root(), std::move(runs), range,
                               visit, context);
}

Result<void> Transaction::put(ByteView key, ByteView value, const Context& context) {
  return state_->buffer(key, Bytes(value), context);
}

Result<void> Transaction::erase(ByteView key, const Context& context) {
  return state_->buffer(key, std::nullopt, context);
}

Result<std::uint64_t> Transaction::commit(const ChangeNote& note, const Context& context) {
  State& state = *state_;
  if (state.is_unchanged()) return state.view().version;  // durable, as `begin` saw it
  DIALOG_ASSIGN(const auto submitted,
                state.submit(Repository::Core::Wanted::commit, note, context));
  return state.core.settle(state.view().branch, submitted, context);
}

Result<std::uint64_t> Repository::Core::settle(std::string_view name, const Submitted& submitted,
                                               const Context& context) {
  if (submitted.ticket) DIALOG_TRY(heads().wait(*submitted.ticket));
  // The commit is durable whatever comes of this.
  if (submitted.is_full) build_full(name, context);
  return submitted.version;
}

Result<Snapshot> Repository::Core::snapshot(std::string_view branch, HeadStore::View kind) {
  DIALOG_ASSIGN(ViewPtr seen, view(branch, kind));
  return Snapshot(
      std::make_shared<Snapshot::State>(Snapshot::State{*this, source, std::move(seen)}));
}

Result<Transaction> Repository::Core::begin(std::string_view branch, HeadStore::View kind) {
  DIALOG_ASSIGN(Snapshot base, snapshot(branch, kind));
  return Transaction(
      std::make_unique<Transaction::State>(Transaction::State{*this, std::move(base)}));
}

Result<Transaction> Repository::begin(std::string_view branch) {
  return core_->begin(branch, HeadStore::View::durable);
}

Result<Transaction> Repository::Core::run(std::string_view branch, Turn& own,
                                          const TransactionFunction& function) {
  DIALOG_ASSIGN(Transaction transaction, begin(branch, HeadStore::View::submitted));
  transaction.state_->turn = &own;
  DIALOG_TRY(function(transaction));
  return transaction;
}

Result<Repository::Core::Submitted> Repository::Core::submit_or_repeat(
    Wanted wanted, Transaction transaction, Turn& own, const TransactionFunction& function,
    const ChangeNote& note, const Context& context) {
  const std::string branch = transaction.state_->view().branch;
  for (std::size_t attempt = 1; attempt <= kTransactAttemptsMax; ++attempt) {
    auto submitted = transaction.state_->submit(wanted, note, context);
    if (submitted || submitted.error().code != ErrorCode::conflict) return submitted;
    if (attempt == kTransactAttemptsMax) break;
    DIALOG_TRY(own.take(context));
    DIALOG_ASSIGN(transaction, run(branch, own, function));
  }
  return fail(moved_too_often("branch " + branch));
}

Result<std::uint64_t> Repository::transact(std::string_view branch,
                                           const TransactionFunction& function,
                                           const ChangeNote& note, const Context& context) {
  Core::Turn own(*core_, branch);
  DIALOG_ASSIGN(Transaction transaction, core_->run(branch, own, function));
  const Transaction::State& state = *transaction.state_;
  if (state.holds_anywhere()) return core_->commit_together(branch, {&state.edits, &note}, context);
  DIALOG_ASSIGN(const auto submitted,
                core_->submit_or_repeat(Core::Wanted::commit, std::move(transaction), own, function,
                                        note, context));
  // Others may go on from what is submitted while this waits for the disk.
  own.give_back();
  return core_->settle(branch, submitted, context);
}

Result<Repository::BuiltCommit> Repository::transact_built(std::string_view branch,
                                                           const TransactionFunction& function,
                                                           const ChangeNote& note,
                                                           const Context& context) {
  // Who may not build later is refused now.
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::write));
  Core::Turn own(*core_, branch);
  DIALOG_ASSIGN(Transaction transaction, core_->run(branch, own, function));
  DIALOG_ASSIGN(const auto submitted,
                core_->submit_or_repeat(Core::Wanted::tree, std::move(transaction), own, function,
                                        note, context));
  own.give_back();
  const auto revision = core_->revision_of(*submitted.view, context);
  if (submitted.ticket) DIALOG_TRY(core_->heads().wait(*submitted.ticket));
  if (revision) return BuiltCommit{submitted.version, *revision};
  return fail(revision.error().within("version " + std::to_string(submitted.version) +
                                      " of branch " + std::string(branch) +
                                      " is committed, and not built"));
}

}  // namespace dialog
