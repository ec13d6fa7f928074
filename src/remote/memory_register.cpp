#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "dialog/remote/memory_backend.hpp"

namespace dialog {

struct MemoryRegister::State {
  Clock& clock;
  std::mutex mutex;
  // Never an empty history: a subject without records is not in the map.
  std::map<Subject, std::vector<HeadRecord>> histories;

  std::optional<HeadRecord> latest(const Subject& subject) const {
    const auto found = histories.find(subject);
    return found == histories.end() ? std::nullopt
                                    : std::optional<HeadRecord>(found->second.back());
  }
};

MemoryRegister::MemoryRegister(Clock& clock) : state_(new State{clock, {}, {}}) {}
MemoryRegister::~MemoryRegister() = default;

Result<std::optional<HeadRecord>> MemoryRegister::read(const Subject& subject,
                                                       const Context& context) {
  DIALOG_TRY(check_context(context, state_->clock));
  const std::lock_guard lock(state_->mutex);
  return state_->latest(subject);
}

Result<Register::SwapOutcome> MemoryRegister::swap(const Subject& subject, const Swap& swap,
                                                   const Context& context) {
  DIALOG_TRY(check_context(context, state_->clock));
  const std::lock_guard lock(state_->mutex);
  const auto latest = state_->latest(subject);
  const Revision current = latest ? latest->revision : Revision();
  const bool accepted = swap.must_create ? !latest.has_value() : current == swap.expected;
  if (!accepted) return Refused{latest};
  HeadRecord record{swap.desired, current, latest ? latest->sequence + 1 : 1, swap.time,
                    swap.author};
  state_->histories[subject].push_back(record);
  return Accepted{std::move(record)};
}

Result<HeadHistory> MemoryRegister::history(const Subject& subject, std::uint64_t after,
                                            std::size_t limit, const Context& context) {
  DIALOG_TRY(check_context(context, state_->clock));
  const std::lock_guard lock(state_->mutex);
  HeadHistory history;
  const auto found = state_->histories.find(subject);
  if (found == state_->histories.end()) return history;
  const auto& records = found->second;
  // Sequence numbers count from 1 without gaps: the record after number n lies at index n.
  const std::size_t first =
      static_cast<std::size_t>(std::min<std::uint64_t>(after, records.size()));
  const std::size_t count = std::min(limit, records.size() - first);
  const auto begin = records.begin() + static_cast<std::ptrdiff_t>(first);
  history.records.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  history.complete = first + count == records.size();
  return history;
}

bool MemoryRegister::remove(const Subject& subject) {
  const std::lock_guard lock(state_->mutex);
  return state_->histories.erase(subject) > 0;
}

std::vector<std::pair<Subject, HeadRecord>> MemoryRegister::heads() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::pair<Subject, HeadRecord>> heads;
  for (const auto& [subject, records] : state_->histories) {
    heads.emplace_back(subject, records.back());
  }
  return heads;
}

}  // namespace dialog
