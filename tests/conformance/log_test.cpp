#include <memory>
#include <string>

#include "archive_suite.hpp"
#include "dialog/backends/log_repository_store.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "folder_fixture.hpp"
#include "head_store_race_suite.hpp"
#include "head_store_suite.hpp"
#include "register_race_suite.hpp"
#include "register_suite.hpp"
#include "revocation_race_suite.hpp"
#include "revocation_suite.hpp"
#include "server_store_suite.hpp"
#include "subject_race_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {
namespace {

using LogRepositoryFixture = FolderFixture<LogRepositoryStore, LogOptions>;
using LogServerStoreFixture = FolderFixture<LogServerStore, LogOptions>;

/// Crosses the bounds that an ordinary test never reaches: it makes checkpoints and compacts all
/// the time.
class TightLogServerStoreFixture : public LogServerStoreFixture {
 public:
  TightLogServerStoreFixture() : LogServerStoreFixture(options()) {}

 private:
  static LogOptions options() {
    LogOptions options;
    options.limits.segment_bytes_max = 10'000;
    options.limits.buffered_bytes_max = 2'000;
    options.limits.checkpoint_entries = 10;
    return options;
  }
};
using LogArchiveFixture = RepositoryArchiveFixture<LogRepositoryFixture, LogOptions>;

// Crosses the bounds that an ordinary test never reaches.
LogOptions tight() {
  LogOptions options;
  options.limits.segment_bytes_max = 20'000;
  options.limits.buffered_bytes_max = 5'000;
  options.limits.checkpoint_entries = 10;
  return options;
}

const auto kArchives = testing::Values(factory<LogArchiveFixture>("Repository", LogOptions{}),
                                       factory<LogArchiveFixture>("Tight", tight()));

}  // namespace

INSTANTIATE_TEST_SUITE_P(Log, ArchiveConformance, kArchives, archive_name);
INSTANTIATE_TEST_SUITE_P(Log, CollectableArchiveConformance, kArchives, archive_name);
INSTANTIATE_TEST_SUITE_P(Log, DurableArchiveConformance, kArchives, archive_name);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, HeadStoreConformance, LogRepositoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, HeadStoreRaces, LogRepositoryFixture);
INSTANTIATE_TEST_SUITE_P(
    LogSubject, ArchiveConformance,
    testing::Values(ArchiveFactory{
        "Subject",
        [] { return std::make_unique<SubjectArchiveFixture<LogServerStoreFixture>>(); }}),
    archive_name);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, ServerStoreConformance, LogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, SubjectConformance, LogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, SubjectRaces, LogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(TightLog, SubjectConformance, TightLogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(TightLog, SubjectRaces, TightLogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, RevocationConformance, LogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, RevocationRaces, LogServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, RegisterConformance, RegisterOf<LogServerStoreFixture>);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, RegisterRaces, RegisterOf<LogServerStoreFixture>);

}  // namespace dialog::test
