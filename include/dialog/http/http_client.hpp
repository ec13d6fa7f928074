#pragma once

#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/http/message.hpp"

namespace dialog {

/// Why a request got no response.
struct HttpFailure {
  /// `unavailable`, `timeout`, `cancelled`, `too_large` (the response exceeds its bound),
  /// `malformed`.
  Error error;
  /// False only where it is certain that no byte of the request reached the peer.
  bool may_have_been_received = true;
};

/// Sends one request and waits for its whole response. Thread-safe. Follows no redirect and repeats
/// nothing: that is for the caller, who knows what a request means. Connections are kept and
/// shared.
class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  virtual ~HttpClient() = default;

  /// Blocks until the response is complete, the deadline passes or the token fires.
  /// `response_bytes_max` bounds the body. A response of any status is a value.
  [[nodiscard]] virtual Result<HttpResponse, HttpFailure> send(const HttpRequest& request,
                                                               std::size_t response_bytes_max,
                                                               const Context& context) = 0;
};

}  // namespace dialog
