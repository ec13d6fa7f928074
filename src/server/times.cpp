#include "times.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace dialog::server {
namespace {

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return {};
  return value;
}

std::string print_http_date(std::chrono::seconds seconds) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_days days{std::chrono::floor<std::chrono::days>(seconds)};
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{seconds - days.time_since_epoch()};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[std::chrono::weekday{days}.c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string print_utc_seconds(std::chrono::seconds seconds) {
  const std::chrono::sys_days days{std::chrono::floor<std::chrono::days>(seconds)};
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{seconds - days.time_since_epoch()};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

// Times are asked for with each request, and their texts are the same for a whole second.
class TextOfSecond {
 public:
  explicit TextOfSecond(std::string (*print)(std::chrono::seconds)) : print_(print) {}
  const std::string& of(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    if (seconds != known_) {
      text_ = print_(seconds);
      known_ = seconds;
    }
    return text_;
  }

 private:
  std::string (*print_)(std::chrono::seconds);
  std::chrono::seconds known_{std::chrono::seconds::min()};
  std::string text_;
};

}  // namespace

std::string http_date(WallTime time) {
  thread_local TextOfSecond date{print_http_date};
  return date.of(time);
}

std::string utc_time(WallTime time) {
  thread_local TextOfSecond whole{print_utc_seconds};
  std::string text = whole.of(time);
  const auto fraction =
      static_cast<int>((time - std::chrono::floor<std::chrono::seconds>(time)).count());
  if (fraction != 0) {
    text += '.';
    for (const int unit : {100, 10, 1}) text += static_cast<char>('0' + fraction / unit % 10);
  }
  return text + "Z";
}

std::optional<WallTime> parse_utc_time(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return {};
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool fits = kShape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
    if (!fits) return {};
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return *digits(text.substr(at, size));
  };
  const std::chrono::year_month_day day{std::chrono::year{part(0, 4)},
                                        std::chrono::month{static_cast<unsigned>(part(5, 2))},
                                        std::chrono::day{static_cast<unsigned>(part(8, 2))}};
  const int hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return {};
  return std::chrono::sys_days{day}.time_since_epoch() + std::chrono::hours{hour} +
         std::chrono::minutes{minute} + std::chrono::seconds{second};
}

}  // namespace dialog::server
