#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dialog/http/message.hpp"

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

  // Of a complete head; `bytes` are those of the last call.

  /// Method, target and fields.
  [[nodiscard]] HttpRequest request(std::string_view bytes) const;
  /// Whether the client wants to go on with this connection.
  [[nodiscard]] bool keep_alive() const { return http_1_1_ ? !says_close_ : says_keep_alive_; }
  /// Absent where the head says none.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  [[nodiscard]] bool is_chunked() const { return is_chunked_; }

 private:
  struct Part {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Part name;
    Part value;
  };
  Outcome refuse(int status, std::string reason) const {
    return Refused{status, std::move(reason)};
  }
  std::optional<Refused> request_line(std::string_view line);
  std::optional<Refused> field(std::string_view line);
  std::optional<Refused> framing_field(std::string_view name, std::string_view value);
  void connection_field(std::string_view value);
  [[nodiscard]] Part part(std::string_view line, std::string_view of) const;
  std::optional<Refused> whole() const;

  HeadLimits limits_;
  std::size_t scanned_ = 0;  // bytes before this hold no line end that was not looked at
  std::size_t line_start_ = 0;
  std::size_t fields_ = 0;
  bool have_request_line_ = false;
  bool http_1_1_ = false;
  unsigned single_seen_ = 0;  // a bit for each field that may occur once
  std::size_t this_line_ = 0;
  Part method_;
  Part target_;
  std::vector<Field> parts_;
  std::optional<std::uint64_t> content_length_;
  bool is_chunked_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
};

}  // namespace dialog::server
