#include <algorithm>
#include <chrono>

#include "engine_state.hpp"

namespace dialog::store {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPause = 100us;
constexpr auto kPauseMax = 5ms;
// How long a process that others wait for goes on writing.
constexpr auto kRightKept = 20ms;
// How many blocks are appended while readers wait.
constexpr std::size_t kAppendedAtOnce = 16;

}  // namespace

// Lets the caller append. Whoever then appends must see to it that somebody syncs.
Result<void> Engine::State::enter(WriteLock& lock, const Context& context) {
  const MonotonicTime start = parts.clock.now();
  std::chrono::microseconds pause = kFirstPause;
  auto taken = Coordinator::Taken::no;
  while (true) {
    if (failure) return fail(*failure);
    DIALOG_TRY(check_context(context, parts.clock));
    if (draining) {
      changed.wait_for(lock, kPauseMax);
      continue;
    }
    if (has_right) return {};
    DIALOG_ASSIGN(taken, parts.coordinator.try_lock());
    if (taken != Coordinator::Taken::no) break;
    if (parts.clock.now() - start > limits.patience) {
      Error error = kept_by_another();
      parts.coordinator.unlock();
      return fail(std::move(error));
    }
    changed.wait_for(lock, pause);
    pause = std::min<std::chrono::microseconds>(2 * pause, kPauseMax);
  }
  has_right = true;
  right_since = parts.clock.now();
  auto caught_up = catch_up(taken);
  if (!caught_up) give_up_right();
  return caught_up;
}

Error Engine::State::kept_by_another() const {
  const std::string holder = parts.coordinator.holder();
  return {ErrorCode::busy,
          (holder.empty() ? "another process" : holder) + " has the right to write in " +
              parts.folder +
              " and does not give it back; nothing was written. Wait for it or end it, then try "
              "again",
          {}};
}

// Gives the right back where nothing is under way.
void Engine::State::leave() {
  if (!has_right || syncing || !buffer.empty()) return;
  if (durable.sequence != buffer.tip().sequence) return;
  has_right = false;
  draining = false;
  left_at = durable;
  parts.coordinator.unlock();
}

// Whoever comes next looks for what was not published, and writes it once more.
void Engine::State::give_up_right() {
  has_right = false;
  draining = false;
  parts.coordinator.abandon();
}

Result<void> Engine::State::append(FrameKind kind, ByteView payload) {
  const Place place = buffer.append(kind, {payload}, durable.sequence);
  const std::unique_lock state(state_mutex);
  return overlay.apply(kind, payload, place, buffer.tip(), durable.sequence);
}

void Engine::State::append_block(const BlockKey& key, const Pending& block) {
  const auto& [raw, packed] = block;
  const auto size = static_cast<std::uint32_t>(raw.size());
  Bytes prefix;
  append_block_prefix(prefix, key, packed ? std::optional(size) : std::nullopt);
  const Place place = buffer.append(packed ? FrameKind::packed_block : FrameKind::block,
                                    {prefix, packed ? *packed : raw.bytes()}, durable.sequence);
  overlay.put_block(key, place, buffer.tip());
  in_flight.emplace_back(buffer.tip().sequence, key);
}

// Readers wait for some blocks at a time.
void Engine::State::append_unwritten() {
  while (!unwritten.empty()) {
    const std::unique_lock state(state_mutex);
    for (std::size_t i = 0; i < kAppendedAtOnce && !unwritten.empty(); ++i) {
      const BlockKey key = unwritten.front();
      unwritten.pop_front();
      const auto block = pending.find(key);
      if (block != pending.end()) append_block(key, block->second);
    }
  }
  unwritten_bytes = 0;
}

Result<void> Engine::State::wait_durable(WriteLock& lock, std::uint64_t number) {
  while (true) {
    for (const Rollback& rollback : rollbacks) {
      if (number > rollback.after && number <= rollback.until) return fail(rollback.error);
    }
    if (durable.sequence >= number) return {};
    if (failure) return fail(*failure);
    if (!syncing) {
      sync_group(lock);
      continue;
    }
    const std::uint32_t ended = syncs_ended;
    lock.unlock();
    syncs_ended.wait(ended);
    if (is_durable(number)) return {};
    lock.lock();
  }
}

// Writes what was gathered by all, with one sync; others gather on meanwhile.
void Engine::State::sync_group(WriteLock& lock) {
  syncing = true;
  std::vector<LogBuffer::Chunk> chunks = buffer.take();
  const Tip target = buffer.tip();
  lock.unlock();
  const auto written = appender.write(chunks);
  lock.lock();
  syncing = false;
  buffer.reuse(std::move(chunks));
  if (written) {
    settle_group(target);
  } else {
    fail_group(written.error());
  }
  if (parts.clock.now() - right_since > kRightKept && parts.coordinator.is_awaited()) {
    draining = true;
  }
  leave();
  ++syncs_ended;
  syncs_ended.notify_all();
  changed.notify_all();
}

