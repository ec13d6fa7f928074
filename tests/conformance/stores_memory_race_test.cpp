#include "head_store_suite.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "store_memory_fixture.hpp"
#include "subject_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(Memory, HeadStoreRaces, only<MemoryStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, RegisterRaces, only<MemoryRegisterFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, SubjectRaces, only<MemoryServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, RevocationRaces, only<MemoryServerStoreFixture>());

}  // namespace dialog::test
