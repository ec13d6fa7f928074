#include "backend_suite.hpp"
#include "register_suite.hpp"
#include "s3_fixture.hpp"
#include "server_store_suite.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(S3, RegisterConformance, S3RegisterFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(S3ByTurns, RegisterConformance, S3TurnsFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(S3, BackendConformance, S3BackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(S3, ServerStoreConformance, S3ServerStoreFixture);

const auto kArchives = testing::Values(
    ArchiveFactory{"Bucket", [] { return std::make_unique<S3ArchiveFixture>(); }},
    ArchiveFactory{"Server",
                   [] { return std::make_unique<SubjectArchiveFixture<S3ServerStoreFixture>>(); }});
INSTANTIATE_TEST_SUITE_P(S3, ArchiveConformance, kArchives, archive_name);
INSTANTIATE_TEST_SUITE_P(S3, DurableArchiveConformance,
                         testing::Values(ArchiveFactory{
                             "Bucket", [] { return std::make_unique<S3ArchiveFixture>(); }}),
                         archive_name);

}  // namespace dialog::test
