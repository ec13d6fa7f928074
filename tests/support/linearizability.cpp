#include "support/linearizability.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <vector>

namespace dialog::test {
namespace {

using Outcome = RegisterOperation::Outcome;
using Operations = std::span<const RegisterOperation>;

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::read:
      return "read";
    case Outcome::accepted:
      return "accepted swap";
    case Outcome::refused:
      return "refused swap";
    case Outcome::open:
      return "open swap";
    case Outcome::nothing:
      return "failed swap";
  }
  return "operation";
}

bool shows(const RegisterOperation& operation) {
  return operation.outcome == Outcome::read || operation.outcome == Outcome::refused;
}

std::string describe(const RegisterOperation& operation) {
  std::string text = name_of(operation.outcome);
  if (operation.outcome != Outcome::read) {
    text += " " + std::to_string(operation.expected) + " -> " + std::to_string(operation.desired);
  }
  if (shows(operation)) text += " that saw " + std::to_string(operation.seen);
  text += " [" + std::to_string(operation.began) + ", ";
  return text + (operation.outcome == Outcome::open ? "..." : std::to_string(operation.ended)) +
         "]";
}

class Checker {
 public:
  explicit Checker(Operations history) : history_(history) {}

  std::optional<std::string> run() {
    if (auto wrong = index_writers()) return wrong;
    if (auto wrong = link_all_that_happened()) return wrong;
    if (auto wrong = number_chain()) return wrong;
    return sweep();
  }

 private:
  std::optional<std::string> index_writers() {
    for (const RegisterOperation& operation : history_) {
      if (operation.outcome == Outcome::read) continue;
      if (operation.desired == 0) return describe(operation) + " writes 0";
      const auto [found, added] = writers_.emplace(operation.desired, &operation);
      if (!added) return describe(operation) + " writes what another writes: no such history";
    }
    return std::nullopt;
  }

  /// Whatever was accepted happened; and so did what wrote a number that somebody saw or replaced.
  std::optional<std::string> link_all_that_happened() {
    for (const RegisterOperation& operation : history_) {
      if (operation.outcome == Outcome::refused && operation.seen == operation.expected) {
        return describe(operation) + ": refused, although it saw what it expected";
      }
      const bool accepted = operation.outcome == Outcome::accepted;
      if (!accepted && !shows(operation)) continue;
      if (auto wrong = link(accepted ? operation.desired : operation.seen, operation)) return wrong;
    }
    return std::nullopt;
  }

  std::optional<std::string> link(std::uint64_t number, const RegisterOperation& witness) {
    while (number != 0) {
      const auto writer = writers_.find(number);
      if (writer == writers_.end()) {
        return std::to_string(number) + " was never written; see " + describe(witness);
      }
      const RegisterOperation& swap = *writer->second;
      if (swap.outcome == Outcome::refused || swap.outcome == Outcome::nothing) {
        return describe(swap) + " took effect all the same; see " + describe(witness);
      }
      const auto [next, added] = successors_.emplace(swap.expected, &swap);
      if (!added) {
        // Where it is known already, so is all that came before it.
        if (next->second == &swap) return std::nullopt;
        return describe(*next->second) + " and " + describe(swap) + " both replaced " +
               std::to_string(swap.expected);
      }
      number = swap.expected;
    }
    return std::nullopt;
  }

  std::optional<std::string> number_chain() {
    positions_.emplace(0, 0);
    std::uint64_t number = 0;
    for (auto next = successors_.find(0); next != successors_.end();
         next = successors_.find(number)) {
      number = next->second->desired;
      positions_.emplace(number, positions_.size());
    }
    for (const auto& [expected, swap] : successors_) {
      if (!positions_.contains(expected)) {
        return describe(*swap) + " belongs to a circle of swaps that nothing began";
      }
    }
    return std::nullopt;
  }

  /// An operation in its place: the swap to the number at position p has rank 2p, whoever saw that
  /// number 2p + 1. Time and rank must not contradict each other.
  struct Event {
    std::uint64_t rank;
    std::uint64_t began;
    std::uint64_t ended;
    const RegisterOperation* operation;
  };

  std::vector<Event> events() const {
    std::vector<Event> events;
    events.reserve(history_.size());
    for (const RegisterOperation& operation : history_) {
      if (shows(operation)) {
        events.push_back(
            {2 * positions_.at(operation.seen) + 1, operation.began, operation.ended, &operation});
        continue;
      }
      const auto position = positions_.find(operation.desired);
      if (position == positions_.end()) continue;
      const std::uint64_t end = operation.outcome == Outcome::open ? kNever : operation.ended;
      events.push_back({2 * position->second, operation.began, end, &operation});
    }
    return events;
  }

  std::optional<std::string> sweep() const {
    std::vector<Event> by_begin = events();
    std::vector<Event> by_end = by_begin;
    std::sort(by_begin.begin(), by_begin.end(),
              [](const Event& a, const Event& b) { return a.began < b.began; });
    std::sort(by_end.begin(), by_end.end(),
              [](const Event& a, const Event& b) { return a.ended < b.ended; });
    const Event* latest = nullptr;
    std::size_t ended = 0;
    for (const Event& event : by_begin) {
      for (; ended < by_end.size() && by_end[ended].ended < event.began; ++ended) {
        if (latest == nullptr || by_end[ended].rank > latest->rank) latest = &by_end[ended];
      }
      if (latest != nullptr && latest->rank > event.rank) {
        return describe(*event.operation) + " began after the end of " +
               describe(*latest->operation) + ", and is from before it";
      }
    }
    return std::nullopt;
  }

  Operations history_;
  std::unordered_map<std::uint64_t, const RegisterOperation*> writers_;     // by what they write
  std::unordered_map<std::uint64_t, const RegisterOperation*> successors_;  // by what they replace
  std::unordered_map<std::uint64_t, std::uint64_t> positions_;  // of what was held, in the chain
};

}  // namespace

std::optional<std::string> find_linearizability_violation(Operations history) {
  return Checker(history).run();
}

}  // namespace dialog::test
