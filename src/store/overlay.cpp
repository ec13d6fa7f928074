#include "overlay.hpp"

#include <algorithm>
#include <limits>
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

// The first of all keys that come after those that begin so; absent where there is none.
std::optional<Bytes> behind_prefix(ByteView prefix) {
  Bytes behind(prefix);
  while (!behind.empty() && behind.back() == '\xff') behind.pop_back();
  if (behind.empty()) return std::nullopt;
  behind.back() = static_cast<char>(static_cast<unsigned char>(behind.back()) + 1);
  return behind;
}

}  // namespace

Overlay::Generation& Overlay::newest() {
  if (generations_.empty()) begin_generation();
  return *generations_.back();
}

void Overlay::begin_generation() { generations_.push_back(std::make_shared<Generation>()); }

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
      generation.log_bytes += whole.size();
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
  for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
    const Generation& generation = **at;
    if (generation.filter.empty()) continue;
    if ((generation.filter[bit / kWordBits] >> bit % kWordBits) % 2 == 0) continue;
    const auto known = generation.blocks.find(key);
    if (known != generation.blocks.end()) return &known->second;
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
  for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
    const auto known = (*at)->records.find(key);
    if (known == (*at)->records.end()) continue;
    if (const RecordState* state = as_of(known->second, sequence)) return state;
  }
  return nullptr;
}

Overlay::RecordWalk::RecordWalk(const Overlay& overlay, const Index::RecordRange& range,
                                std::uint64_t sequence)
    : sequence_(sequence), reverse_(range.reverse) {
  std::optional<Bytes> end = behind_prefix(range.prefix);
  const bool is_from = !range.after.empty() && !reverse_ && range.after >= range.prefix;
  if (is_from && end && range.after >= *end) return;
  if (reverse_ && !range.after.empty()) {
    if (range.after <= range.prefix) return;
    if (!end || range.after < *end) end = range.after;
  }
  for (auto at = overlay.generations_.rbegin(); at != overlay.generations_.rend(); ++at) {
    const Records& records = (*at)->records;
    const Part part{is_from ? records.upper_bound(range.after) : records.lower_bound(range.prefix),
                    end ? records.lower_bound(*end) : records.end()};
    if (part.begin != part.end) parts_.push_back(part);
  }
  find();
}

Overlay::RecordWalk::Records::const_iterator Overlay::RecordWalk::front(const Part& part) const {
  return reverse_ ? std::prev(part.end) : part.begin;
}

// Leaves the key where it stands behind, in all generations.
void Overlay::RecordWalk::pass() {
  const Bytes& passed = *key_;
  for (Part& part : parts_) {
    if (front(part)->first != passed) continue;
    if (reverse_) {
      --part.end;
    } else {
      ++part.begin;
    }
  }
  std::erase_if(parts_, [](const Part& part) { return part.begin == part.end; });
}

void Overlay::RecordWalk::step() {
  pass();
  find();
}

// The next key of all generations that is known; of one that several have, the state in the newest.
void Overlay::RecordWalk::find() {
  for (state_ = nullptr, key_ = nullptr; !parts_.empty(); pass()) {
    key_ = &front(parts_.front())->first;
    for (const Part& part : parts_) {
      const Bytes& key = front(part)->first;
      if (reverse_ ? key > *key_ : key < *key_) key_ = &key;
    }
    for (const Part& part : parts_) {
      const auto at = front(part);
      if (state_ == nullptr && at->first == *key_) state_ = as_of(at->second, sequence_);
    }
    if (state_ != nullptr) return;
  }
  key_ = nullptr;
}

void Overlay::for_each_block(
    const std::function<void(const BlockKey& key, const std::optional<Place>& place)>& visit)
    const {
  for (const auto& generation : generations_) {
    for (const auto& [key, place] : generation->blocks) visit(key, place);
  }
}

template <class Number>
Number Overlay::sum_of(Number Generation::* number) const {
  Number sum = 0;
  for (const auto& generation : generations_) sum += (*generation).*number;
  return sum;
}

std::size_t Overlay::entries() const { return sum_of(&Generation::entries); }

std::size_t Overlay::bytes() const { return sum_of(&Generation::bytes); }

std::uint64_t Overlay::log_bytes() const { return sum_of(&Generation::log_bytes); }

bool Overlay::first_ends_until(std::uint64_t sequence) const {
  return !generations_.empty() && generations_.front()->entries > 0 &&
         generations_.front()->last.sequence <= sequence;
}

Overlay Overlay::whole_until(std::uint64_t sequence) {
  if (newest().entries > 0) begin_generation();
  Overlay whole(*this);
  while (!whole.generations_.empty() && (whole.generations_.back()->entries == 0 ||
                                         whole.generations_.back()->last.sequence > sequence)) {
    whole.generations_.pop_back();
  }
  return whole;
}

std::optional<Index::Changes> Overlay::changes(std::size_t short_bytes_max) const {
  if (entries() == 0) return std::nullopt;
  Index::Changes changes;
  // The newest first, and so the first of one key that is sorted.
  for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
    if (changes.tip.sequence == 0) changes.tip = (*at)->last;
    changes.blocks.insert(changes.blocks.end(), (*at)->blocks.begin(), (*at)->blocks.end());
  }
  const auto is_before = [](const auto& a, const auto& b) {
    return a.first.space != b.first.space ? a.first.space < b.first.space
                                          : a.first.hash < b.first.hash;
  };
  std::stable_sort(changes.blocks.begin(), changes.blocks.end(), is_before);
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  changes.blocks.erase(std::unique(changes.blocks.begin(), changes.blocks.end(), same),
                       changes.blocks.end());
  constexpr auto kLatest = std::numeric_limits<std::uint64_t>::max();
  for (RecordWalk walk(*this, {}, kLatest); walk.key() != nullptr; walk.step()) {
    auto& [name, stored] = changes.records.emplace_back(*walk.key(), std::nullopt);
    if (walk.value()) stored = to_index(walk.at(), *walk.value(), short_bytes_max);
  }
  return changes;
}

void Overlay::append(const Overlay& newer) {
  for (const auto& each : newer.generations_) {
    const Generation& other = *each;
    if (other.entries == 0) continue;
    if (newest().entries >= kGenerationEntries) begin_generation();
    Generation& generation = newest();
    for (const auto& [key, place] : other.blocks) set_block(generation, key, place);
    for (const auto& [key, states] : other.records) {
      const RecordState& latest = states.back();
      set_record(generation, key, latest, latest.sequence);
    }
    generation.log_bytes += other.log_bytes;
    generation.last = other.last;
  }
}

Overlay Overlay::take_until(std::uint64_t sequence) {
  Overlay taken;
  while (first_ends_until(sequence)) {
    taken.generations_.push_back(std::move(generations_.front()));
    generations_.pop_front();
  }
  return taken;
}

}  // namespace dialog::store
