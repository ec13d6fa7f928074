#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server_store_fixture.hpp"

namespace dialog::test {

/// What every `RevocationStore` must do, as the part of a store that keeps revocations.
class RevocationConformance : public FixtureTest<ServerStoreFixture> {
 protected:
  static constexpr std::chrono::seconds kNow{1'000};

  RevocationStore& revocations() {
    RevocationStore* const store = fixture().store().revocations();
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

  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

/// What every `RevocationStore` must do where several threads revoke at once.
class RevocationRaces : public RevocationConformance {};

}  // namespace dialog::test
