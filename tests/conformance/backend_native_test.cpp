#include "backend_async_fixture.hpp"
#include "backend_http_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "backend_server_fixture.hpp"
#include "backend_suite.hpp"

namespace dialog::test {

using AsyncMemoryFixture = AsyncFixture<MemoryBackendFixture>;
using AsyncServiceFixture = AsyncFixture<ServiceBackendFixture>;

INSTANTIATE_TEST_SUITE_P(Memory, BackendRaces, only<MemoryBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestOverTheBareContract, BackendRaces, only<ContractBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestInProcess, BackendConformance, only<ServiceBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestInProcess, BackendRaces, only<ServiceBackendFixture>());
INSTANTIATE_TEST_SUITE_P(AsynchronousMemory, BackendConformance, only<AsyncMemoryFixture>());
INSTANTIATE_TEST_SUITE_P(AsynchronousMemory, BackendRaces, only<AsyncMemoryFixture>());
INSTANTIATE_TEST_SUITE_P(AsynchronousRest, BackendConformance, only<AsyncServiceFixture>());

}  // namespace dialog::test
