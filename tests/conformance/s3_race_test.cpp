#include "backend_suite.hpp"
#include "register_suite.hpp"
#include "s3_fixture.hpp"

namespace dialog::test {

INSTANTIATE_TEST_SUITE_P(S3, RegisterRaces, only<CloudRegisterFixture<FakeBucket>>());
INSTANTIATE_TEST_SUITE_P(S3ByTurns, RegisterRaces, only<S3TurnsFixture>());
INSTANTIATE_TEST_SUITE_P(S3, BackendRaces, only<CloudBackendFixture<FakeBucket>>());

}  // namespace dialog::test
