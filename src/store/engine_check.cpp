#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine_state.hpp"
#include "log_walk.hpp"
#include "packing.hpp"

namespace dialog::store {
namespace {

constexpr std::size_t kLookedUpAtOnce = 1024;
constexpr std::uint64_t kProgressEvery = 1024;

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
    sound_.push_back({block->key, frame.place, is_sound(*block)});
    return sound_.size() < kLookedUpAtOnce ? Result<void>{} : look_up();
  }

  // Of blocks, and of what lies before the checkpoint, only those blocks are needed that are looked
  // for there.
  Result<void> inspect(const Damage& damage, const Tip& checkpoint) {
    ++checked_.damaged_places;
    damaged_[damage.at.segment] = true;
    if (damage.at < checkpoint.end || damage.is_block) return {};
    note({}, {ErrorCode::corrupt,
              std::to_string(damage.bytes) + " bytes of " + describe(state_.segments, damage.at) +
                  " are damaged, and held changes that the index does not know yet",
              {}});
    return {};
  }

  // Counts those that are where a reader would look for them.
  Result<void> look_up() {
    for (const Sound& block : sound_) {
      DIALOG_ASSIGN(const auto found, state_.find(block.key.space, {&block.key.hash, 1}));
      if (block.is_itself && found.front().place == block.place) {
        ++counts_[block.place.at.segment].sound;
      }
    }
    sound_.clear();
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
    std::map<std::uint32_t, bool> suspect = damaged_;
    for (const auto& [segment, count] : counts_) {
      if (count.needed > count.sound) suspect[segment] = true;
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

  struct Sound {
    BlockKey key;
    Place place;
    bool is_itself = false;
  };
  struct Count {
    std::uint64_t sound = 0;
    std::uint64_t needed = 0;
  };

  State& state_;
  const CheckOptions& options_;
  Checked checked_;
  std::uint64_t seen_ = 0;
  std::vector<Sound> sound_;
  std::map<std::uint32_t, Count> counts_;
  std::map<std::uint32_t, bool> damaged_;
};

Result<Engine::Checked> Engine::check(const CheckOptions& options) {
  DIALOG_TRY(state_->refresh());
  DIALOG_ASSIGN(const Tip checkpoint, state_->parts.index.checkpoint());
  Tip end;
  {
    const std::shared_lock state(state_->state_mutex);
    end = state_->durable;
  }
  Inspection inspection(*state_, options);
  return inspection.run(end, checkpoint);
}

}  // namespace dialog::store
