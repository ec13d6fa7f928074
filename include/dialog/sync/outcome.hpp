#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dialog/remote/head.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/sync/state.hpp"
#include "dialog/tree/merge.hpp"

namespace dialog {

/// What a session moved, in blocks and in their bytes without any framing.
struct BlockTraffic {
  std::uint64_t fetched = 0;
  std::uint64_t fetched_bytes = 0;
  std::uint64_t uploaded = 0;
  std::uint64_t uploaded_bytes = 0;
  /// New here and not sent: the remote had them.
  std::uint64_t present_at_remote = 0;

  friend bool operator==(const BlockTraffic&, const BlockTraffic&) = default;
};

/// How a push ended. Each of these is a success of the protocol, not an error.
struct PushOutcome {
  enum class Kind : std::uint8_t {
    up_to_date,  ///< the remote has what this branch has; nothing was sent
    accepted,  ///< the remote took the branch's revision, now or at an earlier attempt whose answer
               ///< was lost
    rejected,  ///< the remote has moved on: pull, then push again
  };
  Kind kind = Kind::up_to_date;
  /// What the remote had before, and what it accepted or has.
  Revision before;
  Revision after;
  /// The head that made the remote refuse, or that was already beyond the accepted revision.
  std::optional<Head> actual;
  /// With `rejected`: an earlier swap of this branch may have been accepted in between, and no
  /// history told. A pull settles it as its options say.
  bool ambiguous = false;
  BlockTraffic traffic;
  /// The branch as this push left it.
  SyncState state;
};

/// How a pull or a fetch ended. Each of these is a success of the protocol, not an error.
struct PullOutcome {
  enum class Kind : std::uint8_t {
    up_to_date,    ///< the remote has nothing new (it may lack what is here)
    fetched,       ///< its head and blocks are here; the branch did not move
    fast_forward,  ///< the branch had no change of its own and now is the remote's revision
    merged,        ///< both had changes
    undecided,     ///< the policy left conflicts open: fetched, but the branch did not move
  };
  Kind kind = Kind::up_to_date;
  /// The branch before and after.
  Revision before;
  Revision after;
  /// The remote's head; absent where nothing was ever published.
  std::optional<Head> remote;
  /// Counts of the merge, and the conflicts that stayed open; the counts are zero where nothing was
  /// merged.
  MergeCounts merge;
  std::vector<OpenConflict> open;
  /// The register tells no sequence numbers and showed a revision that it had shown before: an
  /// undone change, or a rollback. It cannot be told which.
  bool seen_before = false;
  /// The swaps of unknown fate that no history could settle, and that were settled by
  /// `AmbiguousSwap`. Compare `expected` with `desired` to see which changes are concerned.
  std::vector<SwapIntent> ambiguous;
  BlockTraffic traffic;
  /// The branch as this pull left it.
  SyncState state;
};

}  // namespace dialog
