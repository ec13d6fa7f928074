#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/remote/head.hpp"
#include "dialog/remote/register.hpp"

namespace dialog::detail {

/// How many swaps a head keeps, and of how many bytes in all.
inline constexpr std::size_t kHeadSwapsMax = 100;
inline constexpr std::size_t kHeadBytesMax = std::size_t{64} * 1024;

/// One accepted swap, and the identifier by which its writer recognizes it.
struct KeptSwap {
  HeadRecord record;
  std::string id;

  friend bool operator==(const KeptSwap&, const KeptSwap&) = default;
};

/// What a bucket keeps of a subject's head: the latest swaps, newest first, at least one.
struct HeadObject {
  /// Their numbers count all changes of the subject, removals too. A removal stands alone.
  std::vector<KeptSwap> swaps;
  /// The number of the latest removal; 0 where there was none. Numbers that clients see count from
  /// there.
  std::uint64_t removed = 0;
  /// The blocks are not gone yet.
  bool removing = false;

  [[nodiscard]] const HeadRecord& record() const { return swaps.front().record; }
  /// This is a removal: nothing is there.
  [[nodiscard]] bool is_removal() const { return record().sequence == removed; }
  /// One of the records, as clients see it.
  [[nodiscard]] HeadRecord shown(const HeadRecord& record) const;
  /// The record of the swap of this identifier, or null.
  [[nodiscard]] const HeadRecord* find(std::string_view id) const;
  /// Whether every swap after the one with this number is kept.
  [[nodiscard]] bool reaches(std::uint64_t sequence) const {
    return swaps.back().record.sequence <= sequence + 1;
  }
  /// In numbers as clients see them.
  [[nodiscard]] HeadHistory history(std::uint64_t after, std::size_t limit) const;
};

/// The head after one more swap. `before` may be null: nothing was published. Drops the oldest
/// swaps that exceed the bounds.
HeadObject next_head(const HeadObject* before, const Register::Swap& swap, std::string id);
/// The head after a step of a removal: its begin, or its end.
HeadObject removed_head(const HeadObject* before, bool removing, WallTime time, std::string id);

/// The bytes of the object, as `docs/format/bucket.md` describes them.
std::string print_head(const HeadObject& head, const Subject& subject);
/// `corrupt` where these are no bytes of a head of this subject; `unsupported` where they are of a
/// newer version.
Result<HeadObject> parse_head(std::string_view text, const Subject& subject);
/// The subject that the bytes of a head tell of; `corrupt` where they tell of none.
Result<Subject> parse_head_subject(std::string_view text);

}  // namespace dialog::detail
