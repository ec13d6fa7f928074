#include "archive_suite.hpp"
#include "backend_suite.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "s3_fixture.hpp"
#include "server_store_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(S3, RegisterConformance, only<CloudRegisterFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3ByTurns, RegisterConformance, only<S3TurnsFixture>());
INSTANTIATE_TEST_SUITE_P(S3, BackendConformance, only<CloudBackendFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3, ServerStoreConformance, only<CloudServerStoreFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3, RemovalConformance, only<CloudRemovalFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3, SharedRemovalConformance, only<CloudRemovalFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3, SubjectConformance, only<CloudServerStoreFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3, RevocationConformance, only<CloudServerStoreFixture<FakeBucket>>());

// Heads and revocations in a folder, blocks in a bucket.
using BlocksInABucket = CloudServerStoreFixture<TwoClouds<LocalParts, FakeBucket>>;
INSTANTIATE_TEST_SUITE_P(LocalAndS3, ServerStoreConformance, only<BlocksInABucket>());
INSTANTIATE_TEST_SUITE_P(LocalAndS3, RemovalConformance, only<CloudRemovalFixture<LocalParts>>());
INSTANTIATE_TEST_SUITE_P(LocalAndS3, SubjectConformance, only<BlocksInABucket>());
INSTANTIATE_TEST_SUITE_P(LocalAndS3, RevocationConformance, only<BlocksInABucket>());

const auto kArchives =
    testing::Values(factory<CloudArchiveFixture<FakeBucket>>("Bucket"),
                    factory<SubjectArchiveFixture<CloudServerStoreFixture<FakeBucket>>>("Server"));
INSTANTIATE_TEST_SUITE_P(S3, ArchiveConformance, kArchives, factory_name);
INSTANTIATE_TEST_SUITE_P(S3, DurableArchiveConformance, kArchives, factory_name);

}  // namespace dialog::test
