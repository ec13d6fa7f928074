#pragma once

#include <memory>

#include "archive_fixture.hpp"
#include "dialog/base/check.hpp"
#include "dialog/remote/server_store.hpp"
#include "register_fixture.hpp"
#include "store_fixture.hpp"
#include "support/subjects.hpp"

namespace dialog::test {

/// The register of a store, for the suites of `Register`.
template <class Stores>
class RegisterOf final : public RegisterFixture {
 public:
  Register& heads() override { return stores_.store().head_register(); }
  void reopen() override { stores_.reopen(); }

 private:
  Stores stores_;
};

/// The archive of one subject among others, for the suites of `Archive`.
template <class Stores>
class SubjectArchiveFixture final : public ArchiveFixture {
 public:
  SubjectArchiveFixture() {
    // Neighbours that must not show.
    for (const char* const name : {"two", "three", "four"}) {
      const Block block = Block::of(name);
      const auto neighbour = stores_.store().archive_for(subject_named(name));
      DIALOG_CHECK(neighbour->put({&block, 1}) && neighbour->flush(), "a neighbour's block");
    }
    connect();
  }
  Archive& archive() override { return *archive_; }
  void reopen() override {
    archive_.reset();
    stores_.reopen();
    connect();
  }

 private:
  void connect() { archive_ = stores_.store().archive_for(subject_named("one")); }

  Stores stores_;
  std::shared_ptr<Archive> archive_;
};

}  // namespace dialog::test
