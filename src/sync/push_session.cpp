#include "dialog/sync/push_session.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "commit_loop.hpp"
#include "head_review.hpp"
#include "overlay_archive.hpp"
#include "seeded_bugs.hpp"
#include "upload_plan.hpp"

namespace dialog {
namespace {

constexpr std::uint32_t kSendsMax = 3;

/// Registers that count their swaps count from 1, so that before the first one they stand at 0.
std::optional<std::uint64_t> expected_sequence(const std::optional<Head>& head) {
  return head ? head->sequence : std::optional<std::uint64_t>(0);
}

const SwapIntent* find_intent(const RemoteTracking& tracking, const Revision& desired) {
  const auto at = std::find_if(tracking.intents.begin(), tracking.intents.end(),
                               [&](const SwapIntent& intent) { return intent.desired == desired; });
  return at == tracking.intents.end() ? nullptr : &*at;
}

/// Notes one more request for the swap of `intent`.
void count_request(RemoteTracking& tracking, const SwapIntent& intent) {
  for (SwapIntent& noted : tracking.intents) {
    if (noted.desired != intent.desired) continue;
    ++noted.requests;
    return;
  }
  tracking.intents.push_back(intent);
}

/// Takes back one request that was refused or certainly failed. Where the swap has been settled
/// since, and noted anew for another sequence number, the request is not among those that are
/// counted there.
void discount_request(RemoteTracking& tracking, const SwapIntent& intent, bool refused) {
  const auto noted =
      std::find_if(tracking.intents.begin(), tracking.intents.end(), [&](const SwapIntent& each) {
        return each.desired == intent.desired && each.expected == intent.expected &&
               each.expected_sequence == intent.expected_sequence;
      });
  if (noted == tracking.intents.end()) return;
  if (noted->requests > 0) --noted->requests;
  const bool history_may_tell = refused && noted->expected_sequence;
  if (noted->requests == 0 && !history_may_tell) tracking.intents.erase(noted);
}

}  // namespace

class PushSession::Machine {
 public:
  Machine(SyncInput input, const PushOptions& options)
      : input_(std::move(input)),
        overlay_(input_.quarantine, input_.local),
        state_(input_.state),
        before_(input_.state.tracking.origin) {
    outcome_.emplace(fail(ErrorCode::internal, "the push has not ended"));
    action_ = FetchHead{};
    if (!options.known_head) return;
    head_ = options.known_head;
    review();
  }

  [[nodiscard]] const Action& action() const { return action_; }
  [[nodiscard]] const Result<PushOutcome>& outcome() const { return *outcome_; }
  [[nodiscard]] const BlockTraffic& traffic() const { return traffic_; }

  void supply(Answer answer) {
    if (Failed* failed = std::get_if<Failed>(&answer)) return on_failed(std::move(failed->error));
    const bool fits = std::visit([&](const auto& action) { return take(action, answer); }, action_);
    if (!fits) end(Error{ErrorCode::internal, "the answer does not fit the push's action", {}});
  }

 private:
  // What to do once a change of the branch is made.
  enum class After { review, announced, accepted, retracted };

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
  bool take(const FetchBlocks&, Answer& answer) {
    BlocksAre* are = std::get_if<BlocksAre>(&answer);
    if (are == nullptr) return false;
    for (const std::optional<Block>& block : are->blocks) {
      if (!block) continue;
      ++traffic_.fetched;
      traffic_.fetched_bytes += block->size();
    }
    if (auto taken = plan_->supply(std::move(are->blocks)); !taken) {
      end(std::move(taken).error());
    } else {
      upload();
    }
    return true;
  }
  bool take(const AskPresent&, Answer& answer) {
    const PresenceIs* is = std::get_if<PresenceIs>(&answer);
    if (is == nullptr) return false;
    if (auto taken = plan_->supply(is->present); !taken) {
      end(std::move(taken).error());
    } else {
      upload();
    }
    return true;
  }
  bool take(const UploadBlocks& sent, Answer& answer) {
    if (!std::holds_alternative<Uploaded>(answer)) return false;
    for (const Block& block : sent.blocks) {
      ++traffic_.uploaded;
      traffic_.uploaded_bytes += block.size();
    }
    upload();
    return true;
  }
  bool take(const SwapHead&, Answer& answer) {
    if (SwapAccepted* accepted = std::get_if<SwapAccepted>(&answer)) {
      on_accepted(accepted->head);
    } else if (SwapRefused* refused = std::get_if<SwapRefused>(&answer)) {
      on_refused(refused->actual);
    } else if (SwapUnknown* unknown = std::get_if<SwapUnknown>(&answer)) {
      on_unknown(std::move(unknown->cause));
    } else {
      return false;
    }
    return true;
  }
  bool take(const CommitState&, Answer& answer) {
    const auto verdict = commit_.take(answer);
    if (verdict) on_commit(*verdict);
    return verdict.has_value();
  }
  bool take(const Finished&, Answer&) { return false; }

