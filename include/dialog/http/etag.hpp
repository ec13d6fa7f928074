#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/remote/revision.hpp"

namespace dialog::wire {

/// How an entity tag is spelled. The protocol shows it bare; RFC 9110 wants quotes.
enum class EtagStyle : std::uint8_t { bare, quoted };

/// The value of an `ETag` or `If-Match` field for a revision.
std::string print_etag(const Revision& revision, EtagStyle style = EtagStyle::bare);

/// What a client reads from `ETag`: 64 hex digits of either case, bare or quoted, also where an
/// intermediary marked the tag as weak. Absent for anything else.
std::optional<Revision> parse_etag(std::string_view value);

/// What a server reads from `If-Match`: 64 hex digits of either case, bare or quoted. Absent for a
/// weak tag, `*`, a list, and anything else.
std::optional<Revision> parse_if_match(std::string_view value);

/// The value of `Dialog-Sequence`: decimal digits only, without leading zeros. Absent for anything
/// else.
std::optional<std::uint64_t> parse_sequence(std::string_view value);

}  // namespace dialog::wire
