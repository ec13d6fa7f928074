#pragma once

#include <vector>

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/sync/state.hpp"
#include "dialog/tree/node_source.hpp"

namespace dialog {

/// The base of a merge where nobody can tell whether some swaps were accepted: `origin`, but where
/// the remote now has, for a key, the very value that one of the swaps gave it (or lacks a key that
/// one removed), that counts as accepted. So what was done to such a key here after the swap wins
/// over what the swap itself did, and nothing that was done here is lost. Writes new nodes like
/// `edit_tree`. `missing_blocks` like any operation on a tree.
Result<Revision> shared_base(NodeSource& source, const Revision& origin,
                             const std::vector<SwapIntent>& swaps, const Revision& remote,
                             const Context& context);

}  // namespace dialog
