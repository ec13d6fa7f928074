#include "archive_suite.hpp"
#include "head_store_race_suite.hpp"
#include "head_store_suite.hpp"
#include "lmdb_fixture.hpp"
#include "register_race_suite.hpp"
#include "register_suite.hpp"
#include "server_store_suite.hpp"
#include "subject_race_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {
namespace {

using LmdbArchiveFixture = RepositoryArchiveFixture<LmdbRepositoryFixture, LmdbOptions>;

class QuarantineFixture final : public ArchiveFixture {
 public:
  explicit QuarantineFixture(const LmdbOptions& options)
      : stores_(options), quarantine_(stores_.store().make_quarantine().value()) {}
  Archive& archive() override { return *quarantine_; }

 private:
  LmdbRepositoryFixture stores_;
  std::unique_ptr<Archive> quarantine_;
};

// Crosses the bounds that an ordinary test never reaches.
LmdbOptions tight() {
  LmdbOptions options;
  options.map_bytes = 256 * 1024;
  options.buffered_bytes_max = 50'000;
  options.quarantine_bytes_max = 1000;
  return options;
}

const auto kCollectable = testing::Values(factory<LmdbArchiveFixture>("Repository", LmdbOptions{}),
                                          factory<LmdbArchiveFixture>("Tight", tight()));
const auto kDurable = testing::Values(
    factory<LmdbArchiveFixture>("Repository", LmdbOptions{}),
    factory<LmdbArchiveFixture>("Tight", tight()),
    ArchiveFactory{"Subject", [] {
                     return std::make_unique<SubjectArchiveFixture<LmdbServerStoreFixture>>();
                   }});

}  // namespace

INSTANTIATE_TEST_SUITE_P(Lmdb, ArchiveConformance, kDurable, archive_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, CollectableArchiveConformance, kCollectable, archive_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, DurableArchiveConformance, kDurable, archive_name);
INSTANTIATE_TEST_SUITE_P(LmdbQuarantine, ArchiveConformance,
                         testing::Values(factory<QuarantineFixture>("InMemory", LmdbOptions{}),
                                         factory<QuarantineFixture>("Spilling", tight())),
                         archive_name);

INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, HeadStoreConformance, LmdbRepositoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, HeadStoreRaces, LmdbRepositoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, ServerStoreConformance, LmdbServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, SubjectConformance, LmdbServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, SubjectRaces, LmdbServerStoreFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, RegisterConformance, RegisterOf<LmdbServerStoreFixture>);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, RegisterRaces, RegisterOf<LmdbServerStoreFixture>);

}  // namespace dialog::test