  void on_failed(Error error) {
    // A swap that failed certainly had no effect.
    if (std::holds_alternative<SwapHead>(action_)) return retract(std::move(error));
    end_failed(std::move(error));
  }

  void end_failed(Error error) {
    if (is_unsettled_) {
      std::string heard = unknown_cause_.message;
      if (error.message != heard) heard += (heard.empty() ? "" : "; then: ") + error.message;
      error.code = ErrorCode::indeterminate;
      error.message = "the swap to " + target_.hex() +
                      " was sent, and whether it took effect cannot be learned now (" + heard +
                      "); push or pull again";
    }
    end(std::move(error));
  }

  void end(Error error) {
    outcome_.emplace(fail(std::move(error)));
    action_ = Finished{};
  }
  void end(PushOutcome::Kind kind, const Revision& after,
           std::optional<Head> actual = std::nullopt) {
    PushOutcome outcome;
    outcome.kind = kind;
    outcome.before = before_;
    outcome.after = after;
    outcome.actual = actual;
    outcome.ambiguous = !settlement_.ambiguous.empty();
    outcome.traffic = traffic_;
    outcome.state = state_;
    outcome_.emplace(std::move(outcome));
    action_ = Finished{};
  }

  void restart(SyncState actual) {
    state_ = std::move(actual);
    if (++restarts_ > kRestartsMax) {
      return end(Error{ErrorCode::conflict,
                       "the branch or the remote moved again and again meanwhile; push again",
                       {}});
    }
    known_ = {};
    plan_.reset();
    action_ = FetchHead{};
  }

  void review() {
    auto reviewed = review_head(state_, head_, known_);
    if (!reviewed) return end(std::move(reviewed).error());
    if (const NeedHistory* need = std::get_if<NeedHistory>(&*reviewed)) {
      action_ = FetchHistory{need->after};
    } else if (std::holds_alternative<NeedHead>(*reviewed)) {
      if (++restarts_ > kRestartsMax) return restart(std::move(state_));
      action_ = FetchHead{};
    } else {
      settlement_ = std::get<Settlement>(std::move(*reviewed));
      commit(After::review, nullptr, [this](const SyncState& now) -> std::optional<SyncState> {
        if (now.tracking != state_.tracking) return std::nullopt;
        return SyncState{now.current, settlement_.tracking};
      });
    }
  }

  /// The branch's tracking says what the head means; goes on from there.
  void on_reviewed() {
    // Nobody can tell what became of the swaps: a pull decides, this only reports.
    if (!settlement_.ambiguous.empty()) return end_rejected(head_);
    const bool was_unsettled = std::exchange(is_unsettled_, false);
    const RemoteTracking& tracking = state_.tracking;
    const Revision at_remote = head_ ? head_->revision : Revision{};
    const bool is_at_origin = at_remote == tracking.origin;
    // Found out by this session, or by another one meanwhile.
    if (was_unsettled && tracking.origin == target_) {
      return end_accepted(is_at_origin ? std::nullopt : head_);
    }
    if (!is_at_origin) return end_rejected(head_);
    if (state_.current == at_remote) {
      const bool was_mine = settlement_.accepted.has_value();
      return end(was_mine ? PushOutcome::Kind::accepted : PushOutcome::Kind::up_to_date, at_remote);
    }
    if (was_unsettled && tracking.origin == intent_.expected &&
        find_intent(tracking, target_) != nullptr) {
      is_unsettled_ = true;
      if (sends_ < kSendsMax) return announce();
      return end_failed(unknown_cause_);
    }
    publish();
  }

