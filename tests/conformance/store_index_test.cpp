#include "dialog/base/check.hpp"
#include "lmdb_index.hpp"
#include "store_index_suite.hpp"
#include "support/store_parts.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {
namespace {

class MemoryFixture final : public StoreIndexFixture {
 public:
  store::Index& index() override { return index_; }
  void reopen() override {}

 private:
  MemoryIndex index_;
};

class LmdbFixture final : public StoreIndexFixture {
 public:
  LmdbFixture() { open(); }
  store::Index& index() override { return *index_; }
  void reopen() override {
    index_.reset();
    open();
  }

 private:
  void open() {
    LmdbOptions options;
    options.open = StoreOpen::ensure;
    auto environment =
        lmdb::Environment::open(folder_.path(), lmdb::Purpose::server_index, options);
    DIALOG_CHECK(environment.has_value(), environment.error().message.c_str());
    index_ = std::make_unique<lmdb::LogIndex>(*std::move(environment));
    DIALOG_CHECK(index_->prepare().has_value(), "the index of a test");
  }

  TempFolder folder_{TempFolder::On::memory};
  std::unique_ptr<lmdb::LogIndex> index_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreIndexConformance, only<MemoryFixture>());
INSTANTIATE_TEST_SUITE_P(Lmdb, StoreIndexConformance, only<LmdbFixture>());

}  // namespace
}  // namespace dialog::test
