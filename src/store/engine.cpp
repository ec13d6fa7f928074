#include "dialog/store/engine.hpp"

#include <algorithm>

#include "engine_state.hpp"
#include "packing.hpp"

namespace dialog::store {
namespace {

// How often a block is looked up again whose segment was compacted away meanwhile.
constexpr int kLookUpsMax = 16;
// Blocks that are remembered not to read.
constexpr std::size_t kDamagedMax = 65536;

}  // namespace

Engine::State::Lookup Engine::State::look_up(const BlockKey& key) const {
  Lookup found;
  if (const auto at = pending.find(key); at != pending.end()) {
    found.block = at->second.block;
    found.decided = true;
  } else if (const std::optional<Place>* place = overlay.block(key)) {
    found.place = *place;
    found.decided = true;
  }
  return found;
}

Result<std::vector<Engine::State::Lookup>> Engine::State::find(Space space,
                                                               std::span<const Hash> hashes) {
  DIALOG_TRY(refresh());
  std::vector<Lookup> found(hashes.size());
  std::size_t unknown = 0;
  {
    const std::shared_lock state(state_mutex);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      found[i] = look_up({space, hashes[i]});
      if (!found[i].decided) ++unknown;
    }
  }
  if (unknown == 0) return found;
  std::vector<Hash> some;
  if (unknown < hashes.size()) {
    some.reserve(unknown);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (!found[i].decided) some.push_back(hashes[i]);
    }
  }
  DIALOG_ASSIGN(const auto indexed, parts.index.find(space, some.empty() ? hashes : some));
  auto next = indexed.begin();
  for (Lookup& lookup : found) {
    if (!lookup.decided) lookup.place = *next++;
  }
  return found;
}

// A block that is known not to read is not there: so it can be put once more.
Result<std::vector<bool>> Engine::has(Space space, std::span<const Hash> hashes) {
  DIALOG_ASSIGN(const auto found, state_->find(space, hashes));
  std::vector<bool> present(found.size());
  const std::shared_lock state(state_->state_mutex);
  for (std::size_t i = 0; i < found.size(); ++i) {
    present[i] = found[i].block ||
                 (found[i].place && !state_->is_damaged({space, hashes[i]}, *found[i].place));
  }
  return present;
}

bool Engine::State::is_damaged(const BlockKey& key, const Place& place) const {
  const auto at = damaged.find(key);
  return at != damaged.end() && at->second == place;
}

void Engine::State::note_damaged(const BlockKey& key, const Place& place) {
  const std::unique_lock state(state_mutex);
  if (damaged.size() < kDamagedMax) damaged.insert_or_assign(key, place);
}

Result<Block> Engine::State::read_block(const BlockKey& key, const Place& place) {
  const auto frame = std::make_shared<Bytes>();
  const auto stored = segments.read_block(place, *frame);
  auto block =
      stored ? sound_block(key, place, *stored, frame) : Result<Block>(fail(stored.error()));
  if (!block && block.error().code == ErrorCode::corrupt) note_damaged(key, place);
  return block;
}

// What leaves the disk is checked against its hash once, and from then on by the checksum of its
// frame.
Result<Block> Engine::State::sound_block(const BlockKey& key, const Place& place,
                                         const BlockPayload& stored,
                                         std::shared_ptr<const Bytes> whole) {
  if (stored.key != key) {
    return fail(ErrorCode::corrupt, "there is another block in " + describe(segments, place.at));
  }
  ByteView bytes = stored.bytes;
  if (stored.unpacked_bytes) {
    auto unpacked = unpack(stored);
    if (!unpacked) {
      return fail(ErrorCode::corrupt,
                  "the packed block in " + describe(segments, place.at) + " does not unpack");
    }
    whole = std::make_shared<const Bytes>(*std::move(unpacked));
    bytes = *whole;
  }
  if (checked.contains(place.at)) return Block::unchecked(key.hash, std::move(whole), bytes);
  auto sound = Block::checked(key.hash, std::move(whole), bytes);
  if (sound) checked.insert(place.at);
  return sound;
}

// Looks it up again where its segment was compacted away meanwhile.
Result<std::optional<Block>> Engine::State::read_block(const BlockKey& key, Lookup lookup) {
  for (int attempt = 0; !lookup.block && lookup.place; ++attempt) {
    auto block = read_block(key, *lookup.place);
    if (block) return *std::move(block);
    if (block.error().code != ErrorCode::not_found || attempt >= kLookUpsMax) {
      return fail(block.error().within("block " + key.hash.hex()));
    }
    DIALOG_ASSIGN(const auto again, find(key.space, {&key.hash, 1}));
    lookup = again.front();
  }
  return std::move(lookup.block);
}

Result<std::vector<std::optional<Block>>> Engine::get(Space space, std::span<const Hash> hashes) {
  std::vector<std::optional<Block>> blocks(hashes.size());
  DIALOG_ASSIGN(const auto found, state_->find(space, hashes));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    DIALOG_ASSIGN(blocks[i], state_->read_block({space, hashes[i]}, found[i]));
  }
  return blocks;
}

