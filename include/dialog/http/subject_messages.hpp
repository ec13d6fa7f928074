#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/server_store.hpp"

/// What an operator's clients and servers tell each other about subjects.
namespace dialog::wire {

/// Subjects in one answer of the list; and where nothing else is asked for.
inline constexpr std::size_t kSubjectsMax = 1000;
inline constexpr std::size_t kSubjectsDefault = 100;

/// The body of `GET /{did}/usage`.
struct UsageMessage {
  Usage usage;
  Quota quota;  ///< the one that counts
  friend bool operator==(const UsageMessage&, const UsageMessage&) = default;
};
std::string print_usage(const UsageMessage& message);
/// `malformed`.
Result<UsageMessage> parse_usage(std::string_view body);

/// The body of `PUT /{did}/quota`: `{"blocks":100000,"bytes":null}`, both of them, where null means
/// any number.
std::string print_quota(const Quota& quota);
/// `malformed`, also where a member is missing or not known: a misspelt one must not lift a bound.
Result<Quota> parse_quota(std::string_view body);

/// The body of `GET /subjects`.
std::string print_subjects(const ServerStore::Page& page);
/// `malformed`; `too_large` above `subjects_max`.
Result<ServerStore::Page> parse_subjects(std::string_view body,
                                         std::size_t subjects_max = kSubjectsMax);

/// The query of `GET /subjects`, without the question mark.
struct SubjectsQuery {
  std::optional<Hash> after;
  std::size_t limit = kSubjectsDefault;
};
std::string print_subjects_query(const SubjectsQuery& query);
/// Every parameter may be left out. `invalid_argument` for unknown or repeated ones, and for a
/// limit of zero. A limit above `kSubjectsMax` becomes that.
Result<SubjectsQuery> parse_subjects_query(std::string_view query);

}  // namespace dialog::wire
