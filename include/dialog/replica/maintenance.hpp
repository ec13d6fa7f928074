#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/error.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/replica/branch.hpp"

namespace dialog {

inline constexpr std::uint64_t kRetainedMovesMax = 1'000'000;
inline constexpr std::chrono::days kRetainedAgeMax{36'500};

/// Which moves of a branch the reflog keeps, and with them the revisions that somebody asked for.
/// Each takes about 200 bytes in the store, and as much in memory while an old version is looked
/// for or the branch is renamed.
struct Retention {
  /// How many, from 1 to `kRetainedMovesMax`: each further move takes the oldest one away.
  std::uint64_t moves = 1000;
  /// Collecting garbage forgets the moves that have this age, the latest one, too; at most
  /// `kRetainedAgeMax`. Absent: age does not matter.
  std::optional<std::chrono::days> age = {};

  friend bool operator==(const Retention&, const Retention&) = default;
};

struct CollectOptions {
  /// Only count what would go.
  bool dry_run = false;
  Context context = {};
};

struct CollectReport {
  std::uint64_t forgotten_moves = 0;
  std::uint64_t kept_blocks = 0;
  std::uint64_t removed_blocks = 0;
  std::uint64_t removed_bytes = 0;
  /// By which the store takes less room than before.
  std::uint64_t reclaimed_bytes = 0;
};

/// One thing that is wrong in a repository.
struct RepositoryFault {
  /// What is at fault, by name: "branch main: built", "block <hash>", "record branch/main", ...
  std::string where;
  Error error;
};

struct VerifyRepositoryOptions {
  /// Read every stored block and large value, not only the nodes that branches reach.
  bool blocks = true;
  /// At most so many faults are listed; all are counted.
  std::size_t faults_max = 1000;
  /// Gets the number of blocks looked at so far, now and then; false stops with `cancelled`.
  std::function<bool(std::uint64_t blocks)> on_progress = {};
  /// Told of every block that is damaged, or missing and no branch can do without, once or more.
  std::function<void(const Hash& block)> on_faulty_block = {};
  Context context = {};
};

struct VerifyRepositoryReport {
  std::uint64_t roots = 0;  ///< different trees that were walked
  /// That are stored, where those were looked at; else those of the trees, once for each tree.
  std::uint64_t blocks = 0;
  std::uint64_t fault_count = 0;
  std::vector<RepositoryFault> faults;
  /// Blocks that a partial repository does not have, which is no fault there.
  std::uint64_t absent = 0;
  [[nodiscard]] bool sound() const { return fault_count == 0; }
};

struct MendOptions {
  /// Give up pending commits that are damaged, and those that came after them: their branch moves
  /// to the last of its states that is whole.
  bool lose_damaged = false;
  /// Of such a move.
  ChangeNote note = {"mend", {}};
  /// As of `VerifyRepositoryOptions`.
  std::function<bool(std::uint64_t blocks)> on_progress = {};
  Context context = {};
};

/// A branch some of whose pending commits are damaged or gone, so that it cannot be read.
struct IncompleteBranch {
  std::string branch;
  /// The last version that can be read.
  std::uint64_t whole_version = 0;
  /// All versions after it, in order. Of one whose reflog entry is gone, too, only the number is
  /// known: then `what` is empty.
  std::vector<ReflogEntry> lost;
  /// Where they were given up: the revision of `whole_version`, at which the branch now is.
  std::optional<Revision> given_up_to;
};

struct MendReport {
  std::uint64_t mended_blocks = 0;
  std::uint64_t mended_bytes = 0;
  std::vector<IncompleteBranch> incomplete_branches;
  /// What is still wrong.
  VerifyRepositoryReport rest;
};

}  // namespace dialog
