#include "backend_race_suite.hpp"
#include "register_race_suite.hpp"
#include "s3_fixture.hpp"

namespace dialog::test {

INSTANTIATE_TYPED_TEST_SUITE_P(S3, RegisterRaces, S3RegisterFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(S3ByTurns, RegisterRaces, S3TurnsFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(S3, BackendRaces, S3BackendFixture);

}  // namespace dialog::test
