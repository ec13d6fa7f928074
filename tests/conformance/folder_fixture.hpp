#pragma once

#include <memory>
#include <string>
#include <utility>

#include "archive_suite.hpp"
#include "dialog/backends/store_open.hpp"
#include "dialog/base/check.hpp"
#include "support/temp_folder.hpp"

namespace dialog::test {

/// A store in a folder of its own.
template <class Store, class Options>
class FolderFixture {
 public:
  explicit FolderFixture(const Options& options = {}) : options_(options) {
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
  Options options_;
  std::unique_ptr<Store> store_;
};

/// The archive of a repository's store.
template <class Stores, class Options>
class RepositoryArchiveFixture final : public ArchiveFixture {
 public:
  explicit RepositoryArchiveFixture(const Options& options) : stores_(options) {}
  Archive& archive() override { return stores_.store().archive(); }
  CollectableArchive* collectable() override { return &stores_.store().archive(); }
  void reopen() override { stores_.reopen(); }

 private:
  Stores stores_;
};

template <class Fixture, class Options>
ArchiveFactory factory(std::string name, const Options& options) {
  return {std::move(name), [options] { return std::make_unique<Fixture>(options); }};
}

}  // namespace dialog::test
