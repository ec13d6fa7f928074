#include "dialog/backends/rest.hpp"

namespace dialog {

HttpTransport make_http_transport(CurlClientOptions options) {
  return {std::make_shared<CurlHttpClient>(std::move(options)), &system_clock(), &system_random()};
}

Result<RestBackend> make_rest_backend(const RestBackendConfig& config) {
  return RestBackend::create(config, make_http_transport());
}

}  // namespace dialog
