#include "dialog/replica/transaction.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "repository_core.hpp"

namespace dialog {
namespace {

// What a buffered edit costs beside its bytes, about.
constexpr std::size_t kEditOverhead = 128;

}  // namespace

struct Transaction::State {
  Repository::Core& core;
  std::string branch;
  Revision base;
  /// The base with the edits that are no longer in the buffer.
  Revision working;
  std::map<Bytes, std::optional<Bytes>> edits = {};
  std::size_t edit_bytes = 0;
  /// From the first written block on.
  std::unique_ptr<StoreLease> lease = {};

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

  /// Writes the buffered edits to the archive.
  Result<void> apply(const Context& context) {
    if (edits.empty()) return {};
    if (!lease) {
      DIALOG_ASSIGN(lease, core.store.lease(LeaseKind::write));
    }
    std::vector<Edit> sorted;
    sorted.reserve(edits.size());
    for (auto& [key, value] : edits) sorted.push_back({key, std::move(value)});
    const auto outcome = edit_tree(core.source, working.root(), sorted, {}, context);
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
};

Transaction::Transaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

const Revision& Transaction::base() const { return state_->base; }

Result<std::optional<Bytes>> Transaction::get(ByteView key, const Context& context) {
  const auto at = state_->edits.find(Bytes(key));
  if (at != state_->edits.end()) return at->second;
  return get_value(state_->core.source, state_->working.root(), key, context);
}

Result<void> Transaction::scan(const ScanRange& range, const EntryVisitor& visit,
                               const Context& context) {
  DIALOG_TRY(state_->apply(context));
  return scan_tree(state_->core.source, state_->working.root(), range, visit, context);
}

Result<void> Transaction::put(ByteView key, ByteView value, const Context& context) {
  return state_->buffer(key, Bytes(value), context);
}

Result<void> Transaction::erase(ByteView key, const Context& context) {
  return state_->buffer(key, std::nullopt, context);
}

Result<Revision> Transaction::commit(const ChangeNote& note, const Context& context) {
  State& state = *state_;
  DIALOG_TRY(state.apply(context));
  if (state.working == state.base) return state.base;
  if (!state.lease) {
    DIALOG_ASSIGN(state.lease, state.core.store.lease(LeaseKind::write));
  }
  DIALOG_ASSIGN(const Branch branch,
                state.core.change_branch(state.branch, note, [&](Branch& now) -> Result<bool> {
                  if (now.current != state.base) {
                    return fail(ErrorCode::conflict, "branch " + now.name + " moved from " +
                                                         state.base.hex() + " to " +
                                                         now.current.hex() + " meanwhile");
                  }
                  now.current = state.working;
                  return true;
                }));
  state.lease.reset();
  state.base = branch.current;
  return branch.current;
}

Result<Transaction> Repository::begin(std::string_view branch) {
  DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(branch));
  const Revision base = stored.branch.current;
  return Transaction(std::make_unique<Transaction::State>(
      Transaction::State{*core_, std::string(branch), base, base}));
}

namespace {

constexpr std::chrono::milliseconds kLookAtContextEvery{20};

Result<void> wait_for(std::unique_lock<std::recursive_timed_mutex>& turn, const Context& context,
                      Clock& clock) {
  while (!turn.try_lock_for(kLookAtContextEvery)) DIALOG_TRY(check_context(context, clock));
  return {};
}

}  // namespace

Result<Revision> Repository::transact(std::string_view branch,
                                      const std::function<Result<void>(Transaction&)>& function,
                                      const ChangeNote& note, const Context& context) {
  std::unique_lock turn(core_->turn, std::defer_lock);
  for (std::size_t attempt = 0; attempt < kTransactAttemptsMax; ++attempt) {
    if (attempt == 1) DIALOG_TRY(wait_for(turn, context, core_->clock));
    DIALOG_ASSIGN(Transaction transaction, begin(branch));
    DIALOG_TRY(function(transaction));
    auto committed = transaction.commit(note, context);
    if (committed || committed.error().code != ErrorCode::conflict) return committed;
  }
  return fail(moved_too_often("branch " + std::string(branch)));
}

}  // namespace dialog