void Engine::State::settle_group(const Tip& target) {
  {
    const std::unique_lock state(state_mutex);
    durable = target;
    durable_sequence = target.sequence;
    while (!in_flight.empty() && in_flight.front().first <= target.sequence) {
      pending.erase(in_flight.front().second);
      in_flight.pop_front();
    }
  }
  parts.coordinator.publish(target);
}

void Engine::State::fail_group(const Error& error) {
  if (error.code == ErrorCode::storage_full && roll_back(error)) return;
  failure = error;
  failure->code = ErrorCode::storage_failed;
  failure->message += "; nothing more is written until the store is opened again";
  is_writable = false;
  give_up_right();
}

// Nothing of what was gathered is in the log: it begins again where it is durable.
Result<void> Engine::State::roll_back(const Error& error) {
  DIALOG_TRY(appender.take_back(durable.end));
  const std::uint64_t until = buffer.tip().sequence;
  has_rolled_back = true;
  if (!rollbacks.empty() && rollbacks.back().until >= durable.sequence) {
    rollbacks.back().until = until;
  } else {
    rollbacks.push_back({durable.sequence, until, error});
  }
  buffer.skip_to(until);
  buffer.reset(durable);
  for (auto at = in_flight.rbegin(); at != in_flight.rend(); ++at) {
    unwritten.push_front(at->second);
    const auto block = pending.find(at->second);
    if (block != pending.end()) unwritten_bytes += held_bytes(block->second);
  }
  in_flight.clear();
  return reload(durable.sequence);
}

Result<std::optional<Bytes>> Engine::State::read_submitted(ByteView key) {
  {
    const std::shared_lock state(state_mutex);
    if (const auto* known = overlay.record(key, kSubmitted)) return known->value;
  }
  return indexed_record(key);
}

Result<bool> Engine::State::holds(const RecordChange& change) {
  const auto is_expected = [&](const std::optional<Bytes>& present) {
    return present.has_value() == change.expected.has_value() &&
           (!present || *present == *change.expected);
  };
  {
    const std::shared_lock state(state_mutex);
    if (const auto* known = overlay.record(change.key, kSubmitted))
      return is_expected(known->value);
  }
  DIALOG_ASSIGN(const std::optional<Bytes> present, indexed_record(change.key));
  return is_expected(present);
}

Result<std::optional<std::uint64_t>> Engine::submit(std::span<const RecordChange> changes,
                                                    const Context& context) {
  State& state = *state_;
  state.checkpoint_if_due();
  State::WriteLock lock(state.write_mutex);
  DIALOG_TRY(state.enter(lock, context));
  for (const RecordChange& change : changes) {
    const auto held = state.holds(change);
    if (held && *held) continue;
    state.leave();
    if (!held) return fail(held.error());
    return std::nullopt;
  }
  state.append_unwritten();
  Bytes payload;
  for (const RecordChange& change : changes) {
    if (change.desired != change.expected) append_record(payload, {change.key, change.desired});
  }
  if (!payload.empty()) DIALOG_TRY(state.append(FrameKind::records, payload));
  const std::uint64_t number = state.buffer.tip().sequence;
  state.leave();
  return number;
}

Result<void> Engine::wait(std::uint64_t number) {
  if (state_->is_durable(number)) return {};
  State::WriteLock lock(state_->write_mutex);
  return state_->wait_durable(lock, number);
}

Result<void> Engine::State::flush(const Context& context) {
  checkpoint_if_due();
  WriteLock lock(write_mutex);
  if (!unwritten.empty()) {
    DIALOG_TRY(enter(lock, context));
    append_unwritten();
  }
  if (in_flight.empty()) {
    leave();
    return {};
  }
  return wait_durable(lock, in_flight.back().first);
}

Result<void> Engine::flush(const Context& context) { return state_->flush(context); }

Result<void> Engine::remove(Space space, std::span<const Hash> hashes, const Context& context) {
  constexpr std::size_t kAtOnce = 1024;
  State& state = *state_;
  for (std::size_t at = 0; at < hashes.size(); at += kAtOnce) {
    const auto some = hashes.subspan(at, std::min(kAtOnce, hashes.size() - at));
    state.checkpoint_if_due();
    State::WriteLock lock(state.write_mutex);
    DIALOG_TRY(state.enter(lock, context));
    // What is in the buffer must not come back behind its removal.
    state.append_unwritten();
    Bytes payload;
    append_removal(payload, space, some.data(), some.size());
    DIALOG_TRY(state.append(FrameKind::removal, payload));
    {
      const std::unique_lock readers(state.state_mutex);
      for (const Hash& hash : some) state.pending.erase({space, hash});
      if (state.uses) state.uses->insert_or_assign(space, std::nullopt);
    }
    DIALOG_TRY(state.wait_durable(lock, state.buffer.tip().sequence));
  }
  return {};
}

Result<void> Engine::check_writable() const {
  if (state_->is_writable) return {};
  const State::WriteLock lock(state_->write_mutex);
  return fail(*state_->failure);
}

}  // namespace dialog::store
