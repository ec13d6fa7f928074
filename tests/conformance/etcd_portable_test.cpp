#include "etcd_fixture.hpp"
#include "register_suite.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(FakeEtcd, RegisterConformance, only<FakeEtcdFixture>());

}  // namespace dialog::test
