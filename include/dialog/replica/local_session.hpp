#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dialog/archive/archive.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/head_store.hpp"
#include "dialog/sync/action.hpp"
#include "dialog/sync/session.hpp"

namespace dialog {

/// The near side of a push or a pull, for whoever carries out the far side in his own way: an event
/// loop, a simulation. Make it with `Repository::begin_session`, start a `PullSession` or
/// `PushSession` from `input()`, let `commit` answer each `CommitState`, and answer every other
/// action from the remote.
///
/// Holds a write lease of the store, and the quarantine; dropped without a commit, it leaves
/// nothing behind. Not thread-safe. Must not outlive the repository.
class LocalSession final {
 public:
  /// What the session starts from: the branch as it was built when this object was made. This
  /// object must outlive the session.
  [[nodiscard]] SyncInput input(const Context& context = {}) const;

  /// Copies the proven blocks into the archive and changes the branch: `Committed`, `Raced` or
  /// `Failed`. Where edits were committed meanwhile, a move of the branch finds it moved, and
  /// builds what it then is; what only notes something of the remote goes ahead. Without
  /// `Committed` the branch holds what it held, and the blocks may stay, for the next garbage
  /// collection.
  [[nodiscard]] Answer commit(const CommitState& action);

 private:
  friend class Repository;
  /// Changes the branch, as often as it takes; the function returns false to leave it as it is.
  using ChangeBranch = std::function<Result<Branch>(const std::function<Result<bool>(Branch&)>&)>;

  RepositoryStore* store_ = nullptr;
  std::string remote_;
  bool partial_ = false;
  SyncState state_;
  std::unique_ptr<StoreLease> lease_;
  std::unique_ptr<Archive> quarantine_;
  ChangeBranch change_;
  /// Builds what is pending.
  std::function<Result<void>()> build_;
};

}  // namespace dialog
