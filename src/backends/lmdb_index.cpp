#include "lmdb_index.hpp"

#include <algorithm>
#include <utility>

#include "lmdb_range.hpp"
#include "lmdb_record.hpp"

namespace dialog::lmdb {
namespace {

constexpr ByteView kCheckpointKey = "checkpoint";
// In the table of spaces: the log's sequence number as of which it counts. The keys of spaces are
// shorter.
constexpr ByteView kCountedKey = "counted";
constexpr std::size_t kPlaceBytes = 12;
constexpr std::size_t kTipBytes = 24;
constexpr std::uint32_t kIsLong = std::uint32_t{1} << 31;
constexpr std::size_t kLongValueBytes = 16;
// Blocks that `for_each_block` reads at once, so that a visitor may take its time without keeping
// the map in place.
constexpr std::size_t kBlocksAtOnce = 4096;

Bytes place_key(const store::BlockKey& key) {
  Bytes out;
  append_u32(out, key.space);
  out.append(key.hash.bytes());
  return out;
}

std::optional<store::BlockKey> parse_place_key(ByteView key) {
  constexpr std::size_t kSpaceBytes = sizeof(store::Space);
  if (key.size() != kSpaceBytes + Hash::kSize) return std::nullopt;
  return store::BlockKey{read_u32(key), *Hash::from_bytes(key.substr(kSpaceBytes))};
}

Bytes print(const store::Place& place) {
  Bytes out;
  append_u32(out, place.at.segment);
  append_u32(out, place.at.offset);
  append_u32(out, place.length);
  return out;
}

std::optional<store::Place> parse_place(ByteView bytes) {
  if (bytes.size() != kPlaceBytes) return std::nullopt;
  return store::Place{{read_u32(bytes), read_u32(bytes.substr(4))}, read_u32(bytes.substr(8))};
}

Bytes print(const store::Tip& tip) {
  Bytes out;
  append_u32(out, tip.end.segment);
  append_u32(out, tip.end.offset);
  append_u64(out, tip.sequence);
  append_u64(out, tip.checksum);
  return out;
}

tl::unexpected<Error> damaged(const Environment& environment, std::string_view what) {
  return fail(ErrorCode::corrupt, "the index in " + environment.folder() +
                                      " is damaged: " + std::string(what) +
                                      "; restore a backup of the folder, or clone again");
}

Result<store::Tip> parse_tip(const Environment& environment, std::optional<ByteView> stored) {
  if (!stored) return store::Tip{};
  DIALOG_ASSIGN(const ByteView bytes,
                unseal(kCheckpointKey, *stored, "the checkpoint in " + environment.folder()));
  if (bytes.size() != kTipBytes) return damaged(environment, "its checkpoint cannot be read");
  return store::Tip{{read_u32(bytes), read_u32(bytes.substr(4))},
                    read_u64(bytes.substr(8)),
                    read_u64(bytes.substr(16))};
}

// The segment, with a bit that says whether the value is long; then the value, or where it lies.
Bytes print(const store::Index::StoredRecord& record) {
  Bytes out;
  if (const auto* value = std::get_if<Bytes>(&record.value)) {
    append_u32(out, record.segment);
    out.append(*value);
    return out;
  }
  const auto& value = std::get<store::LongValue>(record.value);
  append_u32(out, record.segment | kIsLong);
  append_u32(out, value.offset);
  append_u32(out, value.bytes);
  append_u64(out, value.checksum);
  return out;
}

Result<store::Index::RecordView> parse_record(const Environment& environment, ByteView key,
                                              ByteView stored) {
  DIALOG_ASSIGN(ByteView body,
                unseal(key, stored, "record " + Bytes(key) + " in " + environment.folder()));
  const auto unreadable = [&] {
    return damaged(environment, "record " + Bytes(key) + " cannot be read");
  };
  if (body.size() < sizeof(std::uint32_t)) return unreadable();
  const std::uint32_t segment = read_u32(body);
  body.remove_prefix(sizeof segment);
  if ((segment & kIsLong) == 0) return store::Index::RecordView{segment, body};
  if (body.size() != kLongValueBytes) return unreadable();
  return store::Index::RecordView{
      segment & ~kIsLong,
      store::LongValue{read_u32(body), read_u32(body.substr(4)), read_u64(body.substr(8))}};
}

Bytes segment_key(std::uint32_t segment) {
  Bytes key;
  append_u32(key, segment);
  return key;
}

Bytes print(const store::SpaceUse& use) {
  Bytes out;
  append_u64(out, use.blocks);
  append_u64(out, use.bytes);
  return out;
}

Result<store::SpaceUse> parse_use(const Environment& environment, std::optional<ByteView> stored) {
  if (!stored) return store::SpaceUse{};
  if (stored->size() != 16) return damaged(environment, "what a space holds cannot be read");
  return store::SpaceUse{read_u64(*stored), read_u64(stored->substr(8))};
}

std::uint64_t counted_until(std::optional<ByteView> stored) {
  return stored && stored->size() == sizeof(std::uint64_t) ? read_u64(*stored) : 0;
}

Bytes space_key(store::Space space) {
  Bytes key;
  append_u32(key, space);
  return key;
}

using Uses = std::map<store::Space, store::SpaceUse>;

void add(store::SpaceUse& use, const store::Place& place) {
  ++use.blocks;
  use.bytes += store::stored_bytes(place);
}

// Wraps around where it takes away more than was added; the sum is right again.
void take(store::SpaceUse& use, const store::Place& place) {
  --use.blocks;
  use.bytes -= store::stored_bytes(place);
}

// Visits all of a table, from one snapshot.
template <class Visit>
Result<void> each_of(const Reader& reader, Table table, Visit visit) {
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, table));
  DIALOG_ASSIGN(bool there, cursor.seek({}));
  while (there) {
    DIALOG_TRY(visit(cursor.key(), cursor.value()));
    DIALOG_ASSIGN(there, cursor.next());
  }
  return {};
}

