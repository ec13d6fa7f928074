#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/head.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog::etcd {

/// The keys of one subject under one prefix.
class Keys {
 public:
  Keys(std::string_view prefix, const Subject& subject);

  [[nodiscard]] const Bytes& head() const { return head_; }
  /// The swap with this sequence number; in the order of the numbers.
  [[nodiscard]] Bytes log(std::uint64_t sequence) const;
  /// Behind all swaps, before every other key.
  [[nodiscard]] Bytes log_end() const;

 private:
  Bytes head_;
  Bytes log_;
};

/// A key that nothing is ever stored under.
Bytes probe_key(std::string_view prefix);
/// The first key that the head of a subject behind this one may have; without one, of any subject.
Bytes heads_begin(std::string_view prefix, const std::optional<Hash>& after);
/// Behind all heads.
Bytes heads_end(std::string_view prefix);
/// What the subject has revoked.
Bytes revoked_key(std::string_view prefix, const Subject& subject);

/// A value of a head or of a swap.
struct StoredRecord {
  /// Its number counts all changes of the subject, removals too, as the keys do.
  HeadRecord record;
  /// The number of the latest removal; 0 where there was none. Numbers that clients see count from
  /// there.
  std::uint64_t removed = 0;
  /// The blocks are not gone yet.
  bool removing = false;
  /// Of this swap alone, so that whoever lost its answer recognizes it.
  std::string swap_id;
  /// As it is stored. No two swaps have the same bytes.
  Bytes value;

  /// This is a removal: nothing is there.
  [[nodiscard]] bool is_removal() const { return record.sequence == removed; }
  /// As clients see it.
  [[nodiscard]] HeadRecord shown() const;
};

/// A record of a new change, with an identifier from `random`; of that one and its bytes `change`
/// has none yet.
StoredRecord make_record(const Subject& subject, StoredRecord change, RandomSource& random);

/// `corrupt` where it is no record of this subject, `unsupported` where it is of a later format.
Result<StoredRecord> parse_record(Bytes value, const Subject& subject);

/// The subject that a value of a head tells of; `corrupt` where it tells of none.
Result<Subject> parse_subject(std::string_view value);

}  // namespace dialog::etcd
