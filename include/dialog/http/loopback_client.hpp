#pragma once

#include <functional>
#include <utility>

#include "dialog/base/clock.hpp"
#include "dialog/http/http_client.hpp"

namespace dialog {

/// A client whose server is a function in the same process, for tests and for remotes without a
/// network. As thread-safe as the function.
class LoopbackHttpClient final : public HttpClient {
 public:
  /// Gets each request as a server sees it: the target is path and query, `Host` says the rest.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// Deadlines are measured on `clock`, which must outlive this object; only before the handler is
  /// called.
  explicit LoopbackHttpClient(Handler handler, Clock& clock = system_clock())
      : handler_(std::move(handler)), clock_(clock) {}

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override;

 private:
  Handler handler_;
  Clock& clock_;
};

}  // namespace dialog
