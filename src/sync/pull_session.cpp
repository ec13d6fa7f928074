#include "dialog/sync/pull_session.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "commit_loop.hpp"
#include "dialog/tree/merge.hpp"
#include "head_review.hpp"
#include "overlay_archive.hpp"
#include "seeded_bugs.hpp"
#include "shared_base.hpp"
#include "tree_transfer.hpp"

namespace dialog {
namespace {

constexpr std::uint32_t kMergesMax = 64;
constexpr std::uint32_t kMergeFetchesMax = 100'000;

}  // namespace

class PullSession::Machine {
 public:
  Machine(SyncInput input, PullOptions options)
      : input_(std::move(input)),
        options_(options),
        overlay_(input_.quarantine, input_.local),
        state_(input_.state) {
    outcome_.emplace(fail(ErrorCode::internal, "the pull has not ended"));
    action_ = FetchHead{};
    report_.before = state_.current;
  }

  [[nodiscard]] const Action& action() const { return action_; }
  [[nodiscard]] const Result<PullOutcome>& outcome() const { return *outcome_; }
  [[nodiscard]] const BlockTraffic& traffic() const { return report_.traffic; }

  void supply(Answer answer) {
    if (Failed* failed = std::get_if<Failed>(&answer)) return end(std::move(failed->error));
    const bool fits = std::visit([&](const auto& action) { return take(action, answer); }, action_);
    if (!fits) end(Error{ErrorCode::internal, "the answer does not fit the pull's action", {}});
  }

 private:
  // Each takes the answer to its action; false where it is another action's.
  bool take(const FetchHead&, Answer& answer) {
    if (!take_head(head_, answer)) return false;
    review();
    return true;
  }
  bool take(const FetchHistory& asked, Answer& answer) {
    if (!take_history(known_, asked, answer)) return false;
    review();
    return true;
  }
  bool take(const FetchBlocks& asked, Answer& answer) {
    BlocksAre* are = std::get_if<BlocksAre>(&answer);
    if (are == nullptr) return false;
    for (const std::optional<Block>& block : are->blocks) {
      if (!block) continue;
      ++report_.traffic.fetched;
      report_.traffic.fetched_bytes += block->size();
    }
    const std::vector<Hash> wanted = asked.hashes;
    if (is_merging_) {
      on_merge_blocks(wanted, std::move(are->blocks));
    } else if (auto taken = transfer_->supply(wanted, std::move(are->blocks)); !taken) {
      end(std::move(taken).error());
    } else {
      transfer();
    }
    return true;
  }
  bool take(const CommitState&, Answer& answer) {
    const auto verdict = commit_.take(answer);
    if (verdict) on_commit(*verdict);
    return verdict.has_value();
  }
  template <class Other>
  bool take(const Other&, Answer&) {
    return false;
  }

  void end(Error error) {
    outcome_.emplace(fail(std::move(error)));
    action_ = Finished{};
  }
  void end() {
    report_.after = state_.current;
    report_.state = state_;
    outcome_.emplace(std::move(report_));
    action_ = Finished{};
  }

  /// Begins anew from the branch as it is now. What the quarantine holds is sound and need not be
  /// fetched again.
  void restart(SyncState actual) {
    state_ = std::move(actual);
    if (++restarts_ > kRestartsMax) {
      return end(Error{ErrorCode::conflict,
                       "the branch or the remote moved again and again meanwhile; pull again",
                       {}});
    }
    report_.before = state_.current;
    report_.ambiguous.clear();
    known_ = {};
    transfer_.reset();
    action_ = FetchHead{};
  }

  void review() {
    if (DIALOG_BUG(gone_is_empty) && !head_) head_ = Head{};
    auto reviewed = review_head(state_, head_, known_);
    if (!reviewed) return end(std::move(reviewed).error());
    if (const NeedHistory* need = std::get_if<NeedHistory>(&*reviewed)) {
      action_ = FetchHistory{need->after};
    } else if (std::holds_alternative<NeedHead>(*reviewed)) {
      if (++restarts_ > kRestartsMax) return restart(std::move(state_));
      action_ = FetchHead{};
    } else {
      settlement_ = std::get<Settlement>(std::move(*reviewed));
      on_settled();
    }
  }

