#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/sync/state.hpp"

namespace dialog {

/// What was committed to a branch and is in no tree yet.
struct PendingEdits {
  std::uint64_t commits = 0;
  std::uint64_t edits = 0;
  std::uint64_t bytes = 0;  ///< of their records

  friend bool operator==(const PendingEdits&, const PendingEdits&) = default;
};

/// A line of work: a name for a state of the database that moves. The state is the tree that was
/// built last and, on top of it, the edits that were committed since.
struct Branch {
  std::string name;
  /// What was built last; the branch's revision where nothing is pending.
  Revision built;
  PendingEdits pending = {};
  /// The remote that `push` and `pull` mean where none is named.
  std::optional<std::string> upstream;
  /// What the branch knows of each remote that it was ever synchronized with, by the remote's name.
  std::map<std::string, RemoteTracking> tracking;
  /// How often the branch has moved: its version, and the number of the latest entry of the reflog.
  std::uint64_t moves = 0;
  /// Names all moves up to now. Branches with equal histories hold the same; building changes
  /// neither this nor `moves`.
  Hash history = {};

  /// The version that `built` is the revision of.
  [[nodiscard]] std::uint64_t built_version() const { return moves - pending.commits; }

  /// What the branch knows of `remote`; that it knows nothing where they never met.
  [[nodiscard]] RemoteTracking tracking_of(const std::string& remote) const;

  friend bool operator==(const Branch&, const Branch&) = default;
};

/// A named remote, as it was configured. The options are the application's own; this library keeps
/// them and looks at none. They are stored as they are: no place for secrets.
struct Remote {
  std::string name;
  std::string url;
  std::string subject;
  std::map<std::string, std::string> options;

  friend bool operator==(const Remote&, const Remote&) = default;
};

/// One move of a branch.
struct ReflogEntry {
  /// Counts the moves of the branch, from 1.
  std::uint64_t sequence = 0;
  /// Absent where nobody asked for that revision before later commits were built.
  std::optional<Revision> before;
  std::optional<Revision> after;
  WallTime time{0};
  /// What was done, for people: "commit", "pull origin", ...
  std::string what;
  /// Who did it; empty where nobody said.
  std::string who;

  friend bool operator==(const ReflogEntry&, const ReflogEntry&) = default;
};

/// What goes into the reflog beside the revisions and the time.
struct ChangeNote {
  std::string what;
  std::string who;
};

}  // namespace dialog
