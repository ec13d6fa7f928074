// Bytes as the head and body of a request. The scanner of heads comes to the same outcome however
// the bytes are cut, and the service answers whatever passes with a well-formed response.
#include <algorithm>
#include <string>

#include "dialog/http/wire.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/service.hpp"
#include "fuzz_support.hpp"
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
    request.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(value)));
    at = end + 2;
  }
  request.body = body;
  return request;
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
    answer(read_request(bytes.substr(0, complete->head_bytes), bytes.substr(complete->head_bytes)));
  }
  return 0;
}
