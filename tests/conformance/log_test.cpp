#include <memory>
#include <string>
#include <utility>

#include "archive_suite.hpp"
#include "dialog/backends/log_repository_store.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "dialog/base/check.hpp"
#include "head_store_race_suite.hpp"
#include "head_store_suite.hpp"
#include "register_race_suite.hpp"
#include "register_suite.hpp"
#include "server_store_suite.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {
namespace {

/// A store in a folder of its own.
template <class Store>
class LogFixture {
 public:
  explicit LogFixture(const LogOptions& options = {}) : options_(options) {
    options_.open = StoreOpen::ensure;
    reopen();
  }
  Store& store() { return *store_; }
  void reopen() {
    store_.reset();
    auto opened = Store::open(folder_.path(), options_);
    DIALOG_CHECK(opened.has_value(), opened.error().message.c_str());
    store_ = *std::move(opened);
  }

 private:
  TempFolder folder_{TempFolder::On::memory};
  LogOptions options_;
  std::unique_ptr<Store> store_;
};

using LogRepositoryFixture = LogFixture<LogRepositoryStore>;
using LogServerStoreFixture = LogFixture<LogServerStore>;

class LogArchiveFixture final : public ArchiveFixture {
 public:
  explicit LogArchiveFixture(const LogOptions& options) : stores_(options) {}
  Archive& archive() override { return stores_.store().archive(); }
  CollectableArchive* collectable() override { return &stores_.store().archive(); }
  void reopen() override { stores_.reopen(); }

 private:
  LogRepositoryFixture stores_;
};

ArchiveFactory factory(std::string name, const LogOptions& options) {
  return {std::move(name), [options] { return std::make_unique<LogArchiveFixture>(options); }};
}

// Crosses the bounds that an ordinary test never reaches.
LogOptions tight() {
  LogOptions options;
  options.limits.segment_bytes_max = 20'000;
  options.limits.buffered_bytes_max = 5'000;
  options.limits.checkpoint_entries = 10;
  return options;
}

const auto kArchives = testing::Values(factory("Repository", {}), factory("Tight", tight()));

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
INSTANTIATE_TYPED_TEST_SUITE_P(Log, RegisterConformance, RegisterOf<LogServerStoreFixture>);
INSTANTIATE_TYPED_TEST_SUITE_P(Log, RegisterRaces, RegisterOf<LogServerStoreFixture>);

}  // namespace dialog::test
