#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "engine_state.hpp"
#include "log_walk.hpp"
#include "packing.hpp"

namespace dialog::store {
namespace {

constexpr std::size_t kLookedUpAtOnce = 1024;
constexpr std::uint64_t kProgressEvery = 1024;
constexpr std::size_t kRecordsPerPage = 64;

}  // namespace

// One look at every byte.
class Engine::Inspection {
 public:
  Inspection(State& state, const CheckOptions& options) : state_(state), options_(options) {}

  Result<Checked> run(const Tip& end, const Tip& checkpoint) {
    auto indexed = state_.parts.index.check();
    if (!indexed && indexed.error().code != ErrorCode::corrupt) return fail(indexed.error());
    if (!indexed) note({}, indexed.error());
    LogWalk walk(state_.segments, end);
    DIALOG_TRY(walk.run({[this](const Frame& frame) { return inspect(frame); },
                         [&](const Damage& damage) { return inspect(damage, checkpoint); }}));
    DIALOG_TRY(look_up());
    checked_.log_bytes = walk.bytes_read();
    DIALOG_TRY(find_lost());
    DIALOG_TRY(read_long_records());
    return checked_;
  }

 private:
  void note(const std::optional<BlockKey>& block, Error error) {
    ++checked_.faults;
    if (options_.on_fault) options_.on_fault(block, std::move(error));
  }

  static bool is_sound(const BlockPayload& block) {
    if (!block.unpacked_bytes) return Hash::of(block.bytes) == block.key.hash;
    const auto bytes = unpack(block);
    return bytes && Hash::of(*bytes) == block.key.hash;
  }

  Result<void> inspect(const Frame& frame) {
    if (!is_block(frame.header.kind)) return {};
    if (++seen_ % kProgressEvery == 0) {
      DIALOG_TRY(check_context(options_.context, state_.parts.clock));
      if (options_.on_progress && !options_.on_progress(seen_)) {
        return fail(ErrorCode::cancelled, "the check was stopped");
      }
    }
    const auto block = parse_block(frame.header.kind, frame.payload);
    if (!block) return {};
    if (!is_sound(*block)) return {};
    if (block->key.space != space_ || sound_.size() == kLookedUpAtOnce) DIALOG_TRY(look_up());
    space_ = block->key.space;
    sound_.push_back(block->key.hash);
    places_.push_back(frame.place);
    return {};
  }

  // Of blocks, and of what lies before the checkpoint, only those blocks are needed that are looked
  // for there.
  Result<void> inspect(const Damage& damage, const Tip& checkpoint) {
    ++checked_.damaged_places;
    damaged_.insert(damage.at.segment);
    if (damage.at < checkpoint.end || damage.is_block) return {};
    note({}, {ErrorCode::corrupt,
              std::to_string(damage.bytes) + " bytes of " + describe(state_.segments, damage.at) +
                  " are damaged, and held changes that the index does not know yet",
              {}});
    return {};
  }

  // Counts those that are where a reader would look for them.
  Result<void> look_up() {
    DIALOG_ASSIGN(const auto found, state_.find(space_, sound_));
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].place == places_[i]) ++counts_[places_[i].at.segment].sound;
    }
    sound_.clear();
    places_.clear();
    return {};
  }

  // Reads each block of a segment that did not show all that it should hold.
  Result<void> find_lost() {
    DIALOG_TRY(state_.for_each_place([&](const BlockKey&, const Place& place) {
      ++checked_.blocks;
      checked_.block_bytes += place.length - kBlockPrefixBytes;
      ++counts_[place.at.segment].needed;
      return true;
    }));
    std::set<std::uint32_t> suspect = damaged_;
    for (const auto& [segment, count] : counts_) {
      if (count.needed > count.sound) suspect.insert(segment);
    }
    if (suspect.empty()) return {};
    Result<void> outcome;
    DIALOG_TRY(state_.for_each_place([&](const BlockKey& key, const Place& place) {
      if (!suspect.contains(place.at.segment)) return true;
      outcome = check_context(options_.context, state_.parts.clock);
      State::Lookup lookup;
      lookup.place = place;
      const auto read = state_.read_block(key, std::move(lookup));
      if (!read && read.error().code == ErrorCode::corrupt) {
        note(key, read.error());
      } else if (!read) {
        outcome = fail(read.error());
      }
      return outcome.has_value();
    }));
    return outcome;
  }

  Result<void> read_long_records() {
    std::vector<Bytes> keys;
    DIALOG_TRY(state_.parts.index.for_each_record({}, [&](ByteView key, const auto& record) {
      if (std::holds_alternative<LongValue>(record.value)) keys.emplace_back(key);
      return true;
    }));
    for (const Bytes& key : keys) {
      DIALOG_TRY(check_context(options_.context, state_.parts.clock));
      const auto value = state_.indexed_record(key);
      if (!value && value.error().code != ErrorCode::corrupt) return fail(value.error());
      if (!value) note({}, value.error());
    }
    return {};
  }

  struct Count {
    std::uint64_t sound = 0;
    std::uint64_t needed = 0;
  };

  State& state_;
  const CheckOptions& options_;
  Checked checked_;
  std::uint64_t seen_ = 0;
  /// Sound blocks of one space that are not yet looked up, and where they lie.
  Space space_ = 0;
  std::vector<Hash> sound_;
  std::vector<Place> places_;
  std::map<std::uint32_t, Count> counts_;
  std::set<std::uint32_t> damaged_;
};

Result<void> Engine::check_records() {
  Bytes after;
  while (true) {
    Listing some;
    some.after = after;
    some.limit = kRecordsPerPage;
    DIALOG_ASSIGN(const std::vector<Record> records, list(some, View::durable));
    if (records.empty()) return {};
    after = records.back().key;
  }
}

Result<Engine::Checked> Engine::check(const CheckOptions& options) {
  DIALOG_ASSIGN(const Tip end, state_->latest());
  DIALOG_ASSIGN(const Tip checkpoint, state_->parts.index.checkpoint());
  Inspection inspection(*state_, options);
  return inspection.run(end, checkpoint);
}

}  // namespace dialog::store
