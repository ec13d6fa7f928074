#include "backend_http_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "backend_suite.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, BackendConformance, MemoryBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(RestOverTheBareContract, BackendConformance, ContractBackendFixture);

}  // namespace dialog::test
