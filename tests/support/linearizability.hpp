#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

namespace dialog::test {

/// One call to a register that holds a number, seen from the caller. Every swap of a history writes
/// a number of its own, never 0; 0 stands for "nothing was ever published", the state at the start.
struct RegisterOperation {
  enum class Outcome : std::uint8_t {
    read,      ///< a look at the register; showed `seen`
    accepted,  ///< replaced `expected` by `desired`
    refused,   ///< changed nothing, because the register held `seen`
    open,      ///< nobody knows whether it replaced `expected` by `desired`, or will yet
    nothing,   ///< failed, and certainly changed nothing
  };

  Outcome outcome = Outcome::read;
  /// Of one clock or counter for the whole history: taken before the call begins, and after it
  /// ended. The end of an open one does not count.
  std::uint64_t began = 0;
  std::uint64_t ended = 0;
  std::uint64_t expected = 0;
  std::uint64_t desired = 0;
  std::uint64_t seen = 0;
};

/// Absent where some order of the operations explains every answer and agrees with real time: each
/// took effect at one moment between its beginning and its end, open ones at any moment from their
/// beginning on, or never. Otherwise says which operations contradict that.
///
/// Since written numbers are unique, the swaps that happened must form one chain; then one sweep
/// over time decides. Takes n log n, so millions of operations are no trouble.
std::optional<std::string> find_linearizability_violation(
    std::span<const RegisterOperation> history);

}  // namespace dialog::test
