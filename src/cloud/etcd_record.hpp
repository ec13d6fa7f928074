#pragma once

#include <cstdint>
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

/// A value of a head or of a swap.
struct StoredRecord {
  HeadRecord record;
  /// Of this swap alone, so that whoever lost its answer recognizes it.
  std::string swap_id;
  /// As it is stored. No two swaps have the same bytes.
  Bytes value;
};

/// A record of a new swap, with an identifier from `random`.
StoredRecord make_record(const Subject& subject, HeadRecord record, RandomSource& random);

/// `corrupt` where it is no record of this subject, `unsupported` where it is of a later format.
Result<StoredRecord> parse_record(Bytes value, const Subject& subject);

}  // namespace dialog::etcd
