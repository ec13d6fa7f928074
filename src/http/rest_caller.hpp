#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dialog/http/http_transport.hpp"
#include "dialog/http/repeat.hpp"
#include "dialog/http/rest_backend_config.hpp"
#include "dialog/http/url.hpp"

namespace dialog::detail {

/// What everything that talks to one remote has in common: fields, credentials, time-outs,
/// repetitions. Thread-safe.
class RestCaller {
 public:
  static Result<std::shared_ptr<const RestCaller>> create(const RestBackendConfig& config,
                                                          HttpTransport transport);

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] bool capabilities_required() const { return config_.capabilities_required(); }
  [[nodiscard]] Clock& clock() const { return *transport_.clock; }

  /// `context` with the configured time-out, counted from now, where that ends earlier. `extra` is
  /// added to the time-out: what a large transfer may take.
  [[nodiscard]] Context bounded(const Context& context, std::chrono::nanoseconds extra = {}) const;

  /// A request with the configured fields and, where it is one, the token.
  [[nodiscard]] HttpRequest request(std::string method, std::string url) const;

  /// Sends, signed where the configuration says so, and repeats after transient faults. Gives the
  /// last response or failure.
  [[nodiscard]] Result<HttpResponse, HttpFailure> send(const HttpRequest& request,
                                                       std::size_t response_bytes_max,
                                                       const Context& context, Repeat repeat) const;

  /// Sends once, signed where the configuration says so, and hands over what arrives.
  [[nodiscard]] Result<HttpResponse, HttpFailure> stream(const HttpRequest& request,
                                                         const HttpStream& stream,
                                                         const Context& context) const {
    return transport_.client->stream(request, stream, context);
  }

  /// As `dialog::wait_to_repeat`, by the configured policy.
  [[nodiscard]] Result<bool> wait_to_repeat(int number, std::chrono::nanoseconds at_least,
                                            const Context& context) const {
    return dialog::wait_to_repeat(transport_, config_.retry(), number, at_least, context);
  }
  [[nodiscard]] const RetryPolicy& retry() const { return config_.retry(); }

 private:
  RestCaller(RestBackendConfig config, HttpTransport transport, Endpoint endpoint);

  RestBackendConfig config_;
  HttpTransport transport_;
  Endpoint endpoint_;
};

/// What a status means that is no expected answer. The message names the endpoint and repeats what
/// the peer said.
Error status_error(const HttpResponse& response, const Endpoint& endpoint);

}  // namespace dialog::detail
