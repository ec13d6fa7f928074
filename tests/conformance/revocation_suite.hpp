#pragma once

#include "revocation_fixture.hpp"

namespace dialog::test {

/// What every `RevocationStore` must do.
template <class Fixture>
class RevocationConformance : public RevocationTest<Fixture> {};
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
