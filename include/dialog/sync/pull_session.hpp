#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dialog/base/result.hpp"
#include "dialog/sync/action.hpp"
#include "dialog/sync/outcome.hpp"
#include "dialog/sync/session.hpp"
#include "dialog/tree/conflict.hpp"

namespace dialog {

struct PullOptions {
  /// Decides conflicts; null is the default rule. Must outlive the session.
  ConflictPolicy* policy = nullptr;
  /// Get the remote's head and blocks, and leave the branch where it is.
  bool fetch_only = false;
  AmbiguousSwap ambiguous = AmbiguousSwap::keep_local_changes;
  /// At most so many undecided conflicts are listed; all are counted.
  std::size_t open_conflicts_max = 10'000;
};

/// Integrates what a remote has into a branch: settles swaps of unknown fate, fetches what this
/// replica lacks, checks each block against its parent before it keeps it, merges, moves the
/// branch. A step machine: no I/O but reads of the local archive and use of the quarantine, no
/// clock, no threads; memory is bounded by windows and depth, beside one hash per fetched block and
/// the local changes during a merge. Not thread-safe.
///
/// The branch changes with the one successful `CommitState`, and the main archive with no earlier
/// action: a pull that fails leaves the replica as it was, or, where only a `CommitState` failed,
/// with proven blocks that nothing refers to. A local commit that races it is merged, never
/// dropped. A pull that finds nothing new is one `FetchHead`. A partial replica fetches only what
/// the merge has to read.
///
/// Errors of the outcome, beside those that answers bring:
/// - `remote_reset`: the remote had a head and has none now. Nothing was changed.
/// - `rollback`: the register shows an older state than before. Nothing was changed.
/// - `corrupt`: the remote's tree is not sound; the message names the block. Nothing was kept.
/// - `missing_blocks`: the remote does not have these blocks of its own tree.
/// - `indeterminate`: as `AmbiguousSwap::refuse` says.
/// - `conflict`: the branch moved again and again meanwhile. Pull again.
class PullSession final {
 public:
  explicit PullSession(SyncInput input, PullOptions options = {});
  PullSession(PullSession&&) noexcept;
  PullSession& operator=(PullSession&&) noexcept;
  ~PullSession();

  /// What to do now; the same until it is answered. Valid until then.
  [[nodiscard]] const Action& next() const;

  /// The answer to `next()`. One that does not fit the action ends the session with `internal`.
  void supply(Answer answer);

  /// Only once `next()` is `Finished`.
  [[nodiscard]] const Result<PullOutcome>& outcome() const;

  /// So far.
  [[nodiscard]] const BlockTraffic& traffic() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace dialog