  void publish() {
    sends_ = 0;
    target_ = pushed_ = state_.current;
    // Where no more intents fit, the latest is sent again: once its fate is known, the others are
    // settled too.
    const std::vector<SwapIntent>& intents = state_.tracking.intents;
    const bool is_noted = find_intent(state_.tracking, target_) != nullptr;
    if (!is_noted && intents.size() >= kOutstandingIntentsMax) target_ = intents.back().desired;
    if (target_.is_zero()) return announce();
    plan_.emplace(overlay_, target_.root(), state_.tracking.origin.root(), input_.context);
    upload();
  }

  void upload() {
    auto step = plan_->advance();
    traffic_.present_at_remote = plan_->present_count();
    if (!step) return end(std::move(step).error());
    std::visit(
        [this](auto&& next) {
          using Next = std::decay_t<decltype(next)>;
          if constexpr (std::is_same_v<Next, UploadPlan::Done>) {
            announce();
          } else {
            action_ = std::forward<decltype(next)>(next);
          }
        },
        *std::move(step));
  }

  /// Notes durably that a request is about to leave. A swap that another session has settled
  /// meanwhile is not sent any more.
  void announce() {
    const SwapIntent* noted = find_intent(state_.tracking, target_);
    intent_ =
        noted ? *noted : SwapIntent{state_.tracking.origin, expected_sequence(head_), target_};
    if (DIALOG_BUG(swap_without_an_intent)) return send();
    commit(After::announced, nullptr, [this](const SyncState& now) -> std::optional<SyncState> {
      if (now.tracking != state_.tracking) return std::nullopt;
      SyncState desired = now;
      count_request(desired.tracking, intent_);
      return desired;
    });
  }

  void send() {
    ++sends_;
    action_ = SwapHead{intent_.expected, intent_.desired};
  }

  void on_accepted(Head head) {
    // An answer that names another revision is no answer to this swap.
    if (head.revision != target_) {
      return on_unknown(Error{ErrorCode::unavailable,
                              "the register accepted another revision, " + head.revision.hex(),
                              {}});
    }
    commit(After::accepted, nullptr,
           [this, head](const SyncState& now) -> std::optional<SyncState> {
             if (!is_news(now.tracking, head)) return std::nullopt;
             SyncState desired = now;
             agree_on(desired.tracking, head);
             return desired;
           });
  }

  void on_refused(std::optional<Head> actual) {
    if (actual && actual->revision == target_) return on_accepted(*actual);
    refused_by_ = actual;
    retract(std::nullopt);
  }

  /// Whether the acceptance of the swap is later than what the branch agreed on meanwhile.
  [[nodiscard]] bool is_news(const RemoteTracking& now, const Head& head) const {
    if (now.origin != intent_.expected) return false;
    if (now.sequence && head.sequence) return *head.sequence > *now.sequence;
    return now == state_.tracking || find_intent(now, target_) != nullptr;
  }

  void on_unknown(Error cause) {
    is_unsettled_ = true;
    unknown_cause_ = std::move(cause);
    known_ = {};
    action_ = FetchHead{};
  }

