#include "dialog/base/error.hpp"

#include <array>
#include <unordered_set>
#include <utility>

#include "dialog/base/check.hpp"

namespace dialog {
namespace {

using enum ErrorCode;

constexpr std::array kTable{
    ErrorRow{invalid_argument, "invalid_argument", Retry::never, 400, 2,
             "the caller's own input breaks a documented rule"},
    ErrorRow{too_large, "too_large", Retry::never, 413, 2,
             "a key, value, block, body or batch exceeds its limit"},
    ErrorRow{malformed, "malformed", Retry::never, 400, 9,
             "data from outside cannot be read as what it claims to be"},
    ErrorRow{not_found, "not_found", Retry::never, 404, 3, "the named thing does not exist"},
    ErrorRow{already_exists, "already_exists", Retry::never, 409, 4,
             "a thing of that name exists already"},
    ErrorRow{conflict, "conflict", Retry::after_fetch, 412, 4,
             "a compare-and-swap lost, or a merge was left undecided"},
    ErrorRow{unauthorized, "unauthorized", Retry::after_login, 401, 5,
             "no valid credentials, or they do not allow this"},
    ErrorRow{missing_blocks, "missing_blocks", Retry::after_fetching_blocks, 424, 10,
             "needed blocks are not in the archive; the error names them"},
    ErrorRow{corrupt, "corrupt", Retry::never, 422, 9,
             "stored or received bytes differ from their hash or their structure"},
    ErrorRow{remote_reset, "remote_reset", Retry::after_fetch, 409, 11,
             "a remote that had a head has none now"},
    ErrorRow{rollback, "rollback", Retry::after_fetch, 409, 11,
             "a remote shows an older state than one it showed before"},
    ErrorRow{indeterminate, "indeterminate", Retry::after_fetch, 502, 12,
             "the request may or may not have taken effect"},
    ErrorRow{unavailable, "unavailable", Retry::later, 503, 6,
             "a peer cannot be reached, or refuses for now"},
    ErrorRow{not_a_remote, "not_a_remote", Retry::never, 502, 13,
             "the endpoint answers, but not as a register or archive"},
    ErrorRow{timeout, "timeout", Retry::later, 504, 6, "the deadline passed"},
    ErrorRow{cancelled, "cancelled", Retry::never, 499, 130,
             "the caller's cancellation token fired"},
    ErrorRow{busy, "busy", Retry::later, 503, 7, "somebody else holds the lock"},
    ErrorRow{storage_full, "storage_full", Retry::later, 507, 8, "no space left; reads still work"},
    ErrorRow{quota_exceeded, "quota_exceeded", Retry::never, 507, 8,
             "a subject would hold more than its quota; reads and swaps still work"},
    ErrorRow{storage_failed, "storage_failed", Retry::never, 500, 8,
             "the disk or the embedded store reports an error"},
    ErrorRow{resource_exhausted, "resource_exhausted", Retry::later, 429, 14,
             "a bound on memory, connections, depth or retries was reached"},
    ErrorRow{unsupported, "unsupported", Retry::never, 501, 15,
             "this build or this peer does not do that"},
    ErrorRow{internal, "internal", Retry::never, 500, 1, "a defect of this library"},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(internal) + 1;
}
static_assert(is_in_order(), "rows are found by their position");

}  // namespace

std::span<const ErrorRow> error_table() { return kTable; }

const ErrorRow& error_row(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  DIALOG_CHECK(index < kTable.size(), "an error code that is not in the table");
  return kTable[index];
}

std::optional<ErrorCode> error_code_named(std::string_view name) {
  for (const ErrorRow& row : kTable) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

std::string_view to_string(Retry retry) {
  switch (retry) {
    case Retry::never:
      return "never";
    case Retry::later:
      return "later";
    case Retry::after_fetch:
      return "after_fetch";
    case Retry::after_login:
      return "after_login";
    case Retry::after_fetching_blocks:
      return "after_fetching_blocks";
  }
  DIALOG_CHECK(false, "a retry class that has no name");
}

Error Error::within(std::string_view context) const {
  Error wrapped = *this;
  wrapped.message.insert(0, ": ").insert(0, context);
  return wrapped;
}

Error missing_blocks(std::vector<Hash> missing) {
  DIALOG_CHECK(!missing.empty(), "missing blocks must be named");
  std::unordered_set<Hash> seen;
  std::erase_if(missing, [&](const Hash& hash) { return !seen.insert(hash).second; });
  std::string message = missing.size() == 1
                            ? "block " + missing.front().hex() + " is not in the archive"
                            : std::to_string(missing.size()) +
                                  " blocks are not in the archive, among them " +
                                  missing.front().hex();
  return Error{ErrorCode::missing_blocks, std::move(message), std::move(missing)};
}

}  // namespace dialog
