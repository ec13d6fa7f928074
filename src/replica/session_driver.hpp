#pragma once

#include <functional>
#include <utility>
#include <variant>

#include "dialog/replica/head_store.hpp"
#include "dialog/replica/synchronize.hpp"
#include "dialog/sync/action.hpp"

namespace dialog {

/// Carries out the actions of a session, one after the other, until it is finished.
class SessionDriver {
 public:
  /// Does what `CommitState` says: `Committed`, `Raced` or `Failed`.
  using Commit = std::function<Answer(const CommitState&)>;

  /// Everything must outlive the driver.
  SessionDriver(Clock& clock, const RemoteConnection& remote, const SyncOptions& options,
                Commit commit)
      : clock_(clock), remote_(remote), options_(options), commit_(std::move(commit)) {}

  template <class Session>
  void run(Session& session) {
    while (!std::holds_alternative<Finished>(session.next())) {
      Answer answer =
          std::visit([this](const auto& action) { return this->perform(action); }, session.next());
      session.supply(std::move(answer));
      stats_.traffic = session.traffic();
      if (options_.on_progress) options_.on_progress(stats_);
    }
  }

  [[nodiscard]] const SyncStats& stats() const { return stats_; }

 private:
  Answer perform(const FetchHead&);
  Answer perform(const FetchHistory& action);
  Answer perform(const FetchBlocks& action);
  Answer perform(const AskPresent& action);
  Answer perform(const UploadBlocks& action);
  Answer perform(const SwapHead& action);
  Answer perform(const CommitState& action);
  Answer perform(const Finished&);

  Clock& clock_;
  const RemoteConnection& remote_;
  const SyncOptions& options_;
  Commit commit_;
  SyncStats stats_;
};

/// Copies proven blocks from a quarantine into the archive of a store; they are durable with the
/// store's next change of records. Null: none.
Result<void> promote(Archive& quarantine, Archive& archive, const std::vector<Hash>* hashes);

}  // namespace dialog
