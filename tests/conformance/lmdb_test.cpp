#include "archive_suite.hpp"
#include "head_store_suite.hpp"
#include "lmdb_fixture.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "server_store_suite.hpp"
#include "subject_suite.hpp"

namespace dialog::test {
namespace {

using LmdbArchiveFixture = RepositoryArchiveFixture<LmdbRepositoryFixture, LmdbOptions>;

class QuarantineFixture final : public ArchiveFixture {
 public:
  explicit QuarantineFixture(const LmdbOptions& options = {})
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

const auto kCollectable = testing::Values(factory<LmdbArchiveFixture>("Repository"),
                                          factory<LmdbArchiveFixture>("Tight", tight()));
const auto kDurable = testing::Values(
    factory<LmdbArchiveFixture>("Repository"), factory<LmdbArchiveFixture>("Tight", tight()),
    factory<SubjectArchiveFixture<LmdbServerStoreFixture>>("Subject"));

}  // namespace

INSTANTIATE_TEST_SUITE_P(Lmdb, ArchiveConformance, kDurable, factory_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, CollectableArchiveConformance, kCollectable, factory_name);
INSTANTIATE_TEST_SUITE_P(Lmdb, DurableArchiveConformance, kDurable, factory_name);
INSTANTIATE_TEST_SUITE_P(LmdbQuarantine, ArchiveConformance,
                         testing::Values(factory<QuarantineFixture>("InMemory"),
                                         factory<QuarantineFixture>("Spilling", tight())),
                         factory_name);

INSTANTIATE_TEST_SUITE_P(Lmdb, HeadStoreConformance, only<LmdbRepositoryFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, HeadStoreRaces, only<LmdbRepositoryFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, ServerStoreConformance, only<LmdbServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, SubjectConformance, only<LmdbServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, QuotaConformance, only<LmdbServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, SubjectRaces, only<LmdbServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, RevocationConformance, only<LmdbServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, RevocationRaces, only<LmdbServerStoreFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, RegisterConformance, only<RegisterOf<LmdbServerStoreFixture>>());
INSTANTIATE_TEST_SUITE_P(Lmdb, RegisterRaces, only<RegisterOf<LmdbServerStoreFixture>>());

}  // namespace dialog::test
