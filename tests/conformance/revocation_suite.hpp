#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "backend_fixture.hpp"
#include "dialog/remote/server_store.hpp"

namespace dialog::test {

/// What every `RevocationStore` must do. A fixture as for `ServerStoreConformance`, whose store
/// keeps revocations.
template <class Fixture>
class RevocationConformance : public testing::Test {
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

TYPED_TEST_SUITE_P(RevocationConformance);

TYPED_TEST_P(RevocationConformance, ThereIsNoneAtFirst) {
  EXPECT_TRUE(this->list(this->one_).empty());
}

TYPED_TEST_P(RevocationConformance, WhatWasAddedIsListedInOrder) {
  std::vector<Revocation> added;
  for (int i = 0; i < 20; ++i) {
    added.push_back(this->revocation(std::to_string(i), 2'000 + i));
    ASSERT_TRUE(this->add(this->one_, added.back()).has_value());
  }
  EXPECT_EQ(this->list(this->one_), this->sorted(added));
  EXPECT_TRUE(this->list(this->two_).empty());
}

TYPED_TEST_P(RevocationConformance, ItIsThereAfterReopening) {
  ASSERT_TRUE(this->add(this->one_, this->revocation("a")).has_value());
  this->fixture_.reopen();
  EXPECT_EQ(this->list(this->one_), std::vector{this->revocation("a")});
}

TYPED_TEST_P(RevocationConformance, TheLaterOfTwoTimesCounts) {
  ASSERT_TRUE(this->add(this->one_, this->revocation("a", 3'000)).has_value());
  ASSERT_TRUE(this->add(this->one_, this->revocation("a", 2'000)).has_value());
  EXPECT_EQ(this->list(this->one_), std::vector{this->revocation("a", 3'000)});
  ASSERT_TRUE(this->add(this->one_, this->revocation("a", 4'000)).has_value());
  EXPECT_EQ(this->list(this->one_), std::vector{this->revocation("a", 4'000)});
}

TYPED_TEST_P(RevocationConformance, WhatHasExpiredIsForgottenWithTheNext) {
  ASSERT_TRUE(this->add(this->one_, this->revocation("a", 1'500)).has_value());
  ASSERT_TRUE(this->add(this->one_, this->revocation("b", 1'501)).has_value());
  ASSERT_TRUE(
      this->add(this->one_, this->revocation("c"), std::chrono::seconds(1'500)).has_value());
  EXPECT_EQ(this->list(this->one_),
            this->sorted({this->revocation("b", 1'501), this->revocation("c")}));
}

TYPED_TEST_P(RevocationConformance, NoneIsForgottenForWantOfRoom) {
  ASSERT_TRUE(this->add(this->one_, this->revocation("a"), this->kNow, 2).has_value());
  ASSERT_TRUE(this->add(this->one_, this->revocation("b"), this->kNow, 2).has_value());
  const auto refused = this->add(this->one_, this->revocation("c"), this->kNow, 2);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(this->list(this->one_).size(), 2U);
  EXPECT_TRUE(this->add(this->one_, this->revocation("a", 9'000), this->kNow, 2).has_value())
      << "one that is there already needs no room";
  EXPECT_TRUE(this->add(this->two_, this->revocation("c"), this->kNow, 2).has_value());
}

TYPED_TEST_P(RevocationConformance, ThereIsRoomForAThousand) {
  for (std::size_t i = 0; i < kRevocationsMax; ++i)
    ASSERT_TRUE(this->add(this->one_, this->revocation(std::to_string(i))).has_value());
  EXPECT_EQ(this->list(this->one_).size(), kRevocationsMax);
  EXPECT_FALSE(this->add(this->one_, this->revocation("more")).has_value());
}

REGISTER_TYPED_TEST_SUITE_P(RevocationConformance, ThereIsNoneAtFirst, WhatWasAddedIsListedInOrder,
                            ItIsThereAfterReopening, TheLaterOfTwoTimesCounts,
                            WhatHasExpiredIsForgottenWithTheNext, NoneIsForgottenForWantOfRoom,
                            ThereIsRoomForAThousand);

}  // namespace dialog::test
