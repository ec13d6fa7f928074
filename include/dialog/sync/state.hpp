#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dialog/remote/head.hpp"
#include "dialog/remote/revision.hpp"

namespace dialog {

/// Bounds of what a branch remembers of one remote.
inline constexpr std::size_t kOutstandingIntentsMax = 16;
inline constexpr std::size_t kSeenRevisionsMax = 32;

/// A compare-and-swap that was, or was about to be, sent to a register, and whose fate is not
/// known. It is durable before the request leaves, so that whoever comes after a lost reply or a
/// crash can ask what became of it.
struct SwapIntent {
  Revision expected;
  /// The sequence number that the register told together with `expected`. Absent where it told
  /// none.
  std::optional<std::uint64_t> expected_sequence;
  Revision desired;
  /// Its requests that were not answered so far. Several sessions may send one swap; each counts
  /// its request here before the request leaves, and takes it off again where it was refused. With
  /// none left the swap was refused as far as anybody heard; but a network repeats requests, and
  /// the answer to a copy tells nothing of the first. Only the register's history does.
  std::uint64_t requests = 1;

  friend bool operator==(const SwapIntent&, const SwapIntent&) = default;
};

/// What one branch knows of one remote. A value; says nothing about the remote's present state.
struct RemoteTracking {
  /// The last root that the remote served or accepted and that `current` accounts for: the base of
  /// the next merge. Never a root that exists only here. Zeros: the two never agreed on anything.
  Revision origin;
  /// The sequence number of `origin`, where the register told it.
  std::optional<std::uint64_t> sequence;
  /// Swaps of unknown fate, oldest first; all of them expect `origin`. At most
  /// `kOutstandingIntentsMax`.
  std::vector<SwapIntent> intents;
  /// The last head that was fetched together with its whole tree. A partial replica notes the head
  /// alone.
  std::optional<Head> fetched;
  /// A head that the register showed and that is newer than `origin` and `fetched`, or the first
  /// one where there is neither. Its tree need not be here.
  std::optional<Head> shown;
  /// The last revisions that a register without sequence numbers showed, oldest first. At most
  /// `kSeenRevisionsMax`.
  std::vector<Revision> seen;

  /// True where this branch ever saw a head at the remote: from then on, no head means a reset.
  [[nodiscard]] bool has_seen_head() const {
    return !origin.is_zero() || sequence.has_value() || fetched.has_value() || shown.has_value();
  }
  /// The head with the greatest sequence number that the register told; a lower one is a rollback.
  /// Absent where it told none.
  [[nodiscard]] std::optional<Head> newest_head() const;

  friend bool operator==(const RemoteTracking&, const RemoteTracking&) = default;
};

/// The part of a branch that a push or a pull reads and changes. Two equal states are the same
/// state: a compare-and-swap of it compares the whole.
struct SyncState {
  Revision current;
  RemoteTracking tracking;

  friend bool operator==(const SyncState&, const SyncState&) = default;
};

}  // namespace dialog
