#include "http_date.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace dialog::wire {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// `d` is a digit, `a` any character of a name; everything else is itself.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char s) {
    return s == 'd' ? c >= '0' && c <= '9' : s == 'a' || c == s;
  });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (!has_shape(text, "aaa, dd aaa dddd dd:dd:dd GMT")) return std::nullopt;
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const std::chrono::year_month_day day{
      std::chrono::year{number(text.substr(12, 4))},
      std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
      std::chrono::day{static_cast<unsigned>(number(text.substr(5, 2)))}};
  const int hours = number(text.substr(17, 2));
  const int minutes = number(text.substr(20, 2));
  const int seconds = number(text.substr(23, 2));
  // A leap second has the number 60.
  if (!day.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  // In WallTime from the start: the minutes of the year 9999 have no room in the 32 bits that a
  // library may count minutes in.
  return WallTime{std::chrono::sys_days{day}.time_since_epoch()} + std::chrono::hours{hours} +
         std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
}

}  // namespace dialog::wire
