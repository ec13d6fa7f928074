#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "load.hpp"

namespace dialog::bench {

/// Where the parts of one HTTP answer are. Understands what the servers of a run send: a length and
/// no coding.
struct HttpAnswer {
  std::size_t bytes = 0;  ///< 0 while it is incomplete
  int status = 0;
  std::string_view head;
  std::string_view body;

  /// The value of a field, or nothing; `name` in lower case.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

HttpAnswer parse_http_answer(std::string_view received, bool to_head);

/// A request, with `Host` and, where there is a body or a PUT, its length. `fields` are whole
/// lines.
std::string http_request(std::string_view method, std::string_view target,
                         std::string_view fields = {}, std::string_view body = {});

/// A client whose requests are all to succeed.
class HttpClient : public LoadClient {
 public:
  explicit HttpClient(bool to_head) : to_head_(to_head) {}
  Reply take(std::string_view received) final;

 private:
  bool to_head_;
};

/// Asks the same again and again.
class HttpRepeat final : public HttpClient {
 public:
  explicit HttpRepeat(std::string request)
      : HttpClient(request.starts_with("HEAD ")), request_(std::move(request)) {}
  std::string_view next() override { return request_; }

 private:
  std::string request_;
};

}  // namespace dialog::bench
