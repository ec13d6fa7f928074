#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/sync/action.hpp"
#include "dialog/sync/state.hpp"

namespace dialog {

/// How often a session begins again because the branch moved under it.
inline constexpr std::uint32_t kRestartsMax = 16;

/// One change of a branch, made anew from its actual state each time the compare-and-swap loses.
class CommitLoop {
 public:
  /// What the branch should become, seen from what it is; absent where the change makes no sense
  /// any more.
  using Change = std::function<std::optional<SyncState>(const SyncState& now)>;

  enum class Verdict : std::uint8_t {
    go_on,      ///< carry out `action()` and supply its answer
    done,       ///< the branch is `state()`, durably
    pointless,  ///< the branch is `state()`, and the change does not apply to it
    given_up,   ///< the branch moved too often
  };

  /// Starts. `promote` may be null; it must outlive the loop.
  Verdict start(SyncState now, Change change, const std::vector<Hash>* promote) {
    change_ = std::move(change);
    promote_ = promote;
    attempts_ = 0;
    return attempt(std::move(now));
  }

  /// Takes the answer to `action()`; absent where it is another action's.
  std::optional<Verdict> take(Answer& answer) {
    if (Raced* raced = std::get_if<Raced>(&answer)) return attempt(std::move(raced->actual));
    if (!std::holds_alternative<Committed>(answer)) return std::nullopt;
    now_ = std::move(desired_);
    return Verdict::done;
  }

  [[nodiscard]] CommitState action() const { return {now_, desired_, promote_}; }
  [[nodiscard]] const SyncState& state() const { return now_; }

 private:
  static constexpr std::uint32_t kAttemptsMax = 64;

  Verdict attempt(SyncState now) {
    now_ = std::move(now);
    std::optional<SyncState> desired = change_(now_);
    if (!desired) return Verdict::pointless;
    if (*desired == now_) return Verdict::done;
    if (++attempts_ > kAttemptsMax) return Verdict::given_up;
    desired_ = *std::move(desired);
    return Verdict::go_on;
  }

  Change change_;
  const std::vector<Hash>* promote_ = nullptr;
  SyncState now_;
  SyncState desired_;
  std::uint32_t attempts_ = 0;
};

}  // namespace dialog
