#include "backend_http_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "backend_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(Memory, BackendConformance, only<MemoryBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestOverTheBareContract, BackendConformance,
                         only<ContractBackendFixture>());

}  // namespace dialog::test
