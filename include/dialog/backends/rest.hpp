#pragma once

#include "dialog/backends/curl_client.hpp"
#include "dialog/http/rest_backend.hpp"

namespace dialog {

/// The network as it is: libcurl, the system's clock and its randomness. Copies share the client,
/// and so its connections.
HttpTransport make_http_transport(CurlClientOptions options = {});

/// A REST backend over the network, with connections of its own. No I/O. `invalid_argument` as with
/// `RestBackend::create`, which takes any other transport.
Result<RestBackend> make_rest_backend(const RestBackendConfig& config);

}  // namespace dialog
