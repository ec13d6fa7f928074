#include "response_head.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ostream>  // which the header of statuses uses
#include <string_view>

#include "dialog/base/check.hpp"

namespace dialog::server {
namespace {

namespace http = boost::beast::http;

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; });
}

}  // namespace

void append_response_head(std::string& out, const HttpResponse& response, bool is_streamed) {
  const auto reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason.data(), reason.size()).append("\r\n");
  for (const auto& [name, value] : response.headers.fields()) {
    DIALOG_CHECK(is_one_line(value), "a response field must be one line");
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (response.status != 204 && !is_streamed &&
      response.headers.find("Content-Length") == nullptr) {
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  out.append("X-Request-Id: ");
}

}  // namespace dialog::server
