#include <algorithm>
#include <limits>

#include "engine_state.hpp"

namespace dialog::store {
namespace {

// Entries behind the checkpoint that may stay when the store is closed.
constexpr std::size_t kLeftAtClose = 256;

}  // namespace

// Takes over what a reader gives.
Result<void> Engine::State::follow(LogReader& reader, Overlay& into) const {
  while (true) {
    DIALOG_ASSIGN(const auto frame, reader.next());
    if (!frame) return {};
    const Tip& tip = reader.tip();
    DIALOG_TRY(into.apply(frame->header.kind, frame->payload, frame->place, tip, tip.sequence));
  }
}

// What the index knows is in the log.
Result<void> Engine::State::check_reaches(const Tip& base) {
  if (base.end.segment == 0) return {};
  const auto lost = [&] {
    return fail(ErrorCode::corrupt, segments.path(base.end.segment) +
                                        " is truncated or gone; restore a backup of the folder, "
                                        "or clone again");
  };
  const auto file = segments.open(base.end.segment);
  if (!file) {
    if (file.error().code == ErrorCode::not_found) return lost();
    return fail(file.error());
  }
  DIALOG_ASSIGN(const std::uint64_t size, (*file)->size());
  if (size < base.end.offset) return lost();
  return {};
}

// Reads anew all that the index does not know, up to a number that is known to be durable, or to
// the end of what is there.
Result<void> Engine::State::reload(std::optional<std::uint64_t> until) {
  DIALOG_ASSIGN(Tip base, parts.index.checkpoint());
  while (true) {
    auto reloaded = reload_from(base, until);
    if (reloaded) return reloaded;
    // Others may have brought the index further meanwhile, and compacted away what it knows.
    DIALOG_ASSIGN(const Tip later, parts.index.checkpoint());
    if (later == base) return reloaded;
    base = later;
  }
}

Result<void> Engine::State::reload_from(const Tip& base, std::optional<std::uint64_t> until) {
  DIALOG_TRY(check_reaches(base));
  Overlay fresh;
  Tip tip = base;
  if (!until || base.sequence < *until) {
    LogReader reader(segments, base, until.value_or(std::numeric_limits<std::uint64_t>::max()));
    DIALOG_TRY(follow(reader, fresh));
    tip = reader.tip();
    if (until && tip.sequence < *until) {
      return fail(ErrorCode::corrupt,
                  "the log in " + parts.folder + " ends behind entry " +
                      std::to_string(tip.sequence) + " in " + describe(segments, tip.end) +
                      ", although it went on to " + std::to_string(*until) +
                      "; keep a copy of the folder, then clone again or restore a backup");
    }
    if (!until) DIALOG_TRY(reader.check_end());
  }
  const std::unique_lock state(state_mutex);
  forget_counts();
  ++forgets;
  overlay = std::move(fresh);
  durable = tip;
  durable_sequence = tip.sequence;
  checkpoint_sequence = base.sequence;
  return {};
}

// The log as a power cut left it. What is there and sound counts, acknowledged or not, once it is
// known to be durable.
Result<void> Engine::State::recover() {
  DIALOG_TRY(reload(std::nullopt));
  if (durable.end.segment != 0) DIALOG_TRY(appender.sync(durable.end.segment));
  parts.coordinator.publish(durable);
  parts.coordinator.publish_checkpoint(checkpoint_sequence);
  return {};
}

// What a process wrote that died before it could publish it. Written once more: a sync that failed
// there may have left it in memory alone, where it looks as if it were on the disk.
Result<void> Engine::State::adopt(const Tip& from) {
  LogReader reader(segments, from, std::numeric_limits<std::uint64_t>::max(), DamagedBlock::stop);
  Overlay found;
  Bytes frame;
  while (true) {
    DIALOG_ASSIGN(const auto next, reader.next());
    if (!next) break;
    const Tip& tip = reader.tip();
    DIALOG_TRY(found.apply(next->header.kind, next->payload, next->place, tip, tip.sequence));
    FrameHeader header = next->header;
    frame.clear();
    append_frame(frame, header, {next->payload});
    DIALOG_TRY(appender.rewrite(next->place.at, frame));
  }
  if (reader.tip() == from) return {};
  DIALOG_TRY(appender.sync(reader.tip().end.segment));
  {
    const std::unique_lock state(state_mutex);
    forget_counts();
    overlay.append(found);
    durable = reader.tip();
    durable_sequence = durable.sequence;
  }
  parts.coordinator.publish(durable);
  return {};
}

// Follows what other processes have published.
Result<void> Engine::State::catch_up_to(const Published& published) {
  if (published.durable.sequence <= durable.sequence) return {};
  // Segments are removed after a checkpoint.
  if (published.checkpoint > followed_checkpoint) {
    followed_checkpoint = published.checkpoint;
    for (const std::uint32_t segment : segments.forget_removed()) checked.erase(segment);
  }
  LogReader reader(segments, durable, published.durable.sequence);
  Overlay found;
  auto followed = follow(reader, found);
  const bool is_gone = !followed && followed.error().code == ErrorCode::not_found;
  if (!followed && !is_gone) return followed;
  // What lies between was compacted away, and the index knows it.
  if (is_gone || reader.tip().sequence < published.durable.sequence) {
    return reload(published.durable.sequence);
  }
  Overlay gone;  // after the lock
  const std::unique_lock state(state_mutex);
  forget_counts();
  ++forgets;
  overlay.append(found);
  gone = overlay.take_until(published.checkpoint);
  durable = reader.tip();
  durable_sequence = durable.sequence;
  return {};
}

// With the right to write.
Result<void> Engine::State::catch_up(Coordinator::Taken taken) {
  if (const std::optional<Published> published = parts.coordinator.published()) {
    DIALOG_TRY(catch_up_to(*published));
    if (taken == Coordinator::Taken::after_failure) DIALOG_TRY(adopt(durable));
  } else {
    DIALOG_TRY(recover());
  }
  // What others wrote meanwhile may have been read by this process long ago.
  if (durable != left_at || taken == Coordinator::Taken::after_failure) appender.forget();
  buffer.reset(durable);
  return {};
}

Result<void> Engine::State::refresh() {
  const std::optional<Published> published = parts.coordinator.published();
  if (!published || published->durable.sequence <= durable_sequence) return {};
  const std::lock_guard lock(write_mutex);
  // While this process writes nobody else does.
  if (has_right) return {};
  return catch_up_to(*published);
}

Result<Tip> Engine::State::latest() {
  DIALOG_TRY(refresh());
  const std::shared_lock state(state_mutex);
  return durable;
}

Result<void> Engine::State::refresh_to(const Tip& base) {
  DIALOG_TRY(refresh());
  const std::lock_guard lock(write_mutex);
  if (has_right || durable.sequence >= base.sequence) return {};
  // Whoever wrote it died before he published it; what is in the index is durable.
  return reload(base.sequence);
}

Engine::State::~State() {
  // Early writing asks for checkpoints, so it ends first.
  early_writes_end.cancel();
  early_writes.stop();
  checkpoints.stop();
}

Result<std::unique_ptr<Engine>> Engine::open(const Parts& parts, const Limits& limits) {
  auto state = std::make_unique<State>(parts, limits);
  State::WriteLock lock(state->write_mutex);
  if (const auto published = parts.coordinator.published()) {
    DIALOG_TRY(state->reload(published->durable.sequence));
    state->buffer.reset(state->durable);
    // What somebody left behind who died shows at once, if nobody writes just now.
    DIALOG_ASSIGN(const auto taken, parts.coordinator.try_lock());
    if (taken == Coordinator::Taken::no) {
      parts.coordinator.unlock();
    } else {
      state->has_right = true;
      auto caught_up = state->catch_up(taken);
      if (!caught_up) {
        state->give_up_right();
        return fail(std::move(caught_up).error());
      }
      state->leave();
    }
  } else {
    DIALOG_TRY(state->enter(lock, {}));
    state->leave();
  }
  lock.unlock();
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}

// So that whoever opens it next has little to read. A failure costs no more than that.
Engine::~Engine() {
  std::size_t entries = 0;
  {
    const std::shared_lock state(state_->state_mutex);
    entries = state_->overlay.entries();
  }
  if (entries >= kLeftAtClose) static_cast<void>(state_->checkpoint());
}

}  // namespace dialog::store
