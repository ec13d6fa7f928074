#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "backend_fixture.hpp"
#include "dialog/remote/server_store.hpp"

namespace dialog::test {

/// The revocations of a store. A fixture as for `ServerStoreConformance`, whose store
/// keeps revocations.
template <class Fixture>
class RevocationTest : public testing::Test {
 protected:
  static constexpr std::chrono::seconds kNow{1'000};

  RevocationStore& revocations() {
    RevocationStore* const store = fixture_.store().revocations();
    EXPECT_NE(store, nullptr);
    return *store;
  }
  static Revocation revocation(const std::string& name, std::int64_t expires = 2'000) {
    return {Hash::of(name), std::chrono::seconds(expires)};
  }
  Result<void> add(const Subject& subject, const Revocation& added, std::chrono::seconds now = kNow,
                   std::size_t count_max = kRevocationsMax) {
    return revocations().add(subject, {added, now, count_max}, {});
  }
  std::vector<Revocation> list(const Subject& subject) {
    const auto found = revocations().list(subject, {});
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found.value_or(std::vector<Revocation>());
  }
  /// In the order of their hashes.
  static std::vector<Revocation> sorted(std::vector<Revocation> given) {
    std::sort(given.begin(), given.end(),
              [](const Revocation& a, const Revocation& b) { return a.capability < b.capability; });
    return given;
  }

  Fixture fixture_;
  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

}  // namespace dialog::test
