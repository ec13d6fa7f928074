#include "engine_state.hpp"
#include "log_walk.hpp"

namespace dialog::store {
namespace {

// Takes what frames change to an index, much at a time.
class IndexFiller {
 public:
  IndexFiller(Index& index, const Limits& limits) : index_(index), limits_(limits) {}

  Result<void> take(const Frame& frame, const Tip& tip) {
    DIALOG_TRY(gathered_.apply(frame.header.kind, frame.payload, frame.place, tip, tip.sequence));
    const bool is_much = gathered_.entries() >= limits_.checkpoint_entries ||
                         gathered_.bytes() >= limits_.checkpoint_bytes;
    return is_much ? flush() : Result<void>{};
  }

  Result<void> flush() {
    const auto changes = gathered_.changes(limits_.short_value_bytes_max);
    if (changes) DIALOG_TRY(index_.apply(*changes));
    gathered_ = Overlay();
    return {};
  }

 private:
  Index& index_;
  const Limits& limits_;
  Overlay gathered_;
};

}  // namespace

Result<Engine::Rebuilt> Engine::rebuild(const Parts& parts, const Limits& limits) {
  DIALOG_ASSIGN(const Tip present, parts.index.checkpoint());
  if (present.sequence != 0) {
    return fail(ErrorCode::invalid_argument, "the index is not empty; remove it first");
  }
  DIALOG_ASSIGN(const auto taken, parts.coordinator.try_lock());
  if (taken == Coordinator::Taken::no) {
    parts.coordinator.unlock();
    return fail(ErrorCode::busy, parts.coordinator.holder() + " is writing in " + parts.folder +
                                     "; try again when it has ended");
  }
  Segments segments(parts.disk, parts.folder);
  IndexFiller filler(parts.index, limits);
  LogWalk walk(segments, std::nullopt);
  Rebuilt rebuilt;
  const auto filled = [&]() -> Result<void> {
    DIALOG_TRY(walk.run({[&](const Frame& frame) { return filler.take(frame, walk.tip()); },
                         [&](const Damage& damage) -> Result<void> {
                           ++(damage.is_block ? rebuilt.damaged_blocks : rebuilt.damaged_places);
                           return {};
                         }}));
    DIALOG_TRY(filler.flush());
    LogAppender appender(segments, 0);
    if (walk.tip().sequence != 0) DIALOG_TRY(appender.sync(walk.tip().end.segment));
    parts.coordinator.publish(walk.tip());
    parts.coordinator.publish_checkpoint(walk.tip().sequence);
    return {};
  }();
  if (!filled) {
    parts.coordinator.abandon();
    return fail(filled.error());
  }
  parts.coordinator.unlock();
  rebuilt.log_bytes = walk.bytes_read();
  return rebuilt;
}

}  // namespace dialog::store
