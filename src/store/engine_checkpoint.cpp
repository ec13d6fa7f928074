#include "engine_state.hpp"

namespace dialog::store {
namespace {

constexpr std::size_t kBehindMax = 4;

}  // namespace

Result<void> Engine::State::checkpoint() {
  const std::lock_guard one_at_a_time(checkpoint_mutex);
  Overlay whole;
  {
    const std::unique_lock state(state_mutex);
    whole = overlay.whole_until(durable.sequence);
  }
  const auto changes = whole.changes(limits.short_value_bytes_max);
  if (!changes) return {};
  DIALOG_TRY(parts.index.apply(*changes));
  Overlay gone;  // after the lock
  {
    const std::unique_lock state(state_mutex);
    gone = overlay.take_until(changes->tip.sequence);
    ++forgets;
  }
  checkpoint_sequence = changes->tip.sequence;
  parts.coordinator.publish_checkpoint(changes->tip.sequence);
  return {};
}

Result<void> Engine::checkpoint() { return state_->checkpoint(); }

// Whether the index lacks so many times what is due for a checkpoint.
bool Engine::State::is_behind(std::size_t times) {
  const std::shared_lock state(state_mutex);
  return overlay.entries() >= times * limits.checkpoint_entries ||
         overlay.bytes() >= times * limits.checkpoint_bytes ||
         overlay.log_bytes() >= times * limits.checkpoint_log_bytes;
}

// Before a write: has the index follow in the background, or waits for it where it has fallen far
// behind. A failure shows in the log's writes, if anywhere: what is not in the index is in the log.
void Engine::State::checkpoint_if_due() {
  if (!is_behind(1)) return;
  if (is_behind(kBehindMax)) {
    static_cast<void>(checkpoint());
  } else {
    checkpoints.ask();
  }
}

// Those who came while the last checkpoint was made asked for that one.
void Engine::State::follow_in_background() {
  if (is_behind(1) && checkpoint()) static_cast<void>(compact_in_background());
}

}  // namespace dialog::store
