#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "dialog/http/http_client.hpp"

namespace dialog {

struct CurlClientOptions {
  /// For calls without a deadline of their own.
  std::chrono::milliseconds default_timeout{30'000};
  /// A file with the certificates that are trusted instead of the system's.
  std::optional<std::string> ca_file;
  /// PEM files with a certificate that is shown to servers that ask for one, and with its key.
  std::optional<std::string> certificate_file;
  std::optional<std::string> key_file;
  /// An address such as `http://proxy:3128`, or empty for none. Absent: as the environment says
  /// (`https_proxy`, `no_proxy`, ...). This machine itself is never asked for through a proxy.
  std::optional<std::string> proxy;
  /// Connections that are kept open while nobody uses them.
  std::size_t idle_connections_max = 16;
  /// Whether compressed responses are asked for; they arrive here decompressed, and bounded as
  /// such.
  bool accept_compressed = true;
};

/// HTTP/1.1, and HTTP/2 over TLS, by libcurl. Certificates are always verified. Deadlines are
/// measured on `system_clock()`; a fired token is seen within 50 ms. A call ends then even while
/// the system looks up its host's name; the look-up goes on in a thread of its own, for as long as
/// the system takes. As many threads may send at once as like; each call uses a connection of its
/// own, out of those that are kept.
class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(CurlClientOptions options = {});
  /// No call may be under way.
  ~CurlHttpClient() override;

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override;
  Result<HttpResponse, HttpFailure> stream(const HttpRequest& request, const HttpStream& stream,
                                           const Context& context) override;

 private:
  struct Pool;
  CurlClientOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace dialog
