#include "backend_suite.hpp"
#include "etcd_fixture.hpp"
#include "register_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(FakeEtcd, RegisterRaces, only<CloudRegisterFixture<FakeEtcdCluster>>());
INSTANTIATE_TEST_SUITE_P(FakeEtcd, BackendRaces, only<CloudBackendFixture<FakeEtcdCluster>>());

}  // namespace dialog::test
