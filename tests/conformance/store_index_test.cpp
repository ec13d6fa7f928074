#include "dialog/base/check.hpp"
#include "lmdb_index.hpp"
#include "store_index_suite.hpp"
#include "support/store_parts.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {
namespace {

class MemoryFixture {
 public:
  store::Index& index() { return index_; }
  void reopen() {}

 private:
  MemoryIndex index_;
};

class LmdbFixture {
 public:
  LmdbFixture() { reopen(); }
  store::Index& index() { return *index_; }
  void reopen() {
    index_.reset();
    LmdbOptions options;
    options.open = StoreOpen::ensure;
    auto environment =
        lmdb::Environment::open(folder_.path(), lmdb::Purpose::server_index, options);
    DIALOG_CHECK(environment.has_value(), environment.error().message.c_str());
    index_ = std::make_unique<lmdb::LogIndex>(*std::move(environment));
    DIALOG_CHECK(index_->prepare().has_value(), "the index of a test");
  }

 private:
  TempFolder folder_{TempFolder::On::memory};
  std::unique_ptr<lmdb::LogIndex> index_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreIndexConformance, MemoryFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Lmdb, StoreIndexConformance, LmdbFixture);

}  // namespace
}  // namespace dialog::test
