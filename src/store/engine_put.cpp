#include <algorithm>
#include <unordered_set>
#include <utility>

#include "dialog/archive/archive.hpp"
#include "engine_state.hpp"
#include "packing.hpp"

namespace dialog::store {
namespace {

// What stands before a packed block beside its space and hash.
constexpr std::size_t kLengthPrefix = sizeof(std::uint32_t);

std::uint64_t stored_bytes(const Block& block, const std::optional<Bytes>& packed) {
  return packed ? packed->size() + kLengthPrefix : block.size();
}

bool exceeds(const std::optional<std::uint64_t>& max, std::uint64_t used, std::uint64_t more) {
  return max && more > 0 && (used > *max || more > *max - used);
}

}  // namespace

Result<std::vector<Engine::State::Candidate>> Engine::State::to_put(Space space,
                                                                    std::span<const Block> blocks) {
  std::vector<Hash> hashes;
  hashes.reserve(blocks.size());
  for (const Block& block : blocks) hashes.push_back(block.hash());
  DIALOG_ASSIGN(const std::vector<Lookup> found, find(space, hashes));
  std::vector<Candidate> candidates;
  {
    const std::shared_lock state(state_mutex);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (found[i].block) continue;
      const auto& place = found[i].place;
      if (place && !is_damaged({space, hashes[i]}, *place)) continue;
      candidates.push_back({&blocks[i], std::nullopt, place});
    }
  }
  if (limits.compression == Compression::zstd) {
    for (Candidate& candidate : candidates) candidate.packed = pack(candidate.block->bytes());
  }
  return candidates;
}

// Those that somebody else put meanwhile are left out, so each is counted once.
Result<Engine::PutOutcome> Engine::State::put(Space space, std::vector<Candidate> candidates,
                                              const PutTerms& terms) {
  PutOutcome outcome;
  std::unordered_set<Hash> chosen;
  std::erase_if(candidates, [&](Candidate& candidate) {
    const BlockKey key{space, candidate.block->hash()};
    const Lookup now = look_up(key);
    if (now.decided) candidate.place = now.place;
    const bool is_there = now.block || (candidate.place && !is_damaged(key, *candidate.place));
    return is_there || !chosen.insert(key.hash).second;
  });
  std::uint64_t replaced = 0;
  for (const Candidate& candidate : candidates) {
    outcome.more.bytes += stored_bytes(*candidate.block, candidate.packed);
    outcome.more.blocks += candidate.place ? 0 : 1;
    if (candidate.place) replaced += store::stored_bytes(*candidate.place);
  }
  std::optional<SpaceUse>* const use = uses ? &(*uses)[space] : nullptr;
  if (terms.blocks_max || terms.bytes_max) {
    outcome.used = **use;
    if (exceeds(terms.blocks_max, outcome.used.blocks, outcome.more.blocks) ||
        exceeds(terms.bytes_max, outcome.used.bytes - replaced, outcome.more.bytes)) {
      outcome.kind = PutOutcome::Kind::too_much;
      return outcome;
    }
  }
  if (use != nullptr && *use) {
    (*use)->blocks += outcome.more.blocks;
    (*use)->bytes += outcome.more.bytes - replaced;
  }
  for (Candidate& candidate : candidates) {
    const BlockKey key{space, candidate.block->hash()};
    const auto at = pending.emplace(key, Pending{*candidate.block, std::move(candidate.packed)});
    unwritten_bytes += held_bytes(at.first->second);
    unwritten.push_back(key);
  }
  return outcome;
}

Result<void> Engine::put(Space space, std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(put(space, blocks, PutTerms{}, context));
  return {};
}

Result<Engine::PutOutcome> Engine::put(Space space, std::span<const Block> blocks,
                                       const PutTerms& terms, const Context& context) {
  State& state = *state_;
  DIALOG_TRY(check_block_sizes(blocks));
  while (true) {
    std::uint64_t forgets = 0;
    {
      const std::shared_lock readers(state.state_mutex);
      forgets = state.forgets;
    }
    DIALOG_ASSIGN(auto candidates, state.to_put(space, blocks));
    const State::WriteLock lock(state.write_mutex);
    if (state.early_failure) return fail(*std::exchange(state.early_failure, std::nullopt));
    if (!terms.key.empty()) {
      DIALOG_ASSIGN(const bool holds, state.holds({terms.key, terms.value, std::nullopt}));
      if (!holds) return PutOutcome{PutOutcome::Kind::changed, {}, {}};
    }
    // Who counts has all counted from then on.
    if (state.uses || terms.blocks_max || terms.bytes_max) DIALOG_TRY(state.use_of(space));
    const std::unique_lock readers(state.state_mutex);
    if (state.forgets != forgets) continue;
    DIALOG_ASSIGN(const PutOutcome outcome, state.put(space, std::move(candidates), terms));
    const std::size_t room = state.limits.buffered_bytes_max;
    if (outcome.kind != PutOutcome::Kind::put || state.unwritten_bytes <= room) return outcome;
    if (state.limits.writes_early_in_background && state.unwritten_bytes <= 2 * room) {
      state.early_writes.ask();
      return outcome;
    }
    break;
  }
  DIALOG_TRY(flush(context));
  return PutOutcome{};
}