  /// Takes back a request that was refused, or failed with `error` and had no effect; then ends by
  /// what refused it, or with the error. That speaks of this request alone: another one of the same
  /// swap may have been accepted and overtaken since, and the next session settles it.
  void retract(std::optional<Error> error) {
    retract_error_ = std::move(error);
    if (retract_error_) refused_by_.reset();
    commit(After::retracted, nullptr, [this](const SyncState& now) -> std::optional<SyncState> {
      SyncState desired = now;
      discount_request(desired.tracking, intent_, !retract_error_);
      // A refusal seldom tells the number. Then it is news only where nothing is known so far.
      const bool tells_more =
          refused_by_ && (refused_by_->sequence || !desired.tracking.has_seen_head());
      if (tells_more) note_shown(desired.tracking, *refused_by_);
      return desired;
    });
  }

  void on_retracted() {
    if (retract_error_) return end_failed(*std::move(retract_error_));
    if (!refused_by_) {
      return end(
          Error{ErrorCode::remote_reset,
                "the remote had revision " + intent_.expected.hex() +
                    " and now has none; nothing was changed here. Check the remote's address",
                {}});
    }
    // An earlier swap of this branch has arrived late: with its head in view, everything is settled
    // anew.
    if (find_intent(state_.tracking, refused_by_->revision) != nullptr)
      return restart(std::move(state_));
    end_rejected(refused_by_);
  }

  void commit(After after, const std::vector<Hash>* promote, CommitLoop::Change change) {
    after_ = after;
    on_commit(commit_.start(state_, std::move(change), promote));
  }

  void on_commit(CommitLoop::Verdict verdict) {
    using Verdict = CommitLoop::Verdict;
    if (verdict == Verdict::go_on) {
      action_ = commit_.action();
      return;
    }
    if (verdict == Verdict::given_up) {
      return end(
          Error{ErrorCode::conflict, "the branch moved again and again meanwhile; push again", {}});
    }
    SyncState now = commit_.state();
    const bool is_done = verdict == Verdict::done;
    switch (after_) {
      case After::review:
      case After::announced:
        if (!is_done) return restart(std::move(now));
        state_ = std::move(now);
        return after_ == After::review ? on_reviewed() : send();
      case After::accepted:
        // Where another session has settled this swap meanwhile, there is nothing to note.
        state_ = std::move(now);
        return end_accepted(std::nullopt);
      case After::retracted:
        state_ = std::move(now);
        return on_retracted();
    }
  }

  void end_accepted(std::optional<Head> actual) {
    is_unsettled_ = false;
    // What was accepted is the swap that was sent in place of the branch.
    if (target_ != pushed_) return restart(std::move(state_));
    end(PushOutcome::Kind::accepted, target_, actual);
  }

  void end_rejected(std::optional<Head> actual) {
    const Revision after = actual ? actual->revision : Revision{};
    end(PushOutcome::Kind::rejected, after, actual);
  }

  SyncInput input_;
  OverlayArchive overlay_;
  SyncState state_;
  Revision before_;
  std::optional<Head> head_;
  KnownHistory known_;
  Settlement settlement_;
  std::optional<UploadPlan> plan_;
  CommitLoop commit_;
  After after_ = After::review;
  Revision pushed_;  // the branch's revision that this push is about
  Revision target_;  // the revision of the swap
  SwapIntent intent_;
  bool is_unsettled_ = false;  // sent by this session, without an answer
  Error unknown_cause_;        // why the latest of these has none
  std::uint32_t sends_ = 0;
  std::uint32_t restarts_ = 0;
  std::optional<Head> refused_by_;
  std::optional<Error> retract_error_;
  BlockTraffic traffic_;
  Action action_;
  std::optional<Result<PushOutcome>> outcome_;
};

PushSession::PushSession(SyncInput input, PushOptions options)
    : machine_(std::make_unique<Machine>(std::move(input), options)) {}
PushSession::PushSession(PushSession&&) noexcept = default;
PushSession& PushSession::operator=(PushSession&&) noexcept = default;
PushSession::~PushSession() = default;

const Action& PushSession::next() const { return machine_->action(); }
void PushSession::supply(Answer answer) { machine_->supply(std::move(answer)); }
const Result<PushOutcome>& PushSession::outcome() const { return machine_->outcome(); }
const BlockTraffic& PushSession::traffic() const { return machine_->traffic(); }

}  // namespace dialog
