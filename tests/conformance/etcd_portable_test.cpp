#include "backend_suite.hpp"
#include "etcd_fixture.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "s3_fixture.hpp"
#include "server_store_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {

using EtcdAndBucket = TwoClouds<FakeEtcdCluster, FakeBucket>;

INSTANTIATE_TEST_SUITE_P(FakeEtcd, RegisterConformance,
                         only<CloudRegisterFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, BackendConformance,
                         only<CloudBackendFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, ServerStoreConformance,
                         only<CloudServerStoreFixture<EtcdAndBucket>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, RemovalConformance,
                         only<CloudRemovalFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, SharedRemovalConformance,
                         only<CloudRemovalFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, SubjectConformance,
                         only<CloudServerStoreFixture<EtcdAndBucket>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, RevocationConformance,
                         only<CloudServerStoreFixture<EtcdAndBucket>>());

// Heads and revocations in etcd, blocks and quotas in a folder.
using HeadsInEtcd = CloudServerStoreFixture<TwoClouds<FakeEtcdCluster, LocalParts>>;
INSTANTIATE_TEST_SUITE_P(EtcdAndLocal, ServerStoreConformance, only<HeadsInEtcd>());
INSTANTIATE_TEST_SUITE_P(EtcdAndLocal, SubjectConformance, only<HeadsInEtcd>());
INSTANTIATE_TEST_SUITE_P(EtcdAndLocal, QuotaConformance, only<HeadsInEtcd>());

}  // namespace dialog::test