  void on_settled() {
    report_.remote = head_;
    report_.seen_before = settlement_.seen_before;
    const bool settles = !settlement_.ambiguous.empty() && !options_.fetch_only;
    if (settles && !settle_ambiguous()) return;
    const Revision at_remote = head_ ? head_->revision : Revision{};
    if (at_remote == settlement_.tracking.origin)
      return commit_tracking(PullOutcome::Kind::up_to_date);
    if (input_.partial || at_remote.is_zero()) return integrate();

    std::vector<Hash> bases = {settlement_.tracking.origin.root(), state_.current.root()};
    if (state_.tracking.fetched) bases.push_back(state_.tracking.fetched->revision.root());
    transfer_.emplace(overlay_, at_remote.root(), bases, TreeTransfer::Absent::fetched,
                      input_.context);
    transfer();
  }

  /// False where that ended the session.
  bool settle_ambiguous() {
    RemoteTracking& tracking = settlement_.tracking;
    switch (options_.ambiguous) {
      case AmbiguousSwap::refuse:
        end(Error{ErrorCode::indeterminate,
                  "whether the remote accepted revision " +
                      settlement_.ambiguous.back().desired.hex() +
                      " of this branch before it moved on cannot be learned: it keeps no history "
                      "that tells",
                  {}});
        return false;
      case AmbiguousSwap::assume_accepted:
        tracking.origin = settlement_.ambiguous.back().desired;
        tracking.sequence.reset();
        break;
      case AmbiguousSwap::keep_local_changes:
        break;
    }
    tracking.intents.clear();
    report_.ambiguous = settlement_.ambiguous;
    return true;
  }

  void transfer() {
    auto wanted = transfer_->advance();
    if (!wanted) return end(std::move(wanted).error());
    if (!wanted->empty()) {
      action_ = FetchBlocks{*std::move(wanted)};
      return;
    }
    transfer_.reset();
    integrate();
  }

  void integrate() {
    if (options_.fetch_only) return commit_fetched(PullOutcome::Kind::fetched);
    const bool is_certain = settlement_.ambiguous.empty();
    if (is_certain && state_.current == settlement_.tracking.origin) {
      return commit_integrated(PullOutcome::Kind::fast_forward, head_->revision);
    }
    merge();
  }

  void merge() {
    is_merging_ = true;
    if (++merges_ > kMergeFetchesMax) {
      return end(
          Error{ErrorCode::resource_exhausted, "the merge asked for blocks again and again", {}});
    }
    auto merged = merge_once();
    if (!merged && merged.error().code == ErrorCode::missing_blocks) {
      std::vector<Hash> wanted = std::move(merged.error().missing);
      if (wanted.size() > kWindowBlocksMax) wanted.resize(kWindowBlocksMax);
      action_ = FetchBlocks{std::move(wanted)};
      return;
    }
    is_merging_ = false;
    if (!merged) return end(std::move(merged).error().within("merging with the remote's tree"));
    report_.merge = merged->counts;
    report_.open = std::move(merged->open);
    if (!merged->root) return commit_fetched(PullOutcome::Kind::undecided);
    commit_integrated(PullOutcome::Kind::merged, Revision(*merged->root));
  }

  Result<MergeOutcome> merge_once() {
    NodeSource source(overlay_);
    Revision base = settlement_.tracking.origin;
    const bool is_kept = options_.ambiguous == AmbiguousSwap::keep_local_changes;
    if (is_kept && !settlement_.ambiguous.empty()) {
      DIALOG_ASSIGN(
          base, shared_base(source, base, settlement_.ambiguous, head_->revision, input_.context));
    }
    MergeOptions options;
    options.open_conflicts_max = options_.open_conflicts_max;
    DefaultPolicy default_policy;
    ConflictPolicy& policy = options_.policy != nullptr ? *options_.policy : default_policy;
    const MergeInput trees{base.root(), state_.current.root(), head_->revision.root()};
    return merge_trees(source, trees, policy, options, input_.context);
  }

