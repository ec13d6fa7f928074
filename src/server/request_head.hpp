#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dialog::server {

struct HeadLimits {
  std::size_t request_line_bytes_max;
  std::size_t head_bytes_max;
  std::size_t fields_max;
};

/// Looks at the head of a request as it comes in, line by line, and refuses what two readers could
/// understand differently, before anything else reads it: bare line ends, folded lines, white space
/// around names, repeated fields that must be single, a length given twice. What passes is one
/// complete head of plain HTTP/1.
class HeadScanner {
 public:
  explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

  struct Incomplete {};
  struct Complete {
    std::size_t head_bytes;  ///< including the empty line
  };
  struct Refused {
    int status;
    std::string reason;
  };
  using Outcome = std::variant<Incomplete, Complete, Refused>;

  /// `bytes` are the ones of the call before, and those that came since. Not to be called again
  /// after an outcome other than `Incomplete`.
  Outcome scan(std::string_view bytes);

 private:
  Outcome refuse(int status, std::string reason) const {
    return Refused{status, std::move(reason)};
  }
  std::optional<Refused> request_line(std::string_view line);
  std::optional<Refused> field(std::string_view line);
  std::optional<Refused> framing_field(std::string_view name, std::string_view value);
  std::optional<Refused> whole() const;

  HeadLimits limits_;
  std::size_t scanned_ = 0;  // bytes before this hold no line end that was not looked at
  std::size_t line_start_ = 0;
  std::size_t fields_ = 0;
  bool have_request_line_ = false;
  bool http_1_1_ = false;
  unsigned single_seen_ = 0;  // a bit for each field that may occur once
};

}  // namespace dialog::server
