#include "dialog/http/message.hpp"

#include <algorithm>

#include "ascii.hpp"

namespace dialog {

void HttpHeaders::set(std::string_view name, std::string value) {
  std::erase_if(fields_,
                [&](const Field& field) { return ascii::equal_ignoring_case(field.first, name); });
  fields_.emplace_back(std::string(name), std::move(value));
}

const std::string* HttpHeaders::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) {
    return ascii::equal_ignoring_case(field.first, name);
  });
  return found == fields_.end() ? nullptr : &found->second;
}

std::size_t HttpHeaders::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(),
      [&](const Field& field) { return ascii::equal_ignoring_case(field.first, name); }));
}

namespace {

std::uint64_t spelled_bytes(const HttpHeaders& headers) {
  std::uint64_t bytes = 2;  // the empty line
  for (const auto& [name, value] : headers.fields()) bytes += name.size() + 2 + value.size() + 2;
  return bytes;
}

}  // namespace

HttpTraffic spelled_traffic(const HttpRequest& request, const HttpResponse& response) {
  constexpr std::size_t kRequestLineExtra = 12;  // two spaces, "HTTP/1.1", the line's end
  constexpr std::size_t kStatusLineBytes = 15;   // "HTTP/1.1 200", a space, the line's end
  return {request.method.size() + request.target.size() + kRequestLineExtra +
              spelled_bytes(request.headers) + request.body.size(),
          kStatusLineBytes + spelled_bytes(response.headers) + response.body.size()};
}

}  // namespace dialog
