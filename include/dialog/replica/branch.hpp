#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/sync/state.hpp"

namespace dialog {

/// A line of work: a name for a revision that moves.
struct Branch {
  std::string name;
  Revision current;
  /// The remote that `push` and `pull` mean where none is named.
  std::optional<std::string> upstream;
  /// What the branch knows of each remote that it was ever synchronized with, by the remote's name.
  std::map<std::string, RemoteTracking> tracking;
  /// How often `current` has moved: the number of the latest entry of the reflog.
  std::uint64_t moves = 0;

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
  Revision before;
  Revision after;
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
