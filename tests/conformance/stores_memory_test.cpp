#include "head_store_suite.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "server_store_suite.hpp"
#include "store_memory_fixture.hpp"
#include "subject_suite.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, HeadStoreConformance, MemoryStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RegisterConformance, MemoryRegisterFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ServerStoreConformance, MemoryServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SubjectConformance, MemoryServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RevocationConformance, MemoryServerStoreFixture);
INSTANTIATE_TEST_SUITE_P(
    MemoryServerStore, ArchiveConformance,
    testing::Values(ArchiveFactory{
        "Subject",
        [] { return std::make_unique<SubjectArchiveFixture<MemoryServerStoreFixture>>(); }}),
    archive_name);

}  // namespace dialog::test
