#include "archive_suite.hpp"
#include "backend_suite.hpp"
#include "register_suite.hpp"
#include "s3_fixture.hpp"
#include "server_store_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(S3, RegisterConformance, only<S3RegisterFixture>());
INSTANTIATE_TEST_SUITE_P(S3ByTurns, RegisterConformance, only<S3TurnsFixture>());
INSTANTIATE_TEST_SUITE_P(S3, BackendConformance, only<S3BackendFixture>());
INSTANTIATE_TEST_SUITE_P(S3, ServerStoreConformance, only<S3ServerStoreFixture>());

const auto kArchives =
    testing::Values(factory<S3ArchiveFixture>("Bucket"),
                    factory<SubjectArchiveFixture<S3ServerStoreFixture>>("Server"));
INSTANTIATE_TEST_SUITE_P(S3, ArchiveConformance, kArchives, factory_name);
INSTANTIATE_TEST_SUITE_P(S3, DurableArchiveConformance,
                         testing::Values(factory<S3ArchiveFixture>("Bucket")), factory_name);

}  // namespace dialog::test
