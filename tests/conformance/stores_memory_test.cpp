#include "archive_suite.hpp"
#include "head_store_suite.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "server_store_suite.hpp"
#include "store_memory_fixture.hpp"
#include "subject_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(Memory, HeadStoreConformance, only<MemoryStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, RegisterConformance, only<MemoryRegisterFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, ServerStoreConformance, only<MemoryServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, SubjectConformance, only<MemoryServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, QuotaConformance, only<MemoryServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Memory, RevocationConformance, only<MemoryServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(
    MemoryServerStore, ArchiveConformance,
    testing::Values(factory<SubjectArchiveFixture<MemoryServerStoreFixture>>("Subject")),
    factory_name);

}  // namespace dialog::test
