#include "sim_session.hpp"

#include <string>

namespace dialog::sim {
namespace {

using Machine = std::variant<PullSession, PushSession>;

Machine start(const LocalSession& local, SimSession::Kind kind) {
  if (kind == SimSession::Kind::pull) return PullSession(local.input());
  return PushSession(local.input());
}

}  // namespace

SimSession::SimSession(LocalSession local, Kind kind, SimRemote::Condition condition)
    : local_(std::move(local)), machine_(start(local_, kind)), condition_(condition) {}

const Action& SimSession::next() const {
  return std::visit([](const auto& machine) -> const Action& { return machine.next(); }, machine_);
}

void SimSession::supply(Answer answer) {
  if (std::holds_alternative<Committed>(answer)) has_committed_ = true;
  std::visit([&](auto& machine) { machine.supply(std::move(answer)); }, machine_);
}

Answer SimSession::commit(const CommitState& action) { return local_.commit(action); }

void SimSession::tamper(BlocksAre& blocks, SeededRandom& random) {
  if (blocks.blocks.empty()) return;
  auto& block = blocks.blocks[static_cast<std::size_t>(random.below(blocks.blocks.size()))];
  if (!block) return;
  Bytes bytes(block->bytes());
  if (bytes.empty() || random.chance(1, 3)) {
    bytes += "?";
  } else {
    const auto at = static_cast<std::size_t>(random.below(bytes.size()));
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
  }
  block = Block::of(std::move(bytes));
  was_tampered_with_ = true;
}

const Error* SimSession::error() const {
  return std::visit(
      [](const auto& machine) -> const Error* {
        return machine.outcome() ? nullptr : &machine.outcome().error();
      },
      machine_);
}

bool SimSession::may_fail_with(ErrorCode code) const {
  using Condition = SimRemote::Condition;
  switch (code) {
    case ErrorCode::timeout:
    case ErrorCode::indeterminate:
    case ErrorCode::conflict:
      return true;
    case ErrorCode::corrupt:
      return was_tampered_with_ || condition_ == Condition::poisoned;
    case ErrorCode::missing_blocks:
      return condition_ == Condition::poisoned;
    case ErrorCode::remote_reset:
      return condition_ == Condition::wiped;
    case ErrorCode::rollback:
      return condition_ == Condition::rolled_back;
    default:
      return false;
  }
}

bool SimSession::may_succeed() const {
  if (was_tampered_with_) return false;
  if (condition_ == SimRemote::Condition::sound) return true;
  // A push does not look at the tree that rejects it.
  return condition_ == SimRemote::Condition::poisoned && push() != nullptr &&
         push()->outcome()->kind == PushOutcome::Kind::rejected;
}

std::string SimSession::fault() const {
  const Error* const failure = error();
  if (failure == nullptr) {
    return may_succeed() ? "" : "a session came to terms with a remote that is not good";
  }
  if (!may_fail_with(failure->code)) return "a session failed: " + failure->message;
  if (pull() != nullptr && has_committed_) {
    return "a pull failed and left something behind: " + failure->message;
  }
  return "";
}

}  // namespace dialog::sim
