#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/limits.hpp"
#include "dialog/base/result.hpp"
#include "dialog/http/limits.hpp"
#include "dialog/remote/head.hpp"

namespace dialog::wire {

/// The body of `PUT /{did}`.
struct SwapMessage {
  std::string issuer;   ///< whoever the sender says it is; proves nothing
  std::string subject;  ///< as it was sent; the receiver compares it with the URL
  Revision revision;    ///< the desired one
  /// The expected revision, which some clients repeat here. Absent in the shape of the contract.
  std::optional<Revision> origin;
};

std::string print_swap(const SwapMessage& message);
/// `malformed`, with the reason: no JSON object, another `cmd`, a missing or wrong member.
Result<SwapMessage> parse_swap(std::string_view body);

/// The record of a subject: the body of `GET /{did}` and of an accepted `PUT`.
std::string print_record(const HeadRecord& record);
/// `malformed` also where the author has more than `kAuthorBytesMax` bytes.
Result<HeadRecord> parse_record(std::string_view body);

/// The body of `GET /{did}/log`.
std::string print_history(const HeadHistory& history);
/// `malformed` also where the sequence numbers do not rise, or a record is; `too_large` above
/// `records_max`.
Result<HeadHistory> parse_history(std::string_view body, std::size_t records_max = kLogRecordsMax);

/// The query of `GET /{did}/log`, without the question mark.
struct LogQuery {
  std::uint64_t after = 0;
  std::size_t limit = kLogRecordsMax;
};
std::string print_log_query(const LogQuery& query);
/// Every parameter may be left out. `invalid_argument` for unknown or repeated ones, and for a
/// limit of zero. A limit above `kLogRecordsMax` becomes that.
Result<LogQuery> parse_log_query(std::string_view query);

/// The body of every answer that refuses: `{"error":{"code":...,"message":...}}`.
std::string print_error(const Error& error);
/// Absent where the body is not that. An unknown code becomes `internal`.
std::optional<Error> parse_error(std::string_view body);

/// The body of a 412. `expected` is absent where the request asked for creation. A server of this
/// library always names `actual`.
struct Mismatch {
  std::optional<Revision> expected;
  std::optional<Revision> actual;
};
std::string print_mismatch(const Mismatch& mismatch);
std::optional<Mismatch> parse_mismatch(std::string_view body);

/// The body of `GET {endpoint}/`: what the remote offers.
struct Capabilities {
  std::uint32_t version = 1;
  bool archive = false;     ///< blocks under each subject
  bool history = false;     ///< `GET /{did}/log`
  bool deltas = false;      ///< pull and push of edits
  bool watch = false;       ///< a stream of changes
  bool signatures = false;  ///< signed requests
  std::size_t block_bytes_max = kBlockBytesMax;
  std::size_t batch_hashes_max = kBatchHashesMax;
  std::size_t batch_bytes_max = kBatchBytesMax;

  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};
std::string print_capabilities(const Capabilities& capabilities);
/// `not_a_remote` where the body is no capabilities of this protocol, `unsupported` where its
/// version is newer. Unknown features and members are passed over.
Result<Capabilities> parse_capabilities(std::string_view body);

}  // namespace dialog::wire
