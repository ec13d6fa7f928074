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
  if (action.promote != nullptr) {
    if (auto copied = promote(*quarantine_, store_->archive(), *action.promote); !copied) {
      return Failed{std::move(copied).error()};
    }
  }
  std::optional<SyncState> other;
  const auto branch = change_([&](Branch& now) -> Result<bool> {
    other.reset();
    const SyncState actual{now.current, now.tracking_of(remote_)};
    if (actual != action.expected) {
      other = actual;
      return false;
    }
    now.current = action.desired.current;
    now.tracking[remote_] = action.desired.tracking;
    return true;
  });
  if (!branch) return Failed{branch.error()};
  if (other) return Raced{*std::move(other)};
  return Committed{};
}

Result<LocalSession> Repository::begin_session(std::string_view branch, std::string_view remote,
                                               const ChangeNote& note) {
  DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(branch));
  LocalSession session;
  session.store_ = &core_->store;
  session.remote_ = remote;
  session.partial_ = core_->config.is_partial;
  session.state_ = {stored.branch.current, stored.branch.tracking_of(session.remote_)};
  // A session takes blocks that lie about in the archive for granted, from its start until its commit.
  DIALOG_ASSIGN(session.lease_, core_->store.lease(LeaseKind::write));
  DIALOG_ASSIGN(session.quarantine_, core_->store.make_quarantine());
  session.change_ = [core = core_.get(), name = std::string(branch), note](const auto& change) {
    return core->change_branch(name, note, change);
  };
  return session;
}

}  // namespace dialog
