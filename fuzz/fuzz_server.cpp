// Bytes as the head and body of a request. The scanner of heads comes to the same outcome however
// the bytes are cut, the parser takes what passes for the same request or refuses it, and the
// service answers with a well-formed response.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dialog/http/wire.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/service.hpp"
#include "fuzz_support.hpp"
#include "parse_head.hpp"
#include "request_head.hpp"

using namespace dialog;
using server::HeadScanner;

namespace {

constexpr server::HeadLimits kLimits{
    .request_line_bytes_max = 256, .head_bytes_max = 1024, .fields_max = 8};

HeadScanner::Outcome scan_in_pieces(ByteView bytes, std::size_t piece) {
  HeadScanner scanner(kLimits);
  for (std::size_t end = piece;; end += piece) {
    auto outcome = scanner.scan(bytes.substr(0, std::min(end, bytes.size())));
    if (!std::holds_alternative<HeadScanner::Incomplete>(outcome) || end >= bytes.size())
      return outcome;
  }
}

// The pieces of a head that the scanner let pass, so it has the form that this relies on.
HttpRequest read_request(ByteView head, ByteView body) {
  HttpRequest request;
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const ByteView line = head.substr(at, end - at);
    const std::size_t colon = line.find(':');
    const std::size_t value = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    const std::size_t value_end = std::max(value, line.find_last_not_of(" \t") + 1);
    request.headers.add(std::string(line.substr(0, colon)),
                        std::string(line.substr(value, value_end - value)));
    at = end + 2;
  }
  request.body = body;
  return request;
}

// What the server goes by.
HttpRequest compare_with_scanner(ByteView head, const HttpRequest& request) {
  HeadScanner scanner(kLimits);
  static_cast<void>(scanner.scan(head));
  HttpRequest seen = scanner.request(head);
  fuzz::require(seen.method == request.method && seen.target == request.target,
                "the scanner gives the request line that is there");
  fuzz::require(seen.headers.fields() == request.headers.fields(),
                "the scanner gives the fields that are there");
  server::HeadParser parser;
  if (server::parse_head(parser, head)) {
    const auto length = scanner.content_length();
    fuzz::require(parser.content_length().has_value() == length.has_value() &&
                      (!length || *parser.content_length() == *length),
                  "scanner and parser come to one length");
    fuzz::require(parser.chunked() == scanner.is_chunked(),
                  "scanner and parser come to one transfer coding");
  }
  seen.body = request.body;
  return seen;
}

// The parser keeps fields of one name together.
std::vector<HttpHeaders::Field> by_name(const HttpHeaders& headers) {
  auto fields = headers.fields();
  for (auto& [name, value] : fields) {
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return fields;
}

// Two readers of one connection that disagree let one request hide in another.
void compare_with_parser(ByteView head, const HttpRequest& request) {
  server::HeadParser parser;
  if (!server::parse_head(parser, head)) return;
  const HttpRequest parsed = server::request_of(parser);
  fuzz::require(parsed.method == request.method && parsed.target == request.target,
                "scanner and parser see one request line");
  fuzz::require(by_name(parsed.headers) == by_name(request.headers),
                "scanner and parser see the same fields");
  const std::string* const length = request.headers.find("Content-Length");
  const auto parsed_length = parser.content_length();
  fuzz::require(length == nullptr
                    ? !parsed_length.has_value()
                    : parsed_length.has_value() && *parsed_length == std::stoull(*length),
                "scanner and parser see one length");
  fuzz::require(parser.chunked() == (request.headers.find("Transfer-Encoding") != nullptr),
                "scanner and parser see one transfer coding");
}

void answer(const HttpRequest& request) {
  MemoryServerStore store;
  ManualClock clock;
  const server::Service service(store, {.cors_origins = {"https://a.example"}}, clock);
  const HttpResponse response = service.handle(request);
  fuzz::require(response.status >= 200 && response.status <= 599, "a status");
  fuzz::require(response.headers.find("Cache-Control") != nullptr,
                "every answer says whether it may be cached");
  for (const auto& [name, value] : response.headers.fields()) {
    fuzz::require(value.find_first_of("\r\n") == std::string::npos, "a field is one line");
  }
  const bool shows_error = response.status >= 400 && request.method != "HEAD";
  fuzz::require(!shows_error || wire::parse_error(response.body).has_value(),
                "a refusal is a JSON error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = fuzz::view_of(data, size);
  const auto whole = scan_in_pieces(bytes, std::max<std::size_t>(1, size));
  const auto pieces = scan_in_pieces(bytes, 1 + size % 7);
  fuzz::require(whole.index() == pieces.index(),
                "the outcome does not depend on how the bytes come");
  if (const auto* complete = std::get_if<HeadScanner::Complete>(&whole)) {
    fuzz::require(complete->head_bytes == std::get<HeadScanner::Complete>(pieces).head_bytes,
                  "heads end at one place");
    const ByteView head = bytes.substr(0, complete->head_bytes);
    const HttpRequest request = read_request(head, bytes.substr(complete->head_bytes));
    compare_with_parser(head, request);
    answer(compare_with_scanner(head, request));
  }
  return 0;
}
