#include "dialog/replica/local_session.hpp"

#include <optional>
#include <utility>

#include "repository_core.hpp"
#include "session_driver.hpp"

namespace dialog {

SyncInput LocalSession::input(const Context& context) const {
  return {store_->archive(), *quarantine_, state_, partial_, context};
}

Answer LocalSession::commit(const CommitState& action) {
  if (auto copied = promote(*quarantine_, store_->archive(), action.promote); !copied) {
    return Failed{std::move(copied).error()};
  }
  const bool moves = action.desired.current != action.expected.current;
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    std::optional<SyncState> other;
    bool is_pending = false;
    const auto branch = change_([&](Branch& now) -> Result<bool> {
      other.reset();
      const SyncState actual{now.built, now.tracking_of(remote_)};
      // Commits on top of the built revision are no hindrance to whoever leaves that where it is.
      is_pending = now.pending.commits > 0 && (moves || actual != action.expected);
      if (is_pending) return false;
      if (actual != action.expected) {
        other = actual;
        return false;
      }
      now.built = action.desired.current;
      now.tracking[remote_] = action.desired.tracking;
      return true;
    });
    if (!branch) return Failed{branch.error()};
    if (other) return Raced{*std::move(other)};
    if (!is_pending) return Committed{};
    // The branch has moved: the session goes on from the revision of where it is.
    if (auto built = build_(); !built) return Failed{std::move(built).error()};
  }
  return Failed{moved_too_often("the branch")};
}

Result<LocalSession> Repository::Core::begin_session(std::string_view name, std::string_view remote,
                                                     const ChangeNote& note) {
  LocalSession session;
  session.store_ = &store;
  session.remote_ = remote;
  session.partial_ = config.is_partial;
  // A session takes blocks that lie about in the archive for granted, from its start until its
  // commit.
  DIALOG_ASSIGN(session.lease_, store.lease(LeaseKind::write));
  DIALOG_ASSIGN(session.quarantine_, store.make_quarantine());
  DIALOG_ASSIGN(const Branch built, build(name));
  session.state_ = {built.built, built.tracking_of(session.remote_)};
  session.change_ = [this, branch = std::string(name), note](const auto& change) {
    return change_branch(branch, note, change);
  };
  session.build_ = [this, branch = std::string(name)]() -> Result<void> {
    DIALOG_TRY(build(branch));
    return {};
  };
  return session;
}

Result<LocalSession> Repository::begin_session(std::string_view branch, std::string_view remote,
                                               const ChangeNote& note) {
  return core_->begin_session(branch, remote, note);
}

}  // namespace dialog
