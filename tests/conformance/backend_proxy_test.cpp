#include "backend_socket_fixture.hpp"
#include "backend_suite.hpp"
#include "process/proxy.hpp"

namespace dialog::test {

/// A server behind nginx.
class ProxiedServer {
 public:
  [[nodiscard]] std::string url() const { return proxy_.url(); }

 private:
  LocalServer server_;
  Proxy proxy_{server_.port()};
};

using ProxyBackendFixture = CurlBackendFixture<ProxiedServer>;

INSTANTIATE_TEST_SUITE_P(RestThroughNginx, BackendConformance, only<ProxyBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestThroughNginx, BackendRaces, only<ProxyBackendFixture>());

}  // namespace dialog::test