  /// Blocks that the merge lacked, of a partial replica's trees. Before the merge looks at them,
  /// the part of the remote's tree that is here is checked.
  void on_merge_blocks(const std::vector<Hash>& wanted, std::vector<std::optional<Block>> blocks) {
    auto got = received(wanted, std::move(blocks));
    if (!got) return end(std::move(got).error());
    if (auto put = overlay_.put(*got, input_.context); !put) return end(std::move(put).error());
    TreeTransfer check(overlay_, head_->revision.root(),
                       {settlement_.tracking.origin.root(), state_.current.root()},
                       TreeTransfer::Absent::boundary, input_.context);
    if (head_->revision.is_zero()) return merge();
    if (auto checked = check.advance(); !checked) return end(std::move(checked).error());
    merge();
  }

  /// What the session learned of the remote, without its blocks.
  void commit_tracking(PullOutcome::Kind kind) {
    report_.kind = kind;
    commit(nullptr, [this](const SyncState& now) -> std::optional<SyncState> {
      if (now.tracking != state_.tracking) return std::nullopt;
      return SyncState{now.current, settlement_.tracking};
    });
  }

  /// The same and the remote's blocks, so that they can be looked at and merged later.
  void commit_fetched(PullOutcome::Kind kind) {
    report_.kind = kind;
    report_.ambiguous.clear();
    commit(&overlay_.written(), [this](const SyncState& now) -> std::optional<SyncState> {
      if (now.tracking != state_.tracking) return std::nullopt;
      SyncState desired{now.current, state_.tracking};
      // Swaps that nobody can tell of stay outstanding until a pull integrates what came after
      // them.
      if (settlement_.ambiguous.empty()) desired.tracking = settlement_.tracking;
      note_fetched(desired.tracking, *head_);
      return desired;
    });
  }

  void commit_integrated(PullOutcome::Kind kind, const Revision& integrated) {
    report_.kind = kind;
    integrated_ = integrated;
    const SyncState from = state_;
    commit(&overlay_.written(), [this, from](const SyncState& now) -> std::optional<SyncState> {
      const bool is_overtaken =
          now.current != from.current && !DIALOG_BUG(racing_commit_is_dropped);
      if (is_overtaken || now.tracking != from.tracking) return std::nullopt;
      SyncState desired{integrated_, settlement_.tracking};
      agree_on(desired.tracking,
               DIALOG_BUG(origin_is_the_merged_root) ? Head{integrated_, head_->sequence} : *head_);
      return desired;
    });
  }

  void commit(const std::vector<Hash>* promote, CommitLoop::Change change) {
    on_commit(commit_.start(state_, std::move(change), promote));
  }

  void on_commit(CommitLoop::Verdict verdict) {
    using Verdict = CommitLoop::Verdict;
    switch (verdict) {
      case Verdict::go_on:
        action_ = commit_.action();
        return;
      case Verdict::given_up:
        return end(Error{
            ErrorCode::conflict, "the branch moved again and again meanwhile; pull again", {}});
      case Verdict::done:
        state_ = commit_.state();
        return end();
      case Verdict::pointless:
        break;
    }
    const SyncState now = commit_.state();
    const bool only_current_moved = now.tracking == state_.tracking;
    if (!only_current_moved || ++commits_lost_ > kMergesMax) return restart(now);
    state_ = now;
    report_.before = state_.current;
    integrate();
  }

  SyncInput input_;
  PullOptions options_;
  OverlayArchive overlay_;
  SyncState state_;
  std::optional<Head> head_;
  KnownHistory known_;
  Settlement settlement_;
  std::optional<TreeTransfer> transfer_;
  bool is_merging_ = false;
  Revision integrated_;
  CommitLoop commit_;
  std::uint32_t restarts_ = 0;
  std::uint32_t merges_ = 0;
  std::uint32_t commits_lost_ = 0;
  PullOutcome report_;
  Action action_;
  std::optional<Result<PullOutcome>> outcome_;
};

PullSession::PullSession(SyncInput input, PullOptions options)
    : machine_(std::make_unique<Machine>(std::move(input), options)) {}
PullSession::PullSession(PullSession&&) noexcept = default;
PullSession& PullSession::operator=(PullSession&&) noexcept = default;
PullSession::~PullSession() = default;

const Action& PullSession::next() const { return machine_->action(); }
void PullSession::supply(Answer answer) { machine_->supply(std::move(answer)); }
const Result<PullOutcome>& PullSession::outcome() const { return machine_->outcome(); }
const BlockTraffic& PullSession::traffic() const { return machine_->traffic(); }

}  // namespace dialog
