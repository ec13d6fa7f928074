#include "removal_suite.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace dialog::test {

TEST_P(RemovalConformance, WhatIsBeingRemovedIsNeitherReadNorWritten) {
  swap(one_, 0, 1);
  swap(one_, 1, 2);
  swap(two_, 0, 1);
  ASSERT_TRUE(begin(one_));
  expect_being_removed(one_);
  EXPECT_EQ(swap(two_, 1, 2), 2U) << "others go on";
  end(one_);
  EXPECT_EQ(heads().read(one_, {}).value(), std::nullopt);
}

TEST_P(RemovalConformance, WhatFollowsBeginsAnew) {
  for (int time = 0; time < 3; ++time) {
    EXPECT_EQ(swap(one_, 0, 7), 1U);
    EXPECT_EQ(swap(one_, 7, 8), 2U);
    EXPECT_EQ(swap(one_, 8, 9), 3U);
    EXPECT_EQ(numbers(), (std::vector<std::uint64_t>{1, 2, 3}));
    if (time == 1) fixture().reopen();
    EXPECT_EQ(numbers(1), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(numbers(3), std::vector<std::uint64_t>{});
    EXPECT_EQ(heads().read(one_, {}).value()->sequence, 3U);
    EXPECT_EQ(heads().history(one_, 0, 1, {}).value().records[0].previous, Revision());
    ASSERT_TRUE(begin(one_));
    end(one_);
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{});
    const auto stale = try_swap(one_, 9, 10);
    ASSERT_TRUE(stale.has_value()) << stale.error().message;
    EXPECT_EQ(std::get<Register::Refused>(*stale).actual, std::nullopt);
  }
}

TEST_P(RemovalConformance, WhereNothingWasPublishedThereIsNothingToRemove) {
  EXPECT_FALSE(begin(one_));
  end(one_);
  EXPECT_EQ(swap(one_, 0, 1), 1U);
  EXPECT_TRUE(begin(one_));
  end(one_);
  EXPECT_FALSE(begin(one_));
  EXPECT_EQ(heads().read(one_, {}).value(), std::nullopt);
}

TEST_P(RemovalConformance, WhatWasNeverPublishedIsKeptFromBeingPublishedMeanwhile) {
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(begin(one_, true));
    expect_being_removed(one_);
    end(one_);
    EXPECT_EQ(heads().read(one_, {}).value(), std::nullopt);
  }
  const auto created = heads().swap(one_, {{}, revision_number(1), {}, "", true}, {});
  ASSERT_TRUE(created.has_value()) << created.error().message;
  EXPECT_TRUE(std::holds_alternative<Register::Accepted>(*created));
}

TEST_P(RemovalConformance, TheListShowsHeadsInTheOrderOfTheirIds) {
  EXPECT_TRUE(list(10).empty());
  std::set<std::string> dids;
  for (int i = 0; i < 20; ++i) {
    const Subject subject = subject_named(std::to_string(i));
    swap(subject, 0, 1);
    if (i % 4 == 0) swap(subject, 1, 2);
    if (i % 2 == 0) {
      dids.insert(subject.did());
      continue;
    }
    begin(subject);
    if (i % 4 == 1) end(subject);
  }
  fixture().reopen();
  for (const std::size_t page_size : {1U, 3U, 10U, 11U, 100U}) {
    const auto listed = list(page_size);
    std::set<std::string> found;
    for (const auto& entry : listed) {
      found.insert(entry.did);
      const Subject subject = Subject::parse(entry.did).value();
      EXPECT_EQ(entry.id, subject.id());
      EXPECT_EQ(entry.head, heads().read(subject, {}).value().value());
    }
    EXPECT_EQ(found, dids);
    EXPECT_EQ(listed.size(), dids.size());
    EXPECT_TRUE(std::is_sorted(listed.begin(), listed.end(),
                               [](const auto& a, const auto& b) { return a.id < b.id; }));
  }
}

TEST_P(SharedRemovalConformance, OneThatWasCutShortIsSeenByAllAndTakenUpAgain) {
  swap(one_, 0, 1);
  ASSERT_TRUE(begin(one_));
  fixture().reopen();
  expect_being_removed(one_);
  EXPECT_TRUE(begin(one_)) << "there is one to end";
  expect_being_removed(one_);
  end(one_);
  fixture().reopen();
  EXPECT_EQ(heads().read(one_, {}).value(), std::nullopt);
  EXPECT_EQ(swap(one_, 0, 2), 1U);
}

}  // namespace dialog::test