Result<std::map<std::uint32_t, std::uint64_t>> live_bytes_of(const Environment& environment,
                                                             const Reader& reader) {
  std::map<std::uint32_t, std::uint64_t> live;
  DIALOG_TRY(each_of(reader, Table::segments, [&](ByteView key, ByteView value) -> Result<void> {
    if (key.size() != sizeof(std::uint32_t) || value.size() != sizeof(std::uint64_t)) {
      return damaged(environment, "a segment's bytes cannot be read");
    }
    live.emplace(read_u32(key), read_u64(value));
    return {};
  }));
  return live;
}

}  // namespace

class LogIndex::Apply final : public Job {
 public:
  Apply(const Environment& environment, const Changes& changes)
      : environment_(environment), changes_(changes) {}

  Result<void> apply(WriteTransaction& transaction) override {
    live_.clear();
    uses_.clear();
    DIALOG_ASSIGN(const auto stored, transaction.get(Table::format, kCheckpointKey));
    DIALOG_ASSIGN(const store::Tip present, parse_tip(environment_, stored));
    if (present.sequence >= changes_.tip.sequence) return {};
    for (const auto& [key, place] : changes_.blocks) {
      DIALOG_TRY(set_place(transaction, key, place));
    }
    for (const auto& [key, record] : changes_.records) {
      DIALOG_TRY(set_record(transaction, key, record));
    }
    for (const auto& [segment, change] : live_) {
      DIALOG_TRY(add_live_bytes(transaction, segment, change));
    }
    if (environment_.has(Table::spaces)) DIALOG_TRY(add_uses(transaction, present));
    return transaction.put(Table::format, kCheckpointKey,
                           seal(kCheckpointKey, print(changes_.tip)));
  }
  [[nodiscard]] std::size_t bytes() const override {
    return 128 * changes_.blocks.size() + 512 * changes_.records.size();
  }

 private:
  static std::int64_t count(std::uint64_t bytes) { return static_cast<std::int64_t>(bytes); }

