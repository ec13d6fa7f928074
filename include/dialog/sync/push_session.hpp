#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dialog/base/result.hpp"
#include "dialog/sync/action.hpp"
#include "dialog/sync/outcome.hpp"
#include "dialog/sync/session.hpp"

namespace dialog {

struct PushOptions {
  /// A head that was fetched after the branch's state was read; saves the `FetchHead`. The swap
  /// checks it anyway.
  std::optional<Head> known_head = {};
};

/// Publishes a branch: uploads the blocks that the remote lacks, children before parents, notes the
/// intent, swaps the register. A step machine: no I/O but reads of the archives that it was given,
/// no clock, no threads; memory and the number of steps per block are bounded. Not thread-safe.
///
/// A push that ends in any way, or is dropped at any point, loses nothing: blocks that are at the
/// remote stay there, and the next session learns what became of a swap. An idle push is one
/// `FetchHead`.
///
/// Errors of the outcome, beside those that answers bring:
/// - `remote_reset`: the remote had a head and has none now. Nothing was changed. Look at the
/// address first; to
///   publish there again, forget what the branch knows of the remote.
/// - `rollback`: the register shows an older state than before. Nothing was changed.
/// - `indeterminate`: the swap was sent, and its fate cannot be learned now; the message repeats
/// what was heard instead. The intent stays: push or pull again.
/// - `missing_blocks`: neither this replica nor the remote has these blocks of the branch.
/// - `conflict`: other sessions changed the same tracking again and again. Push again.
/// - `corrupt`: a block of this replica or of the remote is not what it should be.
class PushSession final {
 public:
  explicit PushSession(SyncInput input, PushOptions options = {});
  PushSession(PushSession&&) noexcept;
  PushSession& operator=(PushSession&&) noexcept;
  ~PushSession();

  /// What to do now; the same until it is answered. Valid until then.
  [[nodiscard]] const Action& next() const;

  /// The answer to `next()`. One that does not fit the action ends the session with `internal`.
  void supply(Answer answer);

  /// Only once `next()` is `Finished`.
  [[nodiscard]] const Result<PushOutcome>& outcome() const;

  /// So far.
  [[nodiscard]] const BlockTraffic& traffic() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace dialog
