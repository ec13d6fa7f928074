#include "http_client.hpp"

#include <charconv>

#include "report.hpp"

namespace dialog::bench {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_field(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (lower(line[i]) != name[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view HttpAnswer::field(std::string_view name) const {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size();) {
    const std::size_t start = at + 2;
    at = head.find("\r\n", start);
    std::string_view line = head.substr(start, at - start);
    if (!is_field(line, name)) continue;
    line.remove_prefix(name.size() + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    return line;
  }
  return {};
}

HttpAnswer parse_http_answer(std::string_view received, bool to_head) {
  HttpAnswer answer;
  const std::size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return answer;
  answer.head = received.substr(0, end);
  std::from_chars(received.data() + 9, received.data() + 12, answer.status);
  std::size_t length = 0;
  if (!to_head) {
    const std::string_view text = answer.field("content-length");
    if (text.empty() && !answer.field("transfer-encoding").empty())
      give_up("an answer without a length: " + std::string(answer.head));
    std::from_chars(text.data(), text.data() + text.size(), length);
  }
  if (received.size() < end + 4 + length) return answer;
  answer.body = received.substr(end + 4, length);
  answer.bytes = end + 4 + length;
  return answer;
}

std::string http_request(std::string_view method, std::string_view target, std::string_view fields,
                         std::string_view body) {
  std::string request;
  request.reserve(256 + target.size() + fields.size() + body.size());
  request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  request.append(fields);
  if (method == "PUT" || method == "POST")
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return request.append("\r\n").append(body);
}

Reply HttpClient::take(std::string_view received) {
  const HttpAnswer answer = parse_http_answer(received, to_head_);
  if (answer.bytes == 0) return {};
  if (answer.status / 100 != 2)
    give_up("unexpected answer: " + std::string(received.substr(0, answer.bytes)));
  return {Reply::Kind::done, answer.bytes};
}

}  // namespace dialog::bench
