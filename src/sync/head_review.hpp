#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "dialog/base/result.hpp"
#include "dialog/remote/head.hpp"
#include "dialog/sync/action.hpp"
#include "dialog/sync/state.hpp"

namespace dialog {

/// What is known of a register's past.
struct KnownHistory {
  enum class Asked : std::uint8_t { no, absent, yes };
  Asked asked = Asked::no;
  /// The records after this sequence number.
  std::uint64_t after = 0;
  HeadHistory history;
  std::uint32_t pages = 0;

  /// Takes one more answer: of each record its number and the revisions.
  void add(std::uint64_t asked_after, const HeadHistory& page);
};

/// Takes the answer to `FetchHead`; false where it is another action's.
bool take_head(std::optional<Head>& head, const Answer& answer);

/// Takes the answer to `FetchHistory`; false where it is another action's.
bool take_history(KnownHistory& known, const FetchHistory& asked, const Answer& answer);

/// Ask for the history after a sequence number, then review again.
struct NeedHistory {
  std::uint64_t after = 0;
};

/// The head was older than what the history shows: fetch it again, then review again.
struct NeedHead {};

/// What a head means for a branch.
struct Settlement {
  /// What is now known of the remote: *origin* is where the swaps of unknown fate left it.
  RemoteTracking tracking;
  /// An own swap that was accepted.
  std::optional<SwapIntent> accepted;
  /// Swaps of which nobody can tell any more. `tracking` still has them as outstanding.
  std::vector<SwapIntent> ambiguous;
  /// See `PullOutcome::seen_before`.
  bool seen_before = false;
};

using HeadReview = std::variant<NeedHistory, NeedHead, Settlement>;

/// Judges what the register shows (`head`; absent: nothing was ever published) against what is
/// known of it, and finds out what became of outstanding swaps. `remote_reset`, `rollback`.
Result<HeadReview> review_head(const SyncState& state, const std::optional<Head>& head,
                               const KnownHistory& known);

/// Notes that the remote showed or accepted `head`, whose whole tree is here and accounted for by
/// the branch. Nothing is outstanding any more.
void agree_on(RemoteTracking& tracking, const Head& head);

/// Remembers what a register showed, whether or not its tree is here.
void note_shown(RemoteTracking& tracking, const Head& head);

/// Notes that the whole tree of `head` is here, though the branch does not account for it.
void note_fetched(RemoteTracking& tracking, const Head& head);

}  // namespace dialog
