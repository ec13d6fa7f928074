#include <algorithm>

#include "engine_state.hpp"

namespace dialog::store {
namespace {

// Segments that are moved in one go; bounds what is held in memory of their blocks' places.
constexpr std::size_t kSegmentsAtOnce = 16;
constexpr std::uint64_t kMovedAtOnce = std::uint64_t{4} << 20;
constexpr double kShareInBackground = 0.5;

}  // namespace

// What the index does not need any more: all that is before its checkpoint, and holds no block.
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

// The blocks in some segments before one that are too little full, segment by segment.
Result<std::vector<Engine::State::Placed>> Engine::State::to_move(double share,
                                                                  std::uint32_t before) {
  DIALOG_ASSIGN(const auto live, parts.index.live_bytes());
  std::vector<std::uint32_t> chosen;
  for (const auto& [segment, bytes] : live) {
    if (segment >= before || chosen.size() == kSegmentsAtOnce) break;
    DIALOG_ASSIGN(const auto file, segments.open(segment));
    DIALOG_ASSIGN(const std::uint64_t size, file->size());
    if (static_cast<double>(bytes) < share * static_cast<double>(size)) chosen.push_back(segment);
  }
  std::vector<Placed> blocks;
  if (chosen.empty()) return blocks;
  DIALOG_TRY(parts.index.for_each_block([&](const BlockKey& key, const Place& place) {
    if (std::binary_search(chosen.begin(), chosen.end(), place.at.segment)) {
      blocks.emplace_back(key, place);
    }
    return true;
  }));
  std::sort(blocks.begin(), blocks.end(),
            [](const Placed& a, const Placed& b) { return a.second.at < b.second.at; });
  return blocks;
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

Result<void> Engine::State::move(std::span<const Placed> blocks, Compacted& result,
                                 const Context& context) {
  std::vector<std::pair<Placed, Block>> read;
  for (const Placed& block : blocks) {
    auto payload = segments.read_block(block.second);
    if (!payload && payload.error().code == ErrorCode::not_found) continue;
    if (payload) {
      payload->erase(0, kBlockPrefixBytes);
      auto sound = Block::checked(block.first.hash, *std::move(payload));
      if (sound) {
        read.emplace_back(block, *std::move(sound));
        continue;
      }
    } else if (payload.error().code != ErrorCode::corrupt) {
      return fail(std::move(payload).error());
    }
    ++result.damaged;
  }
  WriteLock lock(write_mutex);
  DIALOG_TRY(enter(lock, context));
  Bytes payload;
  for (const auto& [placed, block] : read) {
    // Nobody else can remove it now.
    DIALOG_ASSIGN(const bool stays, is_at(placed));
    if (!stays) continue;
    payload.clear();
    append_block_prefix(payload, placed.first);
    payload.append(block.bytes());
    {
      const std::unique_lock state(state_mutex);
      pending.emplace(placed.first, block);
    }
    DIALOG_TRY(append(FrameKind::block, payload));
    in_flight.emplace_back(buffer.tip().sequence, placed.first);
    result.moved += payload.size();
  }
  return wait_durable(lock, buffer.tip().sequence);
}

Result<Engine::Compacted> Engine::compact(double share, const Context& context) {
  State& state = *state_;
  DIALOG_TRY(flush(context));
  DIALOG_TRY(state.checkpoint());
  Compacted result;
  std::uint64_t moved_before = 0;
  // What is moved is not looked at again.
  DIALOG_ASSIGN(const Tip base, state.parts.index.checkpoint());
  do {
    moved_before = result.moved;
    result.damaged = 0;
    DIALOG_ASSIGN(const std::vector<State::Placed> blocks, state.to_move(share, base.end.segment));
    for (std::size_t first = 0, end = 0; first < blocks.size(); first = end) {
      DIALOG_TRY(check_context(context, state.parts.clock));
      std::uint64_t bytes = 0;
      while (end < blocks.size() && bytes < kMovedAtOnce) bytes += blocks[end++].second.length;
      DIALOG_TRY(state.move(std::span(blocks).subspan(first, end - first), result, context));
    }
    DIALOG_TRY(state.checkpoint());
    DIALOG_TRY(state.remove_empty_segments(result));
  } while (result.moved > moved_before);
  return result;
}

Result<void> Engine::State::compact_in_background() {
  Compacted result;
  DIALOG_TRY(remove_empty_segments(result));
  DIALOG_ASSIGN(const Tip base, parts.index.checkpoint());
  DIALOG_ASSIGN(const std::vector<Placed> blocks, to_move(kShareInBackground, base.end.segment));
  for (std::size_t first = 0, end = 0; first < blocks.size(); first = end) {
    {
      const std::lock_guard lock(background_mutex);
      if (stopping) return {};
    }
    std::uint64_t bytes = 0;
    while (end < blocks.size() && bytes < kMovedAtOnce) bytes += blocks[end++].second.length;
    DIALOG_TRY(move(std::span(blocks).subspan(first, end - first), result, {}));
  }
  if (blocks.empty()) return {};
  DIALOG_TRY(checkpoint());
  return remove_empty_segments(result);
}

}  // namespace dialog::store
