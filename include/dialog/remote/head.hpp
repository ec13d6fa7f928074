#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dialog/base/clock.hpp"
#include "dialog/remote/revision.hpp"

namespace dialog {

/// What a register shows of one subject.
struct Head {
  Revision revision;
  /// Counts the accepted swaps of the subject, from 1. Absent where the register does not tell.
  std::optional<std::uint64_t> sequence;

  friend bool operator==(const Head&, const Head&) = default;
};

/// One accepted swap, as a register keeps it.
struct HeadRecord {
  Revision revision;
  Revision previous;
  std::uint64_t sequence = 0;
  WallTime time{0};
  /// Who was authenticated; empty where nobody was.
  std::string author;

  friend bool operator==(const HeadRecord&, const HeadRecord&) = default;
};

/// The accepted swaps after some sequence number, oldest first.
struct HeadHistory {
  std::vector<HeadRecord> records;
  /// False where older records of the asked range are no longer kept, or there were more than the
  /// answer holds.
  bool complete = true;
};

}  // namespace dialog