Result<void> Engine::State::for_each_place(const Index::BlockVisitor& visit) {
  DIALOG_TRY(refresh());
  std::unordered_map<BlockKey, std::optional<Place>, BlockKeyHash> newer;
  {
    const std::shared_lock state(state_mutex);
    overlay.for_each_block([&](const BlockKey& key, const std::optional<Place>& place) {
      newer.insert_or_assign(key, place);
    });
  }
  bool goes_on = true;
  DIALOG_TRY(parts.index.for_each_block([&](const BlockKey& key, const Place& place) {
    return newer.contains(key) || (goes_on = visit(key, place));
  }));
  for (const auto& [key, place] : newer) {
    if (goes_on && place) goes_on = visit(key, *place);
  }
  return {};
}

Result<void> Engine::for_each_block(const StoredBlockVisitor& visit) {
  Result<void> outcome;
  DIALOG_TRY(state_->for_each_place([&](const BlockKey& key, const Place& place) {
    State::Lookup lookup;
    lookup.place = place;
    const auto block = state_->read_block(key, std::move(lookup));
    if (block) return !*block || visit(key, (*block)->bytes());
    if (block.error().code == ErrorCode::corrupt) return visit(key, {});
    outcome = fail(block.error());
    return false;
  }));
  return outcome;
}

// Looks it up again where its segment was compacted away meanwhile.
Result<std::optional<Bytes>> Engine::State::indexed_record(ByteView key) {
  for (int attempt = 0;; ++attempt) {
    DIALOG_ASSIGN(auto found, parts.index.record(key));
    if (!found) return std::nullopt;
    auto value = value_of(*std::move(found));
    if (value) return *std::move(value);
    if (value.error().code != ErrorCode::not_found || attempt >= kLookUpsMax) {
      return fail(value.error().within("record " + Bytes(key)));
    }
  }
}

Result<Bytes> Engine::State::value_of(Index::StoredRecord record) {
  if (auto* value = std::get_if<Bytes>(&record.value)) return std::move(*value);
  return segments.read_value(record.segment, std::get<LongValue>(record.value));
}

Result<std::optional<Bytes>> Engine::read(ByteView key, View view) {
  DIALOG_TRY(state_->refresh());
  if (view == View::submitted) return state_->read_submitted(key);
  {
    const std::shared_lock state(state_->state_mutex);
    if (const auto* known = state_->overlay.record(key, state_->durable.sequence)) {
      return known->value;
    }
  }
  return state_->indexed_record(key);
}

Result<std::uint64_t> Engine::follow() {
  DIALOG_TRY(state_->refresh());
  return state_->follows.load();
}

Result<std::vector<Record>> Engine::list(const Listing& listing, View view) {
  DIALOG_TRY(state_->refresh());
  int attempt = 0;
  while (true) {
    std::uint64_t seen = 0;
    DIALOG_ASSIGN(std::vector<State::FoundRecord> found, state_->list(listing, view, seen));
    DIALOG_ASSIGN(const Tip base, state_->parts.index.checkpoint());
    if (base.sequence > seen) {
      // Another process has brought the index further than this one has read.
      DIALOG_TRY(state_->refresh_to(base));
      continue;
    }
    auto records = state_->values_of(std::move(found));
    if (records || records.error().code != ErrorCode::not_found || ++attempt > kLookUpsMax) {
      return records;
    }
  }
}

Result<std::vector<Record>> Engine::State::values_of(std::vector<FoundRecord> found) {
  std::vector<Record> records;
  records.reserve(found.size());
  for (auto& [key, stored] : found) {
    auto value = value_of(std::move(stored));
    if (!value) return fail(value.error().within("record " + key));
    records.push_back({std::move(key), *std::move(value)});
  }
  return records;
}

// `seen`: everything up to this number is in it, and nothing later, if the index goes no further.
Result<std::vector<Engine::State::FoundRecord>> Engine::State::list(const Listing& listing,
                                                                    View view,
                                                                    std::uint64_t& seen) {
  std::vector<FoundRecord> records;
  // Held all the time: a checkpoint must not take away what the index does not show yet.
  const std::shared_lock state(state_mutex);
  seen = durable.sequence;
  const std::uint64_t until = view == View::submitted ? kSubmitted : durable.sequence;
  const Index::RecordRange range{listing.prefix, listing.after, listing.reverse};
  // The two in step, in the direction of the listing; of two for one key the newer one.
  Overlay::RecordWalk newer(overlay, range, until);
  const auto is_full = [&] { return records.size() >= listing.limit; };
  const auto take_newer = [&] {
    if (newer.value() && !is_full()) records.push_back({*newer.key(), {0, *newer.value()}});
    newer.step();
  };
  const auto is_before = [&](ByteView a, ByteView b) { return listing.reverse ? a > b : a < b; };
  DIALOG_TRY(parts.index.for_each_record(range, [&](ByteView key, const auto& record) {
    while (newer.key() != nullptr && !is_full() && is_before(*newer.key(), key)) take_newer();
    if (newer.key() != nullptr && *newer.key() == key) {
      take_newer();
    } else if (!is_full()) {
      records.push_back({Bytes(key), record.owned()});
    }
    return !is_full();
  }));
  while (newer.key() != nullptr && !is_full()) take_newer();
  return records;
}

}  // namespace dialog::store
