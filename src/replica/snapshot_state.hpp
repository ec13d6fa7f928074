#pragma once

#include "branch_view.hpp"
#include "dialog/replica/snapshot.hpp"
#include "repository_core.hpp"

namespace dialog {

struct Snapshot::State {
  Repository::Core& core;
  NodeSource source;
  ViewPtr view;

  /// Visits what lies in a view's tree with runs on top of it.
  static Result<void> scan(NodeSource& source, const Hash& root, std::vector<RunPtr> runs,
                           const ScanRange& range, const SnapshotVisitor& visit,
                           const Context& context);
};

}  // namespace dialog
