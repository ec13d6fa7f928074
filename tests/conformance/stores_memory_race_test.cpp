#include "head_store_race_suite.hpp"
#include "register_race_suite.hpp"
#include "revocation_race_suite.hpp"
#include "store_memory_fixture.hpp"
#include "subject_race_suite.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, HeadStoreRaces, MemoryStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RegisterRaces, MemoryRegisterFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SubjectRaces, MemoryServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RevocationRaces, MemoryServerStoreFixture);

}  // namespace dialog::test
