#pragma once

#include <optional>
#include <string_view>

#include "dialog/base/clock.hpp"

namespace dialog::wire {

/// What a server writes today for a time (IMF-fixdate): exactly as in
/// `Sun, 06 Nov 1994 08:49:37 GMT`, whatever the day of the week. Absent for anything else.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace dialog::wire
