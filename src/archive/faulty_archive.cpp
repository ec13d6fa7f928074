#include "dialog/archive/faulty_archive.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace dialog {
namespace {

constexpr std::string_view kMark = "injected fault";

tl::unexpected<Error> injected(ErrorCode code, std::string_view what) {
  return fail(code, std::string(kMark) + ": " + std::string(what));
}

}  // namespace

FaultyArchive::FaultyArchive(Archive& inner, std::uint64_t seed, const ArchiveFaultRates& rates)
    : inner_(inner), random_(seed), rates_(rates) {}

void FaultyArchive::plan(std::uint64_t nth, ArchiveFault fault, ErrorCode code) {
  const std::lock_guard lock(mutex_);
  plan_.insert_or_assign(calls_ + nth, Planned{fault, code, random_.next()});
}

void FaultyArchive::set_rates(const ArchiveFaultRates& rates) {
  const std::lock_guard lock(mutex_);
  rates_ = rates;
}

std::uint64_t FaultyArchive::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::uint64_t FaultyArchive::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

bool FaultyArchive::is_injected(const Error& error) {
  return error.message.find(kMark) != std::string::npos;
}

std::optional<FaultyArchive::Planned> FaultyArchive::next_fault() {
  const std::lock_guard lock(mutex_);
  ++calls_;
  if (const auto at = plan_.find(calls_); at != plan_.end()) {
    const Planned planned = at->second;
    plan_.erase(at);
    ++faults_;
    return planned;
  }
  const std::pair<ArchiveFault, std::uint32_t> rates[] = {
      {ArchiveFault::before, rates_.before},           {ArchiveFault::after, rates_.after},
      {ArchiveFault::partly, rates_.partly},           {ArchiveFault::absent, rates_.absent},
      {ArchiveFault::wrong_block, rates_.wrong_block}, {ArchiveFault::too_few, rates_.too_few}};
  std::uint64_t drawn = random_.below(1000);
  for (const auto& [fault, rate] : rates) {
    if (drawn < rate) {
      ++faults_;
      return Planned{fault, rates_.code, random_.next()};
    }
    drawn -= rate;
  }
  return std::nullopt;
}

Result<std::vector<std::optional<Block>>> FaultyArchive::do_get(std::span<const Hash> hashes,
                                                                const Context& context) {
  const auto planned = next_fault();
  if (!planned) return inner_.get(hashes, context);
  const ArchiveFault fault = planned->fault;
  if (hashes.empty() || fault == ArchiveFault::before || fault == ArchiveFault::partly) {
    return injected(planned->code, "nothing was read");
  }
  DIALOG_ASSIGN(auto found, inner_.get(hashes, context));
  SeededRandom random(planned->seed);
  const auto chosen = static_cast<std::size_t>(random.below(found.size()));
  switch (fault) {
    case ArchiveFault::absent:
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (i == chosen || random.chance(1, 4)) found[i].reset();
      }
      return found;
    case ArchiveFault::wrong_block: {
      Bytes bytes(found[chosen] ? found[chosen]->bytes() : ByteView("nothing"));
      if (bytes.empty()) bytes.push_back('\0');
      bytes[static_cast<std::size_t>(random.below(bytes.size()))] ^= 1;
      found[chosen] = Block::of(std::move(bytes));
      return found;
    }
    case ArchiveFault::too_few:
      found.pop_back();
      return found;
    default:
      return injected(planned->code, "the answer was lost");
  }
}

Result<void> FaultyArchive::do_put(std::span<const Block> blocks, const Context& context) {
  const auto planned = next_fault();
  if (!planned) return inner_.put(blocks, context);
  if (planned->fault == ArchiveFault::after) {
    DIALOG_TRY(inner_.put(blocks, context));
    return injected(planned->code, "the blocks were stored, the answer was lost");
  }
  if (planned->fault == ArchiveFault::partly) {
    SeededRandom random(planned->seed);
    std::vector<Block> part;
    for (const Block& block : blocks) {
      if (random.chance(1, 2)) part.push_back(block);
    }
    DIALOG_TRY(inner_.put(part, context));
    return injected(planned->code, "a part of the blocks was stored");
  }
  return injected(planned->code, "nothing was stored");
}

Result<std::vector<bool>> FaultyArchive::do_has(std::span<const Hash> hashes,
                                                const Context& context) {
  const auto planned = next_fault();
  if (!planned) return inner_.has(hashes, context);
  const bool lies =
      planned->fault == ArchiveFault::absent || planned->fault == ArchiveFault::too_few;
  if (hashes.empty() || !lies) return injected(planned->code, "nothing was looked up");
  DIALOG_ASSIGN(auto present, inner_.has(hashes, context));
  if (planned->fault == ArchiveFault::too_few) {
    present.pop_back();
    return present;
  }
  SeededRandom random(planned->seed);
  const auto chosen = static_cast<std::size_t>(random.below(present.size()));
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (i == chosen || random.chance(1, 4)) present[i] = false;
  }
  return present;
}

Result<void> FaultyArchive::do_flush(const Context& context) {
  const auto planned = next_fault();
  if (!planned) return inner_.flush(context);
  if (planned->fault == ArchiveFault::after) {
    DIALOG_TRY(inner_.flush(context));
    return injected(planned->code, "the blocks were flushed, the answer was lost");
  }
  return injected(planned->code, "nothing was flushed");
}

}  // namespace dialog
