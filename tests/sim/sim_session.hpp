#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "dialog/base/random.hpp"
#include "dialog/replica/local_session.hpp"
#include "dialog/sync/pull_session.hpp"
#include "dialog/sync/push_session.hpp"
#include "sim_remote.hpp"

namespace dialog::sim {

/// One push or pull of a replica, and what must come of it.
class SimSession {
 public:
  enum class Kind : std::uint8_t { pull, push };

  /// `condition` is what the remote is in, and stays in until the session has ended.
  SimSession(LocalSession local, Kind kind, SimRemote::Condition condition);

  [[nodiscard]] const Action& next() const;
  void supply(Answer answer);
  /// Answers a `CommitState`.
  [[nodiscard]] Answer commit(const CommitState& action);
  /// Puts something else in the place of a block on its way here.
  void tamper(BlocksAre& blocks, SeededRandom& random);

  [[nodiscard]] const PullSession* pull() const { return std::get_if<PullSession>(&machine_); }
  [[nodiscard]] const PushSession* push() const { return std::get_if<PushSession>(&machine_); }
  [[nodiscard]] const Error* error() const;

  /// Why it should not have ended as it did; empty where it may. Only once it has.
  [[nodiscard]] std::string fault() const;

 private:
  [[nodiscard]] bool may_fail_with(ErrorCode code) const;
  [[nodiscard]] bool may_succeed() const;

  LocalSession local_;
  std::variant<PullSession, PushSession> machine_;
  SimRemote::Condition condition_;
  bool was_tampered_with_ = false;
  bool has_committed_ = false;
};

}  // namespace dialog::sim