  Result<void> set_place(WriteTransaction& transaction, const store::BlockKey& block,
                         const std::optional<store::Place>& place) {
    const Bytes key = place_key(block);
    DIALOG_ASSIGN(const auto before, transaction.get(Table::places, key));
    if (before) {
      const auto was = parse_place(*before);
      if (!was) return damaged(environment_, "a block's place cannot be read");
      if (place == was) return {};
      live_[was->at.segment] -= count(store::needed_bytes(*was));
      take(uses_[block.space], *was);
    }
    if (!place) return before ? transaction.erase(Table::places, key) : Result<void>{};
    live_[place->at.segment] += count(store::needed_bytes(*place));
    add(uses_[block.space], *place);
    return transaction.put(Table::places, key, print(*place));
  }

  Result<void> set_record(WriteTransaction& transaction, const Bytes& key,
                          const std::optional<StoredRecord>& record) {
    DIALOG_ASSIGN(const auto before, transaction.get(Table::records, key));
    if (before) {
      DIALOG_ASSIGN(const RecordView was, parse_record(environment_, key, *before));
      live_[was.segment] -= count(store::needed_bytes(key, was));
    }
    if (!record) return before ? transaction.erase(Table::records, key) : Result<void>{};
    live_[record->segment] += count(store::needed_bytes(key, *record));
    return transaction.put(Table::records, key, seal(key, print(*record)));
  }

  Result<void> add_live_bytes(WriteTransaction& transaction, std::uint32_t segment,
                              std::int64_t change) {
    if (change == 0) return {};
    const Bytes key = segment_key(segment);
    DIALOG_ASSIGN(const auto stored, transaction.get(Table::segments, key));
    if (stored && stored->size() != sizeof(std::uint64_t)) {
      return damaged(environment_, "a segment's bytes cannot be read");
    }
    const std::int64_t live = (stored ? static_cast<std::int64_t>(read_u64(*stored)) : 0) + change;
    if (live <= 0) return transaction.erase(Table::segments, key);
    Bytes value;
    append_u64(value, static_cast<std::uint64_t>(live));
    return transaction.put(Table::segments, key, value);
  }

  // Where somebody wrote who does not count, the number stays behind, and all is counted anew.
  Result<void> add_uses(WriteTransaction& transaction, const store::Tip& before) {
    DIALOG_ASSIGN(const auto counted, transaction.get(Table::spaces, kCountedKey));
    if (counted_until(counted) != before.sequence) return {};
    for (const auto& [space, change] : uses_) {
      const Bytes key = space_key(space);
      DIALOG_ASSIGN(const auto stored, transaction.get(Table::spaces, key));
      DIALOG_ASSIGN(store::SpaceUse use, parse_use(environment_, stored));
      use.blocks += change.blocks;
      use.bytes += change.bytes;
      DIALOG_TRY(use.blocks == 0 ? transaction.erase(Table::spaces, key)
                                 : transaction.put(Table::spaces, key, print(use)));
    }
    Bytes number;
    append_u64(number, changes_.tip.sequence);
    return transaction.put(Table::spaces, kCountedKey, number);
  }

  const Environment& environment_;
  const Changes& changes_;
  std::map<std::uint32_t, std::int64_t> live_;
  Uses uses_;
};

// All anew, unless it is right already.
class LogIndex::Count final : public Job {
 public:
  explicit Count(const Environment& environment) : environment_(environment) {}

