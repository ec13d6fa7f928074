#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/hash.hpp"

namespace dialog {

/// What went wrong, as a caller can act on it. One row of `error_table()` each.
enum class ErrorCode : std::uint8_t {
  invalid_argument,    ///< the caller's own input breaks a documented rule
  too_large,           ///< a key, value, block, body or batch exceeds its limit
  malformed,           ///< data from outside cannot be read as what it claims to be
  not_found,           ///< the named thing does not exist
  already_exists,      ///< a thing of that name exists
  conflict,            ///< a compare-and-swap lost, or a merge was left undecided
  unauthorized,        ///< no valid credentials, or they do not allow this
  missing_blocks,      ///< needed blocks are not in the archive; `Error::missing` names them
  corrupt,             ///< stored or received bytes differ from their hash or their structure
  remote_reset,        ///< a remote that had a head has none now
  rollback,            ///< a remote shows an older state than one it showed before
  indeterminate,       ///< the request may or may not have taken effect
  unavailable,         ///< a peer cannot be reached, or refuses for now
  not_a_remote,        ///< the endpoint answers, but not as a register or archive
  timeout,             ///< the deadline passed
  cancelled,           ///< the caller's cancellation token fired
  busy,                ///< somebody else holds the lock
  storage_full,        ///< no space left; reads still work
  quota_exceeded,      ///< a subject would hold more than its quota; reads and swaps still work
  storage_failed,      ///< the disk or the embedded store reports an error
  resource_exhausted,  ///< a bound on memory, connections, depth or retries was reached
  unsupported,         ///< this build or this peer does not do that
  internal,            ///< a defect of this library
};

/// What a caller may do after an error.
enum class Retry : std::uint8_t {
  never,                  ///< the same call fails again
  later,                  ///< back off and repeat the same call
  after_fetch,            ///< look at the present state first, then decide
  after_login,            ///< get other credentials first
  after_fetching_blocks,  ///< store the missing blocks, then repeat
};

struct ErrorRow {
  ErrorCode code;
  std::string_view name;  ///< as in JSON output and in the documentation
  Retry retry;
  int http_status;  ///< what the server answers
  int exit_code;    ///< what the command line exits with
  std::string_view meaning;
};

/// Every code once, in the order of the enumeration. The documentation is checked against it.
std::span<const ErrorRow> error_table();

/// The row of one code.
const ErrorRow& error_row(ErrorCode code);

/// The code that has this name; absent where none has.
std::optional<ErrorCode> error_code_named(std::string_view name);

/// The word for a retry class, as the documentation spells it.
std::string_view to_string(Retry retry);

/// One failure. The message says what happened, to what, and what to do next.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::vector<Hash>
      missing;  ///< with `missing_blocks`: the whole frontier that is needed, without repeats

  /// Puts `context` and ": " before the message.
  [[nodiscard]] Error within(std::string_view context) const;
};

/// The error of a tree operation that met absent blocks. `missing` must not be empty.
Error missing_blocks(std::vector<Hash> missing);

}  // namespace dialog
