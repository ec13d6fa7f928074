#include "request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace dialog::server {
namespace {

// The framing fields come first: their positions have names.
constexpr std::array<std::string_view, 10> kSingle{
    "content-length", "transfer-encoding", "host",
    "authorization",  "if-match",          "if-none-match",
    "expect",         "content-type",      "content-encoding",
    "origin"};
constexpr unsigned kContentLength = 1U << 0;
constexpr unsigned kTransferEncoding = 1U << 1;
constexpr unsigned kHost = 1U << 2;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_ignoring_case(std::string_view text, std::string_view lowercase) {
  return text.size() == lowercase.size() &&
         std::equal(text.begin(), text.end(), lowercase.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) {
    table[c] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                              std::string_view::npos);
  }
  return table;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kTokenChars[static_cast<unsigned char>(c)];
  });
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

using Refused = HeadScanner::Refused;

}  // namespace

HeadScanner::Outcome HeadScanner::scan(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n', scanned_);
    const std::size_t seen = end == std::string_view::npos ? bytes.size() : end + 1;
    if (!have_request_line_ && seen - line_start_ > limits_.request_line_bytes_max + 2) {
      return refuse(414, "the request line is too long");
    }
    if (seen > limits_.head_bytes_max) return refuse(431, "the header fields are too large");
    scanned_ = seen;
    if (end == std::string_view::npos) return Incomplete{};
    if (end == line_start_ || bytes[end - 1] != '\r')
      return refuse(400, "a line must end in CR LF");

    const std::string_view line = bytes.substr(line_start_, end - 1 - line_start_);
    this_line_ = line_start_;
    line_start_ = end + 1;
    if (std::any_of(line.begin(), line.end(), is_control))
      return refuse(400, "a control character in the head");
    std::optional<Refused> refused;
    if (!have_request_line_) {
      refused = request_line(line);
      have_request_line_ = true;
    } else if (!line.empty()) {
      refused = field(line);
    } else {
      refused = whole();
      if (!refused) return Complete{end + 1};
    }
    if (refused) return *std::move(refused);
  }
}

std::optional<Refused> HeadScanner::request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return Refused{400, "this is no HTTP request"};
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool plain =
      std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!is_token(line.substr(0, first)) || target.empty() || !plain)
    return Refused{400, "a malformed request line"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    if (version.starts_with("HTTP/")) return Refused{505, "this server speaks HTTP/1.1"};
    return Refused{400, "a malformed request line"};
  }
  http_1_1_ = version == "HTTP/1.1";
  method_ = part(line, line.substr(0, first));
  target_ = part(line, target);
  return {};
}

std::optional<Refused> HeadScanner::field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return Refused{400, "a folded header field"};
  if (++fields_ > limits_.fields_max) return Refused{431, "too many header fields"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return Refused{400, "a malformed header field"};
  }
  const std::string_view name = line.substr(0, colon);
  for (std::size_t i = 0; i < kSingle.size(); ++i) {
    if (!equal_ignoring_case(name, kSingle[i])) continue;
    if ((single_seen_ & (1U << i)) != 0)
      return Refused{400, "a repeated header field: " + std::string(kSingle[i])};
    single_seen_ |= 1U << i;
  }
  const std::string_view value = trim(line.substr(colon + 1));
  parts_.push_back({part(line, name), part(line, value)});
  if (equal_ignoring_case(name, "connection")) connection_field(value);
  return framing_field(name, value);
}

HeadScanner::Part HeadScanner::part(std::string_view line, std::string_view of) const {
  const std::size_t at = this_line_ + static_cast<std::size_t>(of.data() - line.data());
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(of.size())};
}

void HeadScanner::connection_field(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view option = trim(value.substr(0, comma));
    says_close_ |= equal_ignoring_case(option, "close");
    says_keep_alive_ |= equal_ignoring_case(option, "keep-alive");
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
}

HttpRequest HeadScanner::request(std::string_view bytes) const {
  const auto text = [&](Part part) { return std::string(bytes.substr(part.begin, part.size)); };
  HttpRequest request;
  request.method = text(method_);
  request.target = text(target_);
  request.headers.reserve(parts_.size());
  for (const Field& field : parts_) request.headers.add(text(field.name), text(field.value));
  return request;
}

std::optional<Refused> HeadScanner::framing_field(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "content-length")) {
    const bool number =
        !value.empty() && value.size() <= 18 &&
        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number) return Refused{400, "Content-Length is no number"};
    std::uint64_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    content_length_ = length;
  } else if (equal_ignoring_case(name, "transfer-encoding")) {
    if (!http_1_1_) return Refused{400, "Transfer-Encoding in a request of HTTP/1.0"};
    if (!equal_ignoring_case(value, "chunked"))
      return Refused{501, "a transfer coding other than chunked"};
    is_chunked_ = true;
  }
  return {};
}

std::optional<Refused> HeadScanner::whole() const {
  if ((single_seen_ & kContentLength) != 0 && (single_seen_ & kTransferEncoding) != 0) {
    return Refused{400, "Content-Length together with Transfer-Encoding"};
  }
  if (http_1_1_ && (single_seen_ & kHost) == 0) return Refused{400, "the Host field is missing"};
  return {};
}

}  // namespace dialog::server
