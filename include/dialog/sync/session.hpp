#pragma once

#include <cstdint>

#include "dialog/archive/archive.hpp"
#include "dialog/base/context.hpp"
#include "dialog/sync/state.hpp"

namespace dialog {

/// What every session starts from. Both archives must outlive the session.
struct SyncInput {
  /// The blocks of this replica. Only read.
  Archive& local;
  /// An empty archive of this session alone, for blocks that are not yet proven.
  Archive& quarantine;
  SyncState state;
  /// The replica may lack any block that it did not make.
  bool partial = false;
  /// For the reads of the two archives.
  Context context = {};
};

/// What becomes of own swaps of which nobody can tell any more whether they were accepted, once the
/// remote shows another revision. Where a register keeps a history, it never comes to this.
enum class AmbiguousSwap : std::uint8_t {
  /// Take them as accepted for those keys for which the remote now has what they wrote, and as not
  /// accepted for all others. Nothing that was done here is lost; but where they were accepted and
  /// a peer has since undone a part, that part comes back. The outcome says so.
  keep_local_changes,
  /// Take them as accepted. What peers deleted stays deleted; but where they were not accepted,
  /// these
  /// changes are undone here.
  assume_accepted,
  /// Change nothing: the pull fails with `indeterminate`.
  refuse,
};

}  // namespace dialog
