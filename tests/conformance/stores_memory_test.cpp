#include "head_store_suite.hpp"
#include "register_suite.hpp"
#include "store_memory_fixture.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, HeadStoreConformance, MemoryStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RegisterConformance, MemoryRegisterFixture);

}  // namespace dialog::test
