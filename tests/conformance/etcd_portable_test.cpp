#include "backend_suite.hpp"
#include "etcd_fixture.hpp"
#include "register_suite.hpp"
#include "s3_fixture.hpp"
#include "server_store_suite.hpp"

namespace dialog::test {

using EtcdAndBucket = TwoClouds<FakeEtcdCluster, FakeBucket>;

INSTANTIATE_TEST_SUITE_P(FakeEtcd, RegisterConformance,
                         only<CloudRegisterFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, BackendConformance,
                         only<CloudBackendFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, ServerStoreConformance,
                         only<CloudServerStoreFixture<EtcdAndBucket>>());

}  // namespace dialog::test
