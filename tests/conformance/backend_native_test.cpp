#include "backend_async_fixture.hpp"
#include "backend_http_fixture.hpp"
#include "backend_memory_fixture.hpp"
#include "backend_server_fixture.hpp"
#include "backend_suite.hpp"
#include "etcd_fixture.hpp"
#include "s3_fixture.hpp"
#include "store_memory_fixture.hpp"

namespace dialog::test {

using AsyncMemoryFixture = AsyncFixture<MemoryBackendFixture>;
using MemoryServiceFixture = ServiceBackendFixture<MemoryServerStoreFixture>;
using AsyncServiceFixture = AsyncFixture<MemoryServiceFixture>;
using EtcdServiceFixture =
    ServiceBackendFixture<CloudServerStoreFixture<TwoClouds<FakeEtcdCluster, FakeBucket>>>;
using BucketServiceFixture = ServiceBackendFixture<CloudServerStoreFixture<FakeBucket>>;

INSTANTIATE_TEST_SUITE_P(Memory, BackendRaces, only<MemoryBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestOverTheBareContract, BackendRaces, only<ContractBackendFixture>());
INSTANTIATE_TEST_SUITE_P(RestInProcess, BackendConformance, only<MemoryServiceFixture>());
INSTANTIATE_TEST_SUITE_P(RestInProcess, BackendRaces, only<MemoryServiceFixture>());
INSTANTIATE_TEST_SUITE_P(RestOverEtcd, BackendConformance,
                         only<EtcdServiceFixture>(FakeEtcdCluster::history_kept()));
INSTANTIATE_TEST_SUITE_P(RestOverEtcd, BackendRaces, only<EtcdServiceFixture>());
INSTANTIATE_TEST_SUITE_P(RestOverS3, BackendConformance,
                         only<BucketServiceFixture>(FakeBucket::history_kept()));
INSTANTIATE_TEST_SUITE_P(RestOverS3, BackendRaces, only<BucketServiceFixture>());
INSTANTIATE_TEST_SUITE_P(AsynchronousMemory, BackendConformance, only<AsyncMemoryFixture>());
INSTANTIATE_TEST_SUITE_P(AsynchronousMemory, BackendRaces, only<AsyncMemoryFixture>());
INSTANTIATE_TEST_SUITE_P(AsynchronousRest, BackendConformance, only<AsyncServiceFixture>());

}  // namespace dialog::test
