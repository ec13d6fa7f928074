#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/tree/conflict.hpp"
#include "dialog/tree/edit.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

/// Three versions of one database.
struct MergeInput {
  Hash base;  ///< the last state that both sides had
  Hash local;
  Hash remote;
};

/// How many keys went which way.
struct MergeCounts {
  std::uint64_t local_changes = 0;  ///< keys that differ between base and local
  std::uint64_t applied = 0;        ///< of these, taken over, for the remote had not changed them
  std::uint64_t same = 0;           ///< of these, changed alike on both sides
  std::uint64_t both_updated = 0;   ///< conflicts, by kind
  std::uint64_t both_added = 0;
  std::uint64_t update_delete = 0;
  std::uint64_t delete_update = 0;
  std::uint64_t took_local = 0;  ///< conflicts, by decision
  std::uint64_t took_remote = 0;
  std::uint64_t took_other = 0;  ///< another value, or removed
  std::uint64_t undecided = 0;

  [[nodiscard]] std::uint64_t conflicts() const {
    return both_updated + both_added + update_delete + delete_update;
  }
  friend bool operator==(const MergeCounts&, const MergeCounts&) = default;
};

/// A conflict that a policy left undecided.
struct OpenConflict {
  ConflictKind kind;
  Bytes key;
  std::optional<StoredValue> base;
  std::optional<StoredValue> local;
  std::optional<StoredValue> remote;
};

/// What each local change adds to the nodes that a merge may touch.
inline constexpr std::uint64_t kMergeNodesTouchedPerChange = 64;

struct MergeOptions {
  /// The merge is refused (`resource_exhausted`) where it would touch more nodes than this and
  /// `kMergeNodesTouchedPerChange` for each local change. Honest keys cost a few nodes per level
  /// and change; where the remote chose its keys for it, a single change costs every node of its
  /// tree, once per some thousand local changes. The default lets one such tree of some gigabytes
  /// pass.
  std::uint64_t nodes_touched_base = 1'000'000;
  /// At most so many undecided conflicts are listed; all are counted.
  std::size_t open_conflicts_max = 10'000;
};

struct MergeOutcome {
  /// The merged tree; absent where conflicts were left undecided.
  std::optional<Hash> root;
  MergeCounts counts;
  std::vector<OpenConflict> open;  ///< in the order of keys
  EditMeter meter;
};

/// Applies what changed from base to local onto the remote tree, some thousand changes at a time:
/// holds no more of them in memory, beside what `DiffCursor` holds. Reads the nodes in which base
/// and local differ, and the remote's paths to those keys; what only the remote changed is not
/// looked at. `missing_blocks` names what all the changes need, as far as that can be told. Writes
/// like `edit_tree`, once per batch; what a batch wrote and a later one replaced stays behind, and
/// so does what was written before a conflict is left undecided.
Result<MergeOutcome> merge_trees(NodeSource& source, const MergeInput& input,
                                 ConflictPolicy& policy, const MergeOptions& options = {},
                                 const Context& context = {});

}  // namespace dialog
