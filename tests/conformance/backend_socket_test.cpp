#include "backend_socket_fixture.hpp"
#include "backend_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(RestOverASocket, BackendConformance, only<SocketBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestOverASocket, BackendRaces, only<SocketBackendFixture>());

}  // namespace dialog::test
