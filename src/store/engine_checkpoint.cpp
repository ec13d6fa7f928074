#include "engine_state.hpp"

namespace dialog::store {
namespace {

constexpr std::size_t kBehindMax = 4;

}  // namespace

Result<void> Engine::State::checkpoint() {
  const std::lock_guard one_at_a_time(checkpoint_mutex);
  std::optional<Index::Changes> changes;
  {
    const std::unique_lock state(state_mutex);
    overlay.begin_generation();
  }
  {
    const std::shared_lock state(state_mutex);
    changes = overlay.whole_until(durable.sequence, limits.short_value_bytes_max);
  }
  if (!changes) return {};
  DIALOG_TRY(parts.index.apply(*changes));
  {
    const std::unique_lock state(state_mutex);
    overlay.forget_until(changes->tip.sequence);
    ++forgets;
  }
  checkpoint_sequence = changes->tip.sequence;
  parts.coordinator.publish_checkpoint(changes->tip.sequence);
  return {};
}

Result<void> Engine::checkpoint() { return state_->checkpoint(); }

// Before a write: has the index follow in the background, or waits for it where it has fallen far
// behind. A failure shows in the log's writes, if anywhere: what is not in the index is in the log.
void Engine::State::checkpoint_if_due() {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  {
    const std::shared_lock state(state_mutex);
    entries = overlay.entries();
    bytes = overlay.bytes();
  }
  if (entries < limits.checkpoint_entries && bytes < limits.checkpoint_bytes) return;
  if (entries > kBehindMax * limits.checkpoint_entries ||
      bytes > kBehindMax * limits.checkpoint_bytes) {
    static_cast<void>(checkpoint());
    return;
  }
  const std::lock_guard lock(background_mutex);
  checkpoint_wanted = true;
  if (!background.joinable()) background = std::thread([this] { run_checkpoints(); });
  background_changed.notify_all();
}

void Engine::State::run_checkpoints() {
  std::unique_lock lock(background_mutex);
  while (true) {
    background_changed.wait(lock, [this] { return checkpoint_wanted || stopping; });
    if (stopping) return;
    checkpoint_wanted = false;
    lock.unlock();
    if (checkpoint()) static_cast<void>(compact_in_background());
    lock.lock();
  }
}

}  // namespace dialog::store
