#include "backend_race_suite.hpp"
#include "backend_socket_fixture.hpp"
#include "backend_suite.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(RestOverASocket, BackendConformance, SocketBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(RestOverASocket, BackendRaces, SocketBackendFixture);

}  // namespace dialog::test
