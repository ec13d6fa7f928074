#include "overlay.hpp"

#include <algorithm>
#include <utility>

namespace dialog::store {
namespace {

constexpr std::size_t kBlockEntryBytes = 80;
constexpr std::size_t kRecordEntryBytes = 160;
constexpr std::size_t kGenerationEntries = 16384;
constexpr std::size_t kFilterBits = std::size_t{1} << 19;
constexpr std::size_t kWordBits = 64;

Index::StoredRecord to_index(const Position& at, const Bytes& value, std::size_t short_bytes_max) {
  if (value.size() <= short_bytes_max) return {at.segment, value};
  return {at.segment,
          LongValue{at.offset, static_cast<std::uint32_t>(value.size()), checksum_of(value)}};
}

}  // namespace

Overlay::Generation& Overlay::newest() {
  if (generations_.empty()) generations_.emplace_back();
  return generations_.back();
}

void Overlay::begin_generation() {
  if (!generations_.empty() && generations_.back().entries > 0) generations_.emplace_back();
}

std::size_t Overlay::filter_bit(const BlockKey& key) { return BlockKeyHash()(key) % kFilterBits; }

void Overlay::set_block(Generation& generation, const BlockKey& key, std::optional<Place> place) {
  generation.filter.resize(kFilterBits / kWordBits);
  const std::size_t bit = filter_bit(key);
  generation.filter[bit / kWordBits] |= std::uint64_t{1} << bit % kWordBits;
  if (generation.blocks.insert_or_assign(key, place).second) {
    ++generation.entries;
    generation.bytes += kBlockEntryBytes;
  }
}

void Overlay::set_record(Generation& generation, ByteView key, RecordState state,
                         std::uint64_t durable) {
  auto at = generation.records.lower_bound(key);
  if (at == generation.records.end() || at->first != key) {
    at = generation.records.emplace_hint(at, Bytes(key), std::vector<RecordState>());
    ++generation.entries;
    generation.bytes += kRecordEntryBytes + key.size();
  }
  std::vector<RecordState>& states = at->second;
  // The latest durable state, and what came after it.
  std::size_t kept = states.size();
  while (kept > 0 && states[kept - 1].sequence > durable) --kept;
  const std::size_t gone = kept > 0 ? kept - 1 : 0;
  for (std::size_t i = 0; i < gone; ++i) {
    generation.bytes -= states[i].value ? states[i].value->size() : 0;
  }
  states.erase(states.begin(), states.begin() + static_cast<std::ptrdiff_t>(gone));
  generation.bytes += state.value ? state.value->size() : 0;
  states.push_back(std::move(state));
}

Result<void> Overlay::apply(FrameKind kind, ByteView payload, const Place& place, const Tip& tip,
                            std::uint64_t durable) {
  Generation& generation = newest();
  const auto malformed = [] {
    return fail(ErrorCode::malformed, "an entry of the log is sound and says nothing");
  };
  switch (kind) {
    case FrameKind::block:
    case FrameKind::packed_block: {
      const auto block = parse_block(kind, payload);
      if (!block) return malformed();
      set_block(generation, block->key, place);
      break;
    }
    case FrameKind::records: {
      const ByteView whole = payload;
      while (!payload.empty()) {
        const auto write = take_record(payload);
        if (!write) return malformed();
        Position at = place.at;
        if (write->value) {
          const auto behind_start = write->value->data() - whole.data();
          at.offset += static_cast<std::uint32_t>(kFrameHeaderBytes) +
                       static_cast<std::uint32_t>(behind_start);
        }
        set_record(generation, write->key, {tip.sequence, at, std::optional<Bytes>(write->value)},
                   durable);
      }
      break;
    }
    case FrameKind::removal: {
      const auto removal = parse_removal(payload);
      if (!removal) return malformed();
      for (std::size_t at = 0; at < removal->hashes.size(); at += Hash::kSize) {
        set_block(generation,
                  {removal->space, *Hash::from_bytes(removal->hashes.substr(at, Hash::kSize))},
                  std::nullopt);
      }
      break;
    }
  }
  generation.last = tip;
  return {};
}

void Overlay::put_block(const BlockKey& key, const Place& place, const Tip& tip) {
  Generation& generation = newest();
  set_block(generation, key, place);
  generation.last = tip;
}

const std::optional<Place>* Overlay::block(const BlockKey& key) const {
  const std::size_t bit = filter_bit(key);
  for (auto generation = generations_.rbegin(); generation != generations_.rend(); ++generation) {
    if (generation->filter.empty()) continue;
    if ((generation->filter[bit / kWordBits] >> bit % kWordBits) % 2 == 0) continue;
    const auto at = generation->blocks.find(key);
    if (at != generation->blocks.end()) return &at->second;
  }
  return nullptr;
}

const Overlay::RecordState* Overlay::as_of(const std::vector<RecordState>& states,
                                           std::uint64_t sequence) {
  const auto state = std::find_if(states.rbegin(), states.rend(), [&](const RecordState& known) {
    return known.sequence <= sequence;
  });
  return state == states.rend() ? nullptr : &*state;
}

const Overlay::RecordState* Overlay::record(ByteView key, std::uint64_t sequence) const {
  for (auto generation = generations_.rbegin(); generation != generations_.rend(); ++generation) {
    const auto at = generation->records.find(key);
    if (at == generation->records.end()) continue;
    if (const RecordState* state = as_of(at->second, sequence)) return state;
  }
  return nullptr;
}

void Overlay::for_each_record(
    const Index::RecordRange& range, std::uint64_t sequence,
    const std::function<void(const Bytes& key, const std::optional<Bytes>& value)>& visit) const {
  const bool is_from = !range.after.empty() && !range.reverse && range.after >= range.prefix;
  const bool is_until = !range.after.empty() && range.reverse;
  for (const Generation& generation : generations_) {
    auto at = is_from ? generation.records.upper_bound(range.after)
                      : generation.records.lower_bound(range.prefix);
    for (; at != generation.records.end() && at->first.starts_with(range.prefix); ++at) {
      if (is_until && at->first >= range.after) break;
      if (const RecordState* state = as_of(at->second, sequence)) visit(at->first, state->value);
    }
  }
}

void Overlay::for_each_block(
    const std::function<void(const BlockKey& key, const std::optional<Place>& place)>& visit)
    const {
  for (const Generation& generation : generations_) {
    for (const auto& [key, place] : generation.blocks) visit(key, place);
  }
}

std::size_t Overlay::entries() const {
  std::size_t sum = 0;
  for (const Generation& generation : generations_) sum += generation.entries;
  return sum;
}

std::size_t Overlay::bytes() const {
  std::size_t sum = 0;
  for (const Generation& generation : generations_) sum += generation.bytes;
  return sum;
}

std::optional<Index::Changes> Overlay::whole_until(std::uint64_t sequence,
                                                   std::size_t short_bytes_max) const {
  Index::Changes changes;
  std::unordered_map<BlockKey, std::optional<Place>, BlockKeyHash> blocks;
  std::map<Bytes, const RecordState*> records;
  for (const Generation& generation : generations_) {
    if (generation.entries == 0 || generation.last.sequence > sequence) break;
    changes.tip = generation.last;
    for (const auto& [key, place] : generation.blocks) blocks.insert_or_assign(key, place);
    for (const auto& [key, states] : generation.records) {
      records.insert_or_assign(key, &states.back());
    }
  }
  if (changes.tip.sequence == 0) return std::nullopt;
  changes.blocks.assign(blocks.begin(), blocks.end());
  std::sort(changes.blocks.begin(), changes.blocks.end(), [](const auto& a, const auto& b) {
    return a.first.space != b.first.space ? a.first.space < b.first.space
                                          : a.first.hash < b.first.hash;
  });
  changes.records.reserve(records.size());
  for (const auto& [key, state] : records) {
    auto& [name, stored] = changes.records.emplace_back(key, std::nullopt);
    if (state->value) stored = to_index(state->at, *state->value, short_bytes_max);
  }
  return changes;
}

void Overlay::append(const Overlay& newer) {
  for (const Generation& other : newer.generations_) {
    if (other.entries == 0) continue;
    if (newest().entries >= kGenerationEntries) begin_generation();
    Generation& generation = newest();
    for (const auto& [key, place] : other.blocks) set_block(generation, key, place);
    for (const auto& [key, states] : other.records) {
      const RecordState& latest = states.back();
      set_record(generation, key, latest, latest.sequence);
    }
    generation.last = other.last;
  }
}

void Overlay::forget_until(std::uint64_t sequence) {
  while (!generations_.empty() && generations_.front().last.sequence <= sequence &&
         generations_.front().entries > 0) {
    generations_.pop_front();
  }
}

}  // namespace dialog::store