  Result<void> apply(WriteTransaction& transaction) override {
    DIALOG_ASSIGN(const auto stored, transaction.get(Table::format, kCheckpointKey));
    DIALOG_ASSIGN(const store::Tip tip, parse_tip(environment_, stored));
    DIALOG_ASSIGN(const auto counted, transaction.get(Table::spaces, kCountedKey));
    if (counted_until(counted) == tip.sequence) return {};
    std::vector<Bytes> old;
    DIALOG_TRY(transaction.for_each(Table::spaces, {}, [&](ByteView key, ByteView) {
      old.emplace_back(key);
      return true;
    }));
    for (const Bytes& key : old) DIALOG_TRY(transaction.erase(Table::spaces, key));
    Uses uses;
    bool is_sound = true;
    DIALOG_TRY(transaction.for_each(Table::places, {}, [&](ByteView key, ByteView value) {
      const auto block = parse_place_key(key);
      const auto place = parse_place(value);
      is_sound = block && place;
      if (is_sound) add(uses[block->space], *place);
      return is_sound;
    }));
    if (!is_sound) return damaged(environment_, "a block's place cannot be read");
    for (const auto& [space, use] : uses) {
      DIALOG_TRY(transaction.put(Table::spaces, space_key(space), print(use)));
    }
    Bytes number;
    append_u64(number, tip.sequence);
    return transaction.put(Table::spaces, kCountedKey, number);
  }

 private:
  const Environment& environment_;
};

Result<void> LogIndex::prepare() {
  if (!environment_->has(Table::spaces)) return {};
  {
    DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
    DIALOG_ASSIGN(const auto stored, reader.get(Table::format, kCheckpointKey));
    DIALOG_ASSIGN(const store::Tip tip, parse_tip(*environment_, stored));
    DIALOG_ASSIGN(const auto counted, reader.get(Table::spaces, kCountedKey));
    if (counted_until(counted) == tip.sequence) return {};
  }
  Count job(*environment_);
  return environment_->run(job);
}

Result<std::vector<store::SpaceUse>> LogIndex::uses(std::span<const store::Space> spaces,
                                                    const BlockChanges& newer) {
  if (!environment_->has(Table::spaces)) {
    return fail(ErrorCode::unsupported, "this index does not count what spaces hold");
  }
  Uses uses;
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  for (const store::Space space : spaces) {
    DIALOG_ASSIGN(const auto stored, reader.get(Table::spaces, space_key(space)));
    DIALOG_ASSIGN(uses[space], parse_use(*environment_, stored));
  }
  for (const auto& [key, place] : newer) {
    const auto use = uses.find(key.space);
    if (use == uses.end()) continue;
    DIALOG_ASSIGN(const auto before, reader.get(Table::places, place_key(key)));
    if (before) {
      const auto was = parse_place(*before);
      if (!was) return damaged(*environment_, "a block's place cannot be read");
      take(use->second, *was);
    }
    if (place) add(use->second, *place);
  }
  std::vector<store::SpaceUse> found;
  found.reserve(spaces.size());
  for (const store::Space space : spaces) found.push_back(uses[space]);
  return found;
}

Result<void> LogIndex::apply(const Changes& changes) {
  Apply job(*environment_, changes);
  return environment_->run(job);
}

Result<store::Tip> LogIndex::checkpoint() {
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(const auto stored, reader.get(Table::format, kCheckpointKey));
  return parse_tip(*environment_, stored);
}

Result<std::vector<std::optional<store::Place>>> LogIndex::find(store::Space space,
                                                                std::span<const Hash> hashes) {
  std::vector<std::optional<store::Place>> places;
  places.reserve(hashes.size());
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  Bytes key = place_key({space, {}});
  for (const Hash& hash : hashes) {
    key.replace(sizeof(store::Space), Hash::kSize, hash.bytes());
    DIALOG_ASSIGN(const auto stored, reader.get(Table::places, key));
    places.push_back(stored ? parse_place(*stored) : std::nullopt);
    if (stored && !places.back()) return damaged(*environment_, "a block's place cannot be read");
  }
  return places;
}

Result<std::optional<LogIndex::StoredRecord>> LogIndex::record(ByteView key) {
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(const auto stored, reader.get(Table::records, key));
  if (!stored) return std::nullopt;
  DIALOG_ASSIGN(const RecordView view, parse_record(*environment_, key, *stored));
  return view.owned();
}