// Who puts next is told what fails here.
void Engine::State::write_early() {
  auto flushed = flush({std::nullopt, early_writes_end.token()});
  if (flushed) return;
  const WriteLock lock(write_mutex);
  early_failure = std::move(flushed).error();
}

// What the overlay and what is pending say of all spaces, or of one, beside what the index has.
Result<void> Engine::State::count(std::optional<Space> only) {
  std::unordered_map<BlockKey, std::optional<Place>, BlockKeyHash> newest;
  const auto note = [&](const BlockKey& key, const std::optional<Place>& place) {
    if (!only || key.space == *only) newest.insert_or_assign(key, place);
  };
  {
    const std::shared_lock state(state_mutex);
    overlay.for_each_block(note);
    for (const auto& [key, block] : pending) {
      const std::uint64_t bytes = stored_bytes(block.block, block.packed);
      note(key, Place{{}, static_cast<std::uint32_t>(kBlockPrefixBytes + bytes)});
    }
  }
  const Index::BlockChanges newer(newest.begin(), newest.end());
  std::vector<Space> spaces;
  if (only) spaces.push_back(*only);
  for (const auto& [key, place] : newer) spaces.push_back(key.space);
  std::sort(spaces.begin(), spaces.end());
  spaces.erase(std::unique(spaces.begin(), spaces.end()), spaces.end());
  DIALOG_ASSIGN(const std::vector<SpaceUse> counted, parts.index.uses(spaces, newer));
  const std::unique_lock state(state_mutex);
  if (!uses) uses.emplace();
  for (std::size_t i = 0; i < spaces.size(); ++i) uses->insert_or_assign(spaces[i], counted[i]);
  return {};
}

// A space that is not in `uses` has nothing but what the index knows.
Result<SpaceUse> Engine::State::use_of(Space space) {
  if (!uses) DIALOG_TRY(count(std::nullopt));
  auto known = uses->find(space);
  if (known == uses->end()) {
    DIALOG_ASSIGN(const std::vector<SpaceUse> counted, parts.index.uses({&space, 1}, {}));
    const std::unique_lock state(state_mutex);
    known = uses->insert_or_assign(space, counted.front()).first;
  } else if (!known->second) {
    DIALOG_TRY(count(space));
    known = uses->find(space);
  }
  return *known->second;
}

Result<SpaceUse> Engine::use_of(Space space) {
  DIALOG_TRY(state_->refresh());
  const State::WriteLock lock(state_->write_mutex);
  return state_->use_of(space);
}

Result<Engine::SomeBlocks> Engine::blocks_of(Space space, const std::optional<Hash>& after,
                                             std::size_t limit) {
  State& state = *state_;
  DIALOG_TRY(state.refresh());
  std::unordered_map<Hash, bool> newer;
  {
    const std::shared_lock readers(state.state_mutex);
    state.overlay.for_each_block([&](const BlockKey& key, const std::optional<Place>& place) {
      if (key.space == space && (!after || *after < key.hash)) {
        newer.insert_or_assign(key.hash, place.has_value());
      }
    });
  }
  SomeBlocks some;
  DIALOG_TRY(
      state.parts.index.for_each_block_in(space, after, [&](const BlockKey& key, const Place&) {
        if (!newer.contains(key.hash)) some.hashes.push_back(key.hash);
        if (some.hashes.size() < limit) return true;
        some.rest_after = key.hash;
        return false;
      }));
  for (const auto& [hash, is_there] : newer) {
    if (is_there && (!some.rest_after || !(*some.rest_after < hash))) some.hashes.push_back(hash);
  }
  return some;
}

}  // namespace dialog::store
