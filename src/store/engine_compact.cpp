#include <algorithm>

#include "engine_state.hpp"

namespace dialog::store {
namespace {

// What is moved in one go; bounds what is held in memory.
constexpr std::size_t kSegmentsAtOnce = 16;
constexpr std::size_t kPlacesAtOnce = 262144;
constexpr std::uint64_t kMovedAtOnce = std::uint64_t{4} << 20;
constexpr std::size_t kRecordsPerMove = 4096;
// Such a part of a segment is not worth the next one.
constexpr std::uint32_t kLittlePart = 256;
constexpr double kShareInBackground = 0.5;

}  // namespace

// What nobody needs any more: all that is before the index's checkpoint, and holds no block and no
// record as it is now.
Result<void> Engine::State::remove_empty_segments(Compacted& result) {
  DIALOG_ASSIGN(const Tip base, parts.index.checkpoint());
  DIALOG_ASSIGN(const auto live, parts.index.live_bytes());
  DIALOG_ASSIGN(const std::vector<std::uint32_t> numbers, segments.list());
  for (const std::uint32_t segment : numbers) {
    if (segment >= base.end.segment || live.contains(segment)) continue;
    auto file = segments.open(segment);
    if (!file) {
      if (file.error().code == ErrorCode::not_found) continue;
      return fail(std::move(file).error());
    }
    DIALOG_ASSIGN(const std::uint64_t size, (*file)->size());
    DIALOG_TRY(segments.remove(segment));
    checked.erase(segment);
    ++result.segments;
    result.bytes += size;
  }
  return {};
}

// What is needed of some segments before one that hold too little of it; the blocks in their order.
Result<Engine::State::Movable> Engine::State::to_move(double share, std::uint32_t before) {
  DIALOG_ASSIGN(const auto live, parts.index.live_bytes());
  std::vector<std::uint32_t> chosen;
  for (const auto& [segment, bytes] : live) {
    if (segment >= before || chosen.size() == kSegmentsAtOnce) break;
    DIALOG_ASSIGN(const auto file, segments.open(segment));
    DIALOG_ASSIGN(const std::uint64_t size, file->size());
    if (static_cast<double>(bytes) < share * static_cast<double>(size)) chosen.push_back(segment);
  }
  Movable movable;
  if (chosen.empty()) return movable;
  movable.last_segment = chosen.back();
  const auto is_chosen = [&](std::uint32_t segment) {
    return std::binary_search(chosen.begin(), chosen.end(), segment);
  };
  auto& blocks = movable.blocks;
  DIALOG_TRY(parts.index.for_each_block([&](const BlockKey& key, const Place& place) {
    if (is_chosen(place.at.segment)) blocks.emplace_back(key, place);
    return blocks.size() < kPlacesAtOnce;
  }));
  std::sort(blocks.begin(), blocks.end(),
            [](const Placed& a, const Placed& b) { return a.second.at < b.second.at; });
  auto& records = movable.records;
  DIALOG_TRY(parts.index.for_each_record({}, [&](ByteView key, const Index::RecordView& record) {
    if (is_chosen(record.segment)) records.emplace_back(key, record.segment);
    return records.size() < kPlacesAtOnce;
  }));
  return movable;
}

// Whether a block still is where it was seen; with the write lock.
Result<bool> Engine::State::is_at(const Placed& block) {
  const auto& [key, place] = block;
  {
    const std::shared_lock state(state_mutex);
    const Lookup found = look_up(key);
    if (found.decided) return found.place == place;
  }
  DIALOG_ASSIGN(const auto found, parts.index.find(key.space, {&key.hash, 1}));
  return found.front() == place;
}

// Lets the caller append behind all segments that are being emptied.
Result<void> Engine::State::enter_to_move(WriteLock& lock, const Movable& movable,
                                          const Context& context) {
  DIALOG_TRY(enter(lock, context));
  if (buffer.tip().end.segment <= movable.last_segment) buffer.begin_segment();
  return {};
}

Result<void> Engine::State::move(const Movable& movable, std::span<const Placed> blocks,
                                 Compacted& result, const Context& context) {
  std::vector<std::pair<Placed, Pending>> read;
  for (const Placed& block : blocks) {
    const auto frame = std::make_shared<Bytes>();
    const auto stored = segments.read_block(block.second, *frame);
    if (stored) {
      auto sound = sound_block(block.first, block.second, *stored, frame);
      if (sound) {
        // As it is: packed or not.
        auto packed = stored->unpacked_bytes ? std::optional<Bytes>(stored->bytes) : std::nullopt;
        read.push_back({block, {*std::move(sound), std::move(packed)}});
        continue;
      }
    } else if (stored.error().code == ErrorCode::not_found) {
      continue;
    } else if (stored.error().code != ErrorCode::corrupt) {
      return fail(stored.error());
    }
    ++result.damaged;
  }
  WriteLock lock(write_mutex);
  DIALOG_TRY(enter_to_move(lock, movable, context));
  for (auto& [placed, block] : read) {
    // Nobody else can remove it now.
    DIALOG_ASSIGN(const bool stays, is_at(placed));
    if (!stays) continue;
    const std::unique_lock state(state_mutex);
    append_block(placed.first, pending.emplace(placed.first, std::move(block)).first->second);
    result.moved += placed.second.length;
  }
  return wait_durable(lock, buffer.tip().sequence);
}

Result<void> Engine::State::move(const Movable& movable, std::span<const PlacedRecord> records,
                                 Compacted& result, const Context& context) {
  WriteLock lock(write_mutex);
  DIALOG_TRY(enter_to_move(lock, movable, context));
  Bytes payload;
  const auto write = [&]() -> Result<void> {
    result.moved += payload.size();
    if (!payload.empty()) DIALOG_TRY(append(FrameKind::records, payload));
    payload.clear();
    return wait_durable(lock, buffer.tip().sequence);
  };
  for (const auto& [key, segment] : records) {
    {
      // What is known here was written after the checkpoint.
      const std::shared_lock state(state_mutex);
      if (overlay.record(key, kSubmitted) != nullptr) continue;
    }
    DIALOG_ASSIGN(auto record, parts.index.record(key));
    if (!record || record->segment != segment) continue;
    const auto value = value_of(*std::move(record));
    if (value) {
      append_record(payload, {key, *value});
    } else if (value.error().code == ErrorCode::corrupt) {
      ++result.damaged;
    } else {
      return fail(value.error());
    }
    if (payload.size() >= kMovedAtOnce) DIALOG_TRY(write());
  }
  return write();
}

Result<void> Engine::State::move(const Movable& movable, Compacted& result,
                                 const Context& context) {
  const auto goes_on = [&]() -> Result<void> {
    if (checkpoints.is_stopping()) return fail(ErrorCode::cancelled, "the store is being closed");
    return check_context(context, parts.clock);
  };
  const std::span<const Placed> blocks(movable.blocks);
  for (std::size_t first = 0, end = 0; first < blocks.size(); first = end) {
    DIALOG_TRY(goes_on());
    std::uint64_t bytes = 0;
    while (end < blocks.size() && bytes < kMovedAtOnce) bytes += blocks[end++].second.length;
    DIALOG_TRY(move(movable, blocks.subspan(first, end - first), result, context));
  }
  std::span<const PlacedRecord> records(movable.records);
  while (!records.empty()) {
    DIALOG_TRY(goes_on());
    const std::size_t count = std::min(records.size(), kRecordsPerMove);
    DIALOG_TRY(move(movable, records.first(count), result, context));
    records = records.subspan(count);
  }
  return {};
}

// The last segment is emptied like the others where that is worth a new one.
Result<std::uint32_t> Engine::State::first_to_stay(double share) {
  DIALOG_ASSIGN(const Tip base, parts.index.checkpoint());
  DIALOG_ASSIGN(const auto live, parts.index.live_bytes());
  const auto at = live.find(base.end.segment);
  const std::uint64_t needed = at == live.end() ? 0 : at->second;
  const bool is_worth_it = base.end.offset > needed + limits.segment_bytes_max / kLittlePart &&
                           static_cast<double>(needed) < share * base.end.offset;
  return base.end.segment + (is_worth_it ? 1 : 0);
}

Result<Engine::Compacted> Engine::compact(double share, const Context& context) {
  State& state = *state_;
  DIALOG_TRY(flush(context));
  DIALOG_TRY(state.checkpoint());
  Compacted result;
  std::uint64_t moved_before = 0;
  // What is moved is not looked at again.
  DIALOG_ASSIGN(const std::uint32_t before, state.first_to_stay(share));
  do {
    moved_before = result.moved;
    result.damaged = 0;
    DIALOG_ASSIGN(const State::Movable movable, state.to_move(share, before));
    DIALOG_TRY(state.move(movable, result, context));
    DIALOG_TRY(state.checkpoint());
    DIALOG_TRY(state.remove_empty_segments(result));
  } while (result.moved > moved_before);
  return result;
}

Result<void> Engine::State::compact_in_background() {
  Compacted result;
  DIALOG_TRY(remove_empty_segments(result));
  DIALOG_ASSIGN(const Tip base, parts.index.checkpoint());
  DIALOG_ASSIGN(const Movable movable, to_move(kShareInBackground, base.end.segment));
  DIALOG_TRY(move(movable, result, {}));
  if (result.moved == 0) return {};
  DIALOG_TRY(checkpoint());
  return remove_empty_segments(result);
}

}  // namespace dialog::store
