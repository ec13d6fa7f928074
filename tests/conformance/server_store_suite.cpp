#include "server_store_suite.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <variant>
#include <vector>

namespace dialog::test {

TEST_P(ServerStoreConformance, EveryArchiveOfASubjectShowsTheSameBlocks) {
  const auto first = store().archive_for(one_);
  const auto second = store().archive_for(one_);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  const Hash hash = put(*first, "block");
  EXPECT_EQ(second->has(std::vector{hash}).value(), std::vector<bool>{true});
  EXPECT_TRUE(has(one_, hash));
}

TEST_P(ServerStoreConformance, SubjectsShareNoBlocks) {
  const Hash hash = put_and_flush(one_, "block");
  EXPECT_FALSE(has(two_, hash));
  put_and_flush(two_, "block");
  EXPECT_TRUE(has(two_, hash));
  EXPECT_TRUE(has(one_, hash));
}

TEST_P(ServerStoreConformance, AFlushedBlockOutlivesTheArchiveThatTookIt) {
  const Hash hash = put_and_flush(one_, "block");
  for (int i = 0; i < 3'000; ++i) {
    EXPECT_NE(store().archive_for(subject_named(std::to_string(i))), nullptr);
  }
  EXPECT_TRUE(has(one_, hash));
}

TEST_P(ServerStoreConformance, WhoeverAsksForASubjectDoesNotPublishIt) {
  EXPECT_FALSE(has(one_, Hash::of("block")));
  EXPECT_EQ(head(one_), std::nullopt);
  put_and_flush(one_, "block");
  EXPECT_EQ(head(one_), std::nullopt);
}

TEST_P(ServerStoreConformance, AHeadNeedsNoBlocks) {
  publish(one_, 0, 1);
  EXPECT_EQ(head(one_), revision_number(1));
  EXPECT_EQ(head(two_), std::nullopt);
}

TEST_P(ServerStoreConformance, HeadsAndBlocksOfAllSubjectsAreThereAfterReopening) {
  constexpr std::size_t kSubjects = 40;
  std::vector<Hash> hashes;
  for (std::size_t i = 0; i < kSubjects; ++i) {
    const std::string name = std::to_string(i);
    hashes.push_back(put_and_flush(subject_named(name), "block of " + name));
    publish(subject_named(name), 0, i + 1);
  }
  fixture().reopen();
  for (std::size_t i = 0; i < kSubjects; ++i) {
    const Subject subject = subject_named(std::to_string(i));
    EXPECT_TRUE(has(subject, hashes[i]));
    EXPECT_FALSE(has(subject, hashes[(i + 1) % kSubjects]));
    EXPECT_EQ(head(subject), revision_number(i + 1));
  }
}

TEST_P(ServerStoreConformance, IsWritable) {
  EXPECT_TRUE(store().check_writable().has_value());
  publish(one_, 0, 1);
  EXPECT_TRUE(store().check_writable().has_value());
}

TEST_P(ServerStoreConformance, SwapsThatComeTogetherComeOneAfterTheOther) {
  const auto swap = [](std::uint64_t from, std::uint64_t to) {
    return Register::Swap{revision_number(from), revision_number(to), {}, "", false};
  };
  const Subject three = subject_named("three");
  publish(one_, 0, 1);
  const std::vector<Register::Swap> swaps{swap(1, 2), swap(1, 3), swap(0, 7), swap(2, 4),
                                          swap(9, 8)};
  const std::vector<Register::Asked> asked{
      {one_, swaps[0]}, {one_, swaps[1]}, {two_, swaps[2]}, {one_, swaps[3]}, {three, swaps[4]}};
  const auto outcomes = store().head_register().swap_all(asked, {});
  ASSERT_EQ(outcomes.size(), asked.size());
  for (const auto& outcome : outcomes) ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  for (const std::size_t accepted : {0U, 2U, 3U}) {
    ASSERT_TRUE(std::holds_alternative<Register::Accepted>(*outcomes[accepted])) << accepted;
  }
  EXPECT_EQ(std::get<Register::Accepted>(*outcomes[3]).record.previous, revision_number(2));
  EXPECT_EQ(std::get<Register::Accepted>(*outcomes[3]).record.sequence, 3U);
  // What it lost against, or what came after that and is durable, too.
  const auto& lost = std::get<Register::Refused>(*outcomes[1]).actual;
  ASSERT_TRUE(lost.has_value());
  EXPECT_TRUE(lost->revision == revision_number(2) || lost->revision == revision_number(4));
  EXPECT_FALSE(std::get<Register::Refused>(*outcomes[4]).actual.has_value());
  fixture().reopen();
  EXPECT_EQ(head(one_), revision_number(4));
  EXPECT_EQ(head(two_), revision_number(7));
}

}  // namespace dialog::test
