#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/clock.hpp"

/// Times as text, always in UTC, whatever the locale.
namespace dialog::server {

/// As in `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(WallTime time);

/// As in `2027-01-31T00:00:00.000Z`, or without the fraction where it is zero.
std::string utc_time(WallTime time);

/// Exactly `2027-01-31T00:00:00Z`: a zone would be one more thing to get wrong.
std::optional<WallTime> parse_utc_time(std::string_view text);

}  // namespace dialog::server
