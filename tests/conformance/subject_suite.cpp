#include "subject_suite.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/seeds.hpp"

namespace dialog::test {

TEST_P(SubjectConformance, RemovalTakesHeadHistoryAndBlocks) {
  put(one_, {block("a"), block("b")});
  publish(one_, 0, 1);
  publish(one_, 1, 2);
  EXPECT_TRUE(remove(one_));
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(head(one_), std::nullopt);
    EXPECT_EQ(swaps(one_), 0U);
    EXPECT_FALSE(has(one_, block("a")));
    EXPECT_EQ(usage(one_), Usage{});
    EXPECT_TRUE(list().empty());
    fixture().reopen();
  }
}

TEST_P(SubjectConformance, RemovalSaysWhetherThereWasAnything) {
  EXPECT_FALSE(remove(one_));
  publish(one_, 0, 1);
  EXPECT_TRUE(remove(one_));
  EXPECT_FALSE(remove(one_));
  put(one_, {block("a")});
  EXPECT_TRUE(remove(one_));
  EXPECT_FALSE(remove(one_));
}

TEST_P(SubjectConformance, RemovalLeavesOthersAlone) {
  for (const Subject& subject : {one_, two_}) {
    put(subject, {block("shared"), block(subject.did())});
    publish(subject, 0, 1);
  }
  remove(one_);
  fixture().reopen();
  EXPECT_TRUE(has(two_, block("shared")));
  EXPECT_TRUE(has(two_, block(two_.did())));
  EXPECT_EQ(usage(two_).blocks, 2U);
  EXPECT_EQ(head(two_)->sequence, 1U);
  EXPECT_EQ(list().size(), 1U);
}

TEST_P(SubjectConformance, ASubjectThatIsMadeAgainBeginsAnew) {
  for (int time = 0; time < 3; ++time) {
    EXPECT_FALSE(has(one_, block("old")));
    publish(one_, 0, 7);
    publish(one_, 7, 8);
    EXPECT_EQ(head(one_)->sequence, 2U);
    EXPECT_EQ(swaps(one_), 2U);
    put(one_, {block("new"), block("another")});
    EXPECT_EQ(usage(one_), (Usage{2, 10}));
    put(one_, {block("old")});
    remove(one_);
    if (time == 1) fixture().reopen();
  }
}

TEST_P(SubjectConformance, AnArchiveThatIsHeldGoesOnWithTheNewSubject) {
  const auto held = store().archive_for(one_);
  put(one_, {block("old")});
  remove(one_);
  const std::vector hashes{block("old").hash(), block("new").hash()};
  EXPECT_EQ(held->has(hashes).value(), (std::vector{false, false}));
  EXPECT_FALSE(held->get(hashes).value()[0]);
  const Block added = block("new");
  ASSERT_TRUE(held->put({&added, 1}).has_value());
  ASSERT_TRUE(held->flush().has_value());
  EXPECT_TRUE(has(one_, added));
  EXPECT_EQ(held->has(hashes).value(), (std::vector{false, true}));
}

TEST_P(SubjectConformance, BlocksThatAreNotFlushedGoToo) {
  const auto archive = store().archive_for(one_);
  const Block added = block("unflushed");
  ASSERT_TRUE(archive->put({&added, 1}).has_value());
  remove(one_);
  EXPECT_FALSE(has(one_, added));
  ASSERT_TRUE(archive->flush().has_value());
  EXPECT_FALSE(has(one_, added));
  fixture().reopen();
  EXPECT_FALSE(has(one_, added));
  EXPECT_EQ(usage(one_), Usage{});
}

TEST_P(SubjectConformance, UsageCountsEachBlockOnce) {
  EXPECT_EQ(usage(one_), Usage{});
  put(one_, {block("four"), block("four"), block("")});
  EXPECT_EQ(usage(one_), (Usage{2, 4}));
  put(one_, {block("four"), block("three")});
  EXPECT_EQ(usage(one_), (Usage{3, 9}));
  EXPECT_EQ(usage(two_), Usage{});
  fixture().reopen();
  EXPECT_EQ(usage(one_), (Usage{3, 9}));
  put(one_, {block("four"), block("two")});
  EXPECT_EQ(usage(one_), (Usage{4, 12}));
}

// Against a model that counts by hand, over all that changes a subject.
TEST_P(SubjectConformance, UsageAndListAreThoseOfAModel) {
  for_each_seed(5, [&](Generator& generator) {
    struct Kept {
      std::map<Hash, std::size_t> blocks;
      std::uint64_t swaps = 0;
    };
    std::map<Subject, Kept> model;
    const auto expected = [](const Kept& kept) {
      Usage sum;
      for (const auto& [hash, size] : kept.blocks) sum = {sum.blocks + 1, sum.bytes + size};
      return sum;
    };
    for (int i = 0; i < 6; ++i) remove(subject_named(std::to_string(i)));
    const std::vector<Block> all = generator.blocks(60, 400);
    for (int step = 0; step < 120; ++step) {
      const Subject subject = subject_named(std::to_string(generator.below(6)));
      switch (generator.below(8)) {
        case 0:
          EXPECT_EQ(remove(subject), model.erase(subject) > 0);
          break;
        case 1:
          publish(subject, model[subject].swaps, model[subject].swaps + 1);
          ++model[subject].swaps;
          break;
        case 2:
          if (generator.chance(1, 3)) fixture().reopen();
          break;
        default: {
          std::vector<Block> some;
          for (std::size_t i = generator.between(1, 5); i > 0; --i) {
            some.push_back(generator.pick(all));
            model[subject].blocks.emplace(some.back().hash(), some.back().size());
          }
          put(subject, some);
        }
      }
      EXPECT_EQ(usage(subject), expected(model[subject])) << "step " << step;
      if (model[subject].blocks.empty() && model[subject].swaps == 0) model.erase(subject);
    }
    std::map<Hash, Entry> wanted;
    for (const auto& [subject, kept] : model) {
      wanted[subject.id()] = {subject.id(), subject.did(), head(subject), expected(kept),
                              std::nullopt};
    }
    std::vector<Entry> in_order;
    for (const auto& [id, entry] : wanted) in_order.push_back(entry);
    EXPECT_EQ(list(generator.between(1, 7)), in_order);
  });
}

TEST_P(SubjectConformance, ListsWhatHasAHeadOrABlock) {
  std::set<std::string> dids;
  for (int i = 0; i < 30; ++i) {
    const Subject subject = subject_named(std::to_string(i));
    dids.insert(subject.did());
    if (i % 3 != 0) publish(subject, 0, 1);
    if (i % 3 != 1) put(subject, {block(std::to_string(i))});
  }
  for (int i = 30; i < 60; ++i) {
    const Subject gone = subject_named(std::to_string(i));
    publish(gone, 0, 1);
    put(gone, {block("gone")});
    remove(gone);
  }
  fixture().reopen();
  for (const std::size_t page_size : {1U, 7U, 30U, 31U}) {
    const auto entries = list(page_size);
    std::set<std::string> found;
    for (const auto& entry : entries) found.insert(entry.did);
    EXPECT_EQ(found, dids);
    EXPECT_EQ(entries.size(), dids.size());
    EXPECT_TRUE(std::is_sorted(entries.begin(), entries.end(),
                               [](const auto& a, const auto& b) { return a.id < b.id; }));
  }
}

}  // namespace dialog::test
