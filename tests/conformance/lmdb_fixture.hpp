#pragma once

#include <memory>
#include <string>
#include <utility>

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/lmdb_server_store.hpp"
#include "dialog/base/check.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {

/// A store in a folder of its own.
template <class Store>
class LmdbFixture {
 public:
  explicit LmdbFixture(const LmdbOptions& options = {}) : options_(options) {
    options_.open = StoreOpen::ensure;
    reopen();
  }

  Store& store() { return *store_; }
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }

  void reopen() {
    store_.reset();
    auto opened = Store::open(folder_.path(), options_);
    DIALOG_CHECK(opened.has_value(), opened.error().message.c_str());
    store_ = *std::move(opened);
  }

 private:
  TempFolder folder_{TempFolder::On::memory};
  LmdbOptions options_;
  std::unique_ptr<Store> store_;
};

using LmdbRepositoryFixture = LmdbFixture<LmdbRepositoryStore>;

using LmdbServerStoreFixture = LmdbFixture<LmdbServerStore>;

}  // namespace dialog::test
