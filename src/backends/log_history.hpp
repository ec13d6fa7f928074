#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/head.hpp"

namespace dialog {

/// What a log keeps of a subject under one key: its head, and its latest swaps. They become a page
/// of the history, a record of its own, once there are some: so most swaps change this record
/// alone, and an index has little to follow (docs/format/store.md).
struct SubjectHead {
  HeadRecord latest;
  /// The swaps that are in no page, the latest one among them. Empty where an earlier version wrote
  /// it, whose pages have one swap each and hold them all.
  std::vector<HeadRecord> recent;
  /// The first swap of the first page; 0 where an earlier version wrote it.
  std::uint64_t oldest = 0;

  /// Whether the recent ones are to become a page before there is another one.
  [[nodiscard]] bool is_full() const;
};

Bytes print_subject_head(const SubjectHead& head, std::string_view did);
/// `corrupt`; `what` names the record.
Result<SubjectHead> parse_subject_head(ByteView stored, const std::string& what);

/// Swaps of one subject that follow one another; at least one.
Bytes print_page(std::span<const HeadRecord> swaps);
/// `corrupt`; `what` names the record.
Result<std::vector<HeadRecord>> parse_page(ByteView stored, const std::string& what);

}  // namespace dialog
