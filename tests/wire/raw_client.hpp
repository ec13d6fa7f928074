#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/http/message.hpp"

namespace dialog::test {

/// A connection that sends exactly the bytes it is told to, right or wrong. Reading gives up after
/// a time that no test reaches unless it fails.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False where the peer has closed already.
  bool send(std::string_view bytes);
  /// No more bytes will be sent.
  void finish();

  /// The next response; absent where the connection ends first. A response to HEAD has no body.
  std::optional<HttpResponse> receive(bool to_head = false);
  /// The next line, without its end; absent where the connection ends first.
  std::optional<std::string> receive_line();
  /// The bytes that are there, at least one; empty where the connection ends first.
  std::string receive_some();
  /// Everything up to the end of the connection.
  std::string receive_rest();

  /// Sends a well-formed request and receives its response, which has status 0 where there is none.
  HttpResponse exchange(const HttpRequest& request);

 private:
  bool fill();
  int socket_;
  std::string received_;
};

/// The bytes of a well-formed request.
std::string print_request(const HttpRequest& request);

}  // namespace dialog::test
