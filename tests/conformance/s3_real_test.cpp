#include "archive_suite.hpp"
#include "backend_suite.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "s3_real_fixture.hpp"
#include "server_store_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(RealS3, RegisterConformance, only<CloudRegisterFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, RegisterRaces, only<CloudRegisterFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, BackendConformance, only<CloudBackendFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, BackendRaces, only<CloudBackendFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, ServerStoreConformance,
                         only<CloudServerStoreFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, RemovalConformance, only<CloudRemovalFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, SharedRemovalConformance, only<CloudRemovalFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, SubjectConformance, only<CloudServerStoreFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, RevocationConformance,
                         only<CloudServerStoreFixture<RealBucket>>());
INSTANTIATE_TEST_SUITE_P(RealS3, RevocationRaces, only<CloudServerStoreFixture<RealBucket>>());

const auto kArchives =
    testing::Values(factory<CloudArchiveFixture<RealBucket>>("Bucket"),
                    factory<SubjectArchiveFixture<CloudServerStoreFixture<RealBucket>>>("Server"));
INSTANTIATE_TEST_SUITE_P(RealS3, ArchiveConformance, kArchives, factory_name);
INSTANTIATE_TEST_SUITE_P(RealS3, DurableArchiveConformance, kArchives, factory_name);

}  // namespace dialog::test
