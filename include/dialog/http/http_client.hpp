#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "dialog/base/bytes.hpp"
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

/// How a response is taken that has no end of its own.
struct HttpStream {
  /// Gets the body of a response of status 200 piece by piece, as it arrives. False ends the
  /// exchange, which has succeeded then.
  std::function<bool(ByteView piece)> on_piece;
  /// For how long nothing at all may arrive.
  std::chrono::nanoseconds silence_max = std::chrono::seconds(45);
};

/// Of a response's body that says why there is no stream.
inline constexpr std::size_t kRefusalBytesMax = std::size_t{64} * 1024;

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

  /// Blocks until the response ends, `on_piece` ends it, the deadline passes or the token fires;
  /// without a deadline for as long as something arrives: silence is a `timeout`. Gives the
  /// response without what was handed over; of another status than 200 with its body, at most
  /// `kRefusalBytesMax` of it. A client that cannot stream hands over the whole body at once.
  [[nodiscard]] virtual Result<HttpResponse, HttpFailure> stream(const HttpRequest& request,
                                                                 const HttpStream& stream,
                                                                 const Context& context);
};

}  // namespace dialog
