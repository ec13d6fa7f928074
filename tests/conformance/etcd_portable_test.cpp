#include "etcd_fixture.hpp"
#include "register_suite.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(FakeEtcd, RegisterConformance, FakeEtcdFixture);

}  // namespace dialog::test
