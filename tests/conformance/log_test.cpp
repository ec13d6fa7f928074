#include "archive_suite.hpp"
#include "head_store_suite.hpp"
#include "log_fixture.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "server_store_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {
namespace {

using LogArchiveFixture = RepositoryArchiveFixture<LogRepositoryFixture, LogOptions>;

// Crosses the bounds that an ordinary test never reaches: it makes checkpoints and compacts all the
// time.
LogOptions tight() {
  LogOptions options;
  options.limits.segment_bytes_max = 20'000;
  options.limits.buffered_bytes_max = 5'000;
  options.limits.checkpoint_entries = 10;
  return options;
}

LogOptions tighter() {
  LogOptions options = tight();
  options.limits.segment_bytes_max = 10'000;
  options.limits.buffered_bytes_max = 2'000;
  return options;
}

const auto kArchives = testing::Values(factory<LogArchiveFixture>("Repository"),
                                       factory<LogArchiveFixture>("Tight", tight()));
const auto kServers = testing::Values(factory<LogServerStoreFixture>("Roomy"),
                                      factory<LogServerStoreFixture>("Tight", tighter()));

}  // namespace

INSTANTIATE_TEST_SUITE_P(Log, ArchiveConformance, kArchives, factory_name);
INSTANTIATE_TEST_SUITE_P(Log, CollectableArchiveConformance, kArchives, factory_name);
INSTANTIATE_TEST_SUITE_P(Log, DurableArchiveConformance, kArchives, factory_name);
INSTANTIATE_TEST_SUITE_P(Log, HeadStoreConformance, only<LogRepositoryFixture>());
INSTANTIATE_TEST_SUITE_P(Log, HeadStoreRaces, only<LogRepositoryFixture>());
INSTANTIATE_TEST_SUITE_P(LogSubject, ArchiveConformance,
                         only<SubjectArchiveFixture<LogServerStoreFixture>>());
INSTANTIATE_TEST_SUITE_P(Log, ServerStoreConformance, only<LogServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Log, SubjectConformance, kServers, factory_name);
INSTANTIATE_TEST_SUITE_P(Log, QuotaConformance, kServers, factory_name);
INSTANTIATE_TEST_SUITE_P(Log, SubjectRaces, kServers, factory_name);
INSTANTIATE_TEST_SUITE_P(Log, RevocationConformance, only<LogServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Log, RevocationRaces, only<LogServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Log, RegisterConformance, only<RegisterOf<LogServerStoreFixture>>());
INSTANTIATE_TEST_SUITE_P(Log, RegisterRaces, only<RegisterOf<LogServerStoreFixture>>());

}  // namespace dialog::test
