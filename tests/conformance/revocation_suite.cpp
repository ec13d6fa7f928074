#include "revocation_suite.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace dialog::test {

TEST_P(RevocationConformance, ThereIsNoneAtFirst) { EXPECT_TRUE(list(one_).empty()); }

TEST_P(RevocationConformance, WhatWasAddedIsListedInOrder) {
  std::vector<Revocation> added;
  for (int i = 0; i < 20; ++i) {
    added.push_back(revocation(std::to_string(i), 2'000 + i));
    ASSERT_TRUE(add(one_, added.back()).has_value());
  }
  EXPECT_EQ(list(one_), sorted(added));
  EXPECT_TRUE(list(two_).empty());
}

TEST_P(RevocationConformance, ItIsThereAfterReopening) {
  ASSERT_TRUE(add(one_, revocation("a")).has_value());
  fixture().reopen();
  EXPECT_EQ(list(one_), std::vector{revocation("a")});
}

TEST_P(RevocationConformance, ItStaysWhereTheSubjectIsRemoved) {
  const Register::Swap swap{{}, revision_number(1), {}, "", false};
  ASSERT_TRUE(fixture().store().head_register().swap(one_, swap, {}).has_value());
  ASSERT_TRUE(add(one_, revocation("a")).has_value());
  EXPECT_EQ(fixture().store().remove(one_, {}).value_or(false), true);
  EXPECT_EQ(list(one_), std::vector{revocation("a")});
}

TEST_P(RevocationConformance, TheLaterOfTwoTimesCounts) {
  ASSERT_TRUE(add(one_, revocation("a", 3'000)).has_value());
  ASSERT_TRUE(add(one_, revocation("a", 2'000)).has_value());
  EXPECT_EQ(list(one_), std::vector{revocation("a", 3'000)});
  ASSERT_TRUE(add(one_, revocation("a", 4'000)).has_value());
  EXPECT_EQ(list(one_), std::vector{revocation("a", 4'000)});
}

TEST_P(RevocationConformance, WhatHasExpiredIsForgottenWithTheNext) {
  ASSERT_TRUE(add(one_, revocation("a", 1'500)).has_value());
  ASSERT_TRUE(add(one_, revocation("b", 1'501)).has_value());
  ASSERT_TRUE(add(one_, revocation("c"), std::chrono::seconds(1'500)).has_value());
  EXPECT_EQ(list(one_), sorted({revocation("b", 1'501), revocation("c")}));
}

TEST_P(RevocationConformance, NoneIsForgottenForWantOfRoom) {
  ASSERT_TRUE(add(one_, revocation("a"), kNow, 2).has_value());
  ASSERT_TRUE(add(one_, revocation("b"), kNow, 2).has_value());
  const auto refused = add(one_, revocation("c"), kNow, 2);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(list(one_).size(), 2U);
  EXPECT_TRUE(add(one_, revocation("a", 9'000), kNow, 2).has_value())
      << "one that is there already needs no room";
  EXPECT_TRUE(add(two_, revocation("c"), kNow, 2).has_value());
}

TEST_P(RevocationConformance, ThereIsRoomForAThousand) {
  for (std::size_t i = 0; i < kRevocationsMax; ++i)
    ASSERT_TRUE(add(one_, revocation(std::to_string(i))).has_value());
  EXPECT_EQ(list(one_).size(), kRevocationsMax);
  EXPECT_FALSE(add(one_, revocation("more")).has_value());
}

}  // namespace dialog::test