Result<void> LogIndex::for_each_record(const RecordRange& range, const RecordVisitor& visit) {
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, Table::records));
  DIALOG_ASSIGN(bool there, seek_range(cursor, range.prefix, range.after, range.reverse));
  while (there && cursor.key().starts_with(range.prefix)) {
    DIALOG_ASSIGN(const RecordView view, parse_record(*environment_, cursor.key(), cursor.value()));
    if (!visit(cursor.key(), view)) break;
    DIALOG_ASSIGN(there, range.reverse ? cursor.previous() : cursor.next());
  }
  return {};
}

Result<void> LogIndex::for_each_block(const BlockVisitor& visit) {
  return for_each_block_from({}, {}, visit);
}

Result<void> LogIndex::for_each_block_in(store::Space space, const std::optional<Hash>& after,
                                         const BlockVisitor& visit) {
  return for_each_block_from(space_key(space), after ? place_key({space, *after}) : Bytes(), visit);
}

Result<void> LogIndex::for_each_block_from(ByteView prefix, Bytes after,
                                           const BlockVisitor& visit) {
  DIALOG_ASSIGN(Reader reader, environment_->begin_read());
  std::vector<std::pair<store::BlockKey, store::Place>> some;
  do {
    some.clear();
    {
      DIALOG_ASSIGN(Cursor cursor, Cursor::open(reader, Table::places));
      DIALOG_ASSIGN(bool there, seek_range(cursor, prefix, after, false));
      while (there && cursor.key().starts_with(prefix) && some.size() < kBlocksAtOnce) {
        const auto key = parse_place_key(cursor.key());
        const auto place = parse_place(cursor.value());
        if (!key || !place) return damaged(*environment_, "a block's place cannot be read");
        some.emplace_back(*key, *place);
        after = cursor.key();
        DIALOG_ASSIGN(there, cursor.next());
      }
    }
    reader.park();
    for (const auto& [key, place] : some) {
      if (!visit(key, place)) return {};
    }
    DIALOG_TRY(reader.resume());
  } while (!some.empty());
  return {};
}

Result<std::map<std::uint32_t, std::uint64_t>> LogIndex::live_bytes() {
  DIALOG_ASSIGN(const Reader reader, environment_->begin_read());
  return live_bytes_of(*environment_, reader);
}

Result<void> LogIndex::check() {
  DIALOG_TRY(environment_->check_pages(PageScope::all));
  DIALOG_TRY(checkpoint());
  DIALOG_ASSIGN(Reader reader, environment_->begin_read());
  std::map<std::uint32_t, std::uint64_t> needed;
  Uses uses;
  DIALOG_TRY(each_of(reader, Table::places, [&](ByteView key, ByteView value) -> Result<void> {
    const auto block = parse_place_key(key);
    const auto place = parse_place(value);
    if (!block || !place) {
      return damaged(*environment_, "a block's place cannot be read");
    }
    needed[place->at.segment] += store::needed_bytes(*place);
    add(uses[block->space], *place);
    return {};
  }));
  DIALOG_TRY(each_of(reader, Table::records, [&](ByteView key, ByteView value) -> Result<void> {
    DIALOG_ASSIGN(const RecordView view, parse_record(*environment_, key, value));
    needed[view.segment] += store::needed_bytes(key, view);
    return {};
  }));
  DIALOG_ASSIGN(const auto counted, live_bytes_of(*environment_, reader));
  if (needed != counted) return damaged(*environment_, "it counts wrongly what its segments hold");
  if (!environment_->has(Table::spaces)) return {};
  Uses counted_uses;
  DIALOG_TRY(each_of(reader, Table::spaces, [&](ByteView key, ByteView value) -> Result<void> {
    if (key.size() != sizeof(store::Space)) return {};
    DIALOG_ASSIGN(counted_uses[read_u32(key)], parse_use(*environment_, value));
    return {};
  }));
  if (uses == counted_uses) return {};
  return damaged(*environment_, "it counts wrongly what its spaces hold");
}

}  // namespace dialog::lmdb
