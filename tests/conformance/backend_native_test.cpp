#include "backend_async_fixture.hpp"
#include "backend_http_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "backend_race_suite.hpp"
#include "backend_server_fixture.hpp"
#include "backend_suite.hpp"

namespace dialog::test {

using AsyncMemoryFixture = AsyncFixture<MemoryBackendFixture>;
using AsyncServiceFixture = AsyncFixture<ServiceBackendFixture>;

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, BackendRaces, MemoryBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(RestOverTheBareContract, BackendRaces, ContractBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(RestInProcess, BackendConformance, ServiceBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(RestInProcess, BackendRaces, ServiceBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(AsynchronousMemory, BackendConformance, AsyncMemoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(AsynchronousMemory, BackendRaces, AsyncMemoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(AsynchronousRest, BackendConformance, AsyncServiceFixture);

}  // namespace dialog::test
