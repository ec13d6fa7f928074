#pragma once

#include <memory>
#include <utility>

#include "archive_fixture.hpp"
#include "dialog/backends/store_open.hpp"
#include "dialog/base/check.hpp"
#include "store_fixture.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {

/// A store in a folder of its own.
template <class Interface, class Store, class Options>
class FolderFixture final : public StoreFixture<Interface> {
 public:
  explicit FolderFixture(const Options& options = {}) : options_(options) {
    options_.open = StoreOpen::ensure;
    open();
  }

  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto opened = Store::open(folder_.path(), options_);
    DIALOG_CHECK(opened.has_value(), opened.error().message.c_str());
    store_ = *std::move(opened);
  }

  TempFolder folder_{TempFolder::On::memory};
  Options options_;
  std::unique_ptr<Store> store_;
};

/// The archive of a repository's store.
template <class Stores, class Options>
class RepositoryArchiveFixture final : public ArchiveFixture {
 public:
  explicit RepositoryArchiveFixture(const Options& options = {}) : stores_(options) {}
  Archive& archive() override { return stores_.store().archive(); }
  CollectableArchive* collectable() override { return &stores_.store().archive(); }
  void reopen() override { stores_.reopen(); }

 private:
  Stores stores_;
};

}  // namespace dialog::test
