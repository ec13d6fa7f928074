#include "head_store_suite.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/generator.hpp"
#include "support/seeds.hpp"

namespace dialog::test {
using Keys = std::vector<std::string>;

TEST_P(HeadStoreConformance, AnAbsentRecordIsNoError) {
  EXPECT_EQ(read("branch/main"), std::nullopt);
  EXPECT_EQ(keys({}), Keys{});
}

TEST_P(HeadStoreConformance, ACommitCreatesReplacesAndRemoves) {
  EXPECT_TRUE(change("a", std::nullopt, "1"));
  EXPECT_EQ(read("a"), "1");
  EXPECT_TRUE(change("a", "1", "2"));
  EXPECT_EQ(read("a"), "2");
  EXPECT_TRUE(change("a", "2", std::nullopt));
  EXPECT_EQ(read("a"), std::nullopt);
}

TEST_P(HeadStoreConformance, AWrongExpectationChangesNothing) {
  ASSERT_TRUE(change("a", std::nullopt, "1"));
  EXPECT_FALSE(change("a", std::nullopt, "2"));
  EXPECT_FALSE(change("a", "0", "2"));
  EXPECT_FALSE(change("a", "", "2"));
  EXPECT_FALSE(change("b", "1", "2"));
  EXPECT_FALSE(change("b", "", std::nullopt));
  EXPECT_EQ(read("a"), "1");
  EXPECT_EQ(read("b"), std::nullopt);
}

TEST_P(HeadStoreConformance, ChangesHappenAllOrNone) {
  ASSERT_TRUE(commit({{"a", std::nullopt, "1"}, {"b", std::nullopt, "1"}}));
  EXPECT_FALSE(commit({{"a", "1", "2"}, {"b", "0", "2"}, {"c", std::nullopt, "2"}}));
  EXPECT_EQ(read("a"), "1");
  EXPECT_EQ(read("b"), "1");
  EXPECT_EQ(read("c"), std::nullopt);
  EXPECT_TRUE(commit({{"a", "1", "2"}, {"b", "1", std::nullopt}, {"c", std::nullopt, "2"}}));
  EXPECT_EQ(read("a"), "2");
  EXPECT_EQ(read("b"), std::nullopt);
  EXPECT_EQ(read("c"), "2");
}

TEST_P(HeadStoreConformance, AnUnchangedRecordCanGuardACommit) {
  ASSERT_TRUE(change("guard", std::nullopt, "1"));
  EXPECT_FALSE(commit({{"guard", "0", "0"}, {"a", std::nullopt, "1"}}));
  EXPECT_FALSE(commit({{"none", "0", "0"}, {"a", std::nullopt, "1"}}));
  EXPECT_TRUE(commit(
      {{"guard", "1", "1"}, {"none", std::nullopt, std::nullopt}, {"a", std::nullopt, "1"}}));
  EXPECT_EQ(read("guard"), "1");
  EXPECT_EQ(read("none"), std::nullopt);
}

TEST_P(HeadStoreConformance, AnEmptyValueIsAValue) {
  ASSERT_TRUE(change("a", std::nullopt, ""));
  EXPECT_EQ(read("a"), "");
  EXPECT_FALSE(change("a", std::nullopt, "1"));
  EXPECT_TRUE(change("a", "", "1"));
}

TEST_P(HeadStoreConformance, KeysAndValuesHoldAnyByte) {
  const std::string key("\0\xff/\x80", 4);
  const Bytes value("\xff\0\0", 3);
  ASSERT_TRUE(change(key, std::nullopt, value));
  EXPECT_EQ(read(key), value);
  EXPECT_EQ(keys({}), Keys{key});
}

TEST_P(HeadStoreConformance, ALargeValueIsKept) {
  const Bytes value = Generator(1).bytes(300'000);
  ASSERT_TRUE(change("large", std::nullopt, value));
  fixture().reopen();
  EXPECT_EQ(read("large"), value);
  EXPECT_TRUE(change("large", value, "small"));
}

TEST_P(HeadStoreConformance, TheLongestKeyIsKept) {
  const std::string key(400, 'k');
  ASSERT_TRUE(change(key, std::nullopt, "1"));
  EXPECT_EQ(read(key), "1");
}

TEST_P(HeadStoreConformance, RefusesKeysThatAreEmptyOrTooLong) {
  EXPECT_EQ(refusal({{"", std::nullopt, "1"}}), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({{std::string(401, 'k'), std::nullopt, "1"}}), ErrorCode::invalid_argument);
  EXPECT_EQ(keys({}), Keys{});
}

TEST_P(HeadStoreConformance, RefusesTwoChangesOfOneKey) {
  EXPECT_EQ(refusal({{"a", std::nullopt, "1"}, {"a", "1", "2"}}), ErrorCode::invalid_argument);
  EXPECT_EQ(read("a"), std::nullopt);
}

TEST_P(HeadStoreConformance, ACommitOfNothingSucceeds) { EXPECT_TRUE(commit({})); }

TEST_P(HeadStoreConformance, WhatIsSubmittedShowsAtOnceWhereThatIsAskedFor) {
  ASSERT_TRUE(submit("a", std::nullopt, "1"));
  EXPECT_EQ(read("a", HeadStore::View::submitted), "1");
  EXPECT_EQ(keys({}, HeadStore::View::submitted), Keys{"a"});
}

TEST_P(HeadStoreConformance, ASubmissionIsComparedWithWhatWasSubmittedBefore) {
  ASSERT_TRUE(submit("a", std::nullopt, "1"));
  EXPECT_FALSE(submit("a", std::nullopt, "2"));
  const auto ticket = submit("a", "1", "2");
  ASSERT_TRUE(ticket);
  ASSERT_TRUE(heads().wait(*ticket).has_value());
  EXPECT_EQ(read("a"), "2");
}

TEST_P(HeadStoreConformance, AWaitMakesDurableWhatWasSubmittedUpToItsTicket) {
  const auto first = submit("a", std::nullopt, "1");
  const auto second = submit("b", std::nullopt, "2");
  const auto third = submit("a", "1", "3");
  ASSERT_TRUE(first && second && third);
  EXPECT_LE(first->number, second->number);
  EXPECT_LE(second->number, third->number);
  ASSERT_TRUE(heads().wait(*second).has_value());
  ASSERT_TRUE(heads().wait(*first).has_value());
  EXPECT_NE(read("a"), std::nullopt);
  EXPECT_EQ(read("b"), "2");
  fixture().reopen();
  EXPECT_NE(read("a"), std::nullopt);
  EXPECT_EQ(read("b"), "2");
}

TEST_P(HeadStoreConformance, ASubmissionOfNothingNamesAllBeforeIt) {
  ASSERT_TRUE(submit("a", std::nullopt, "1"));
  const auto nothing = heads().submit({});
  ASSERT_TRUE(nothing.has_value() && nothing->has_value());
  ASSERT_TRUE(heads().wait(**nothing).has_value());
  fixture().reopen();
  EXPECT_EQ(read("a"), "1");
}

TEST_P(HeadStoreConformance, WhatShowsAsDurableIsThereAfterReopening) {
  std::optional<HeadStore::Ticket> last;
  for (int i = 0; i < 10; ++i) {
    last = submit(std::to_string(i), std::nullopt, "1");
    ASSERT_TRUE(last);
    if (i == 4) {
      ASSERT_TRUE(heads().wait(*last).has_value());
    }
  }
  const Keys durable = keys({});
  fixture().reopen();
  const Keys kept = keys({});
  EXPECT_GE(durable.size(), 5U);
  ASSERT_GE(kept.size(), durable.size());
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], std::to_string(i));
  EXPECT_EQ(keys({}, HeadStore::View::submitted), kept);
}

TEST_P(HeadStoreConformance, ListsInTheOrderOfUnsignedBytes) {
  create({"b", "a/2", "a", "\xc3\xa9", "a/10", "Z"});
  EXPECT_EQ(keys({}), (Keys{"Z", "a", "a/10", "a/2", "b", "\xc3\xa9"}));
  EXPECT_EQ(keys({.reverse = true}), (Keys{"\xc3\xa9", "b", "a/2", "a/10", "a", "Z"}));
}

TEST_P(HeadStoreConformance, ListsTheValuesToo) {
  create({"a", "b"});
  EXPECT_EQ(heads().list({}).value(),
            (std::vector<Record>{{"a", "value of a"}, {"b", "value of b"}}));
}

TEST_P(HeadStoreConformance, ListsAPrefixOnly) {
  create({"a", "log/", "log/1", "log/2", "logs", "z"});
  EXPECT_EQ(keys({.prefix = "log/"}), (Keys{"log/", "log/1", "log/2"}));
  EXPECT_EQ(keys({.prefix = "log/", .reverse = true}), (Keys{"log/2", "log/1", "log/"}));
  EXPECT_EQ(keys({.prefix = "none"}), Keys{});
}

TEST_P(HeadStoreConformance, ListsAPrefixOfTheHighestBytes) {
  create({"\xfe", "\xff", "\xff\xff", "\xff\xff\x01"});
  EXPECT_EQ(keys({.prefix = "\xff\xff"}), (Keys{"\xff\xff", "\xff\xff\x01"}));
  EXPECT_EQ(keys({.prefix = "\xff\xff", .reverse = true}), (Keys{"\xff\xff\x01", "\xff\xff"}));
}

TEST_P(HeadStoreConformance, GoesOnBeyondAKeyInTheDirectionOfTheListing) {
  create({"p1", "p2", "p3", "q"});
  EXPECT_EQ(keys({.prefix = "p", .after = "p1"}), (Keys{"p2", "p3"}));
  EXPECT_EQ(keys({.prefix = "p", .after = "p2", .reverse = true}), (Keys{"p1"}));
  EXPECT_EQ(keys({.prefix = "p", .after = "p2a"}), (Keys{"p3"}));
  EXPECT_EQ(keys({.prefix = "p", .after = "p2a", .reverse = true}), (Keys{"p2", "p1"}));
}

TEST_P(HeadStoreConformance, AStartOutsideThePrefixIsTheEndOrNoBound) {
  create({"a", "p1", "p2", "z"});
  EXPECT_EQ(keys({.prefix = "p", .after = "a"}), (Keys{"p1", "p2"}));
  EXPECT_EQ(keys({.prefix = "p", .after = "z"}), Keys{});
  EXPECT_EQ(keys({.prefix = "p", .after = "z", .reverse = true}), (Keys{"p2", "p1"}));
  EXPECT_EQ(keys({.prefix = "p", .after = "a", .reverse = true}), Keys{});
}

TEST_P(HeadStoreConformance, StopsAtTheLimit) {
  create({"a", "b", "c"});
  EXPECT_EQ(keys({.limit = 2}), (Keys{"a", "b"}));
  EXPECT_EQ(keys({.limit = 2, .reverse = true}), (Keys{"c", "b"}));
  EXPECT_EQ(keys({.limit = 0}), Keys{});
}

TEST_P(HeadStoreConformance, ACommitMakesBlocksOfEarlierPutsDurable) {
  const Block block = Block::of("needed by the record");
  ASSERT_TRUE(fixture().store().archive().put({&block, 1}).has_value());
  ASSERT_TRUE(change("head", std::nullopt, Bytes(block.hash().bytes())));
  fixture().reopen();
  const Hash root = *Hash::from_bytes(*read("head"));
  const auto found = fixture().store().archive().get_one(root);
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->bytes(), "needed by the record");
}

TEST_P(HeadStoreConformance, BlocksOfARefusedCommitStayVisible) {
  const Block block = Block::of("not needed yet");
  ASSERT_TRUE(fixture().store().archive().put({&block, 1}).has_value());
  ASSERT_FALSE(change("head", "0", "1"));
  EXPECT_EQ(fixture().store().archive().has(std::vector{block.hash()}).value(),
            std::vector<bool>{true});
  ASSERT_TRUE(change("head", std::nullopt, "1"));
  fixture().reopen();
  EXPECT_EQ(fixture().store().archive().has(std::vector{block.hash()}).value(),
            std::vector<bool>{true});
}

TEST_P(HeadStoreConformance, ARecordIsThereAfterReopening) {
  create({"a", "b"});
  fixture().reopen();
  EXPECT_EQ(read("a"), "value of a");
  EXPECT_EQ(keys({}), (Keys{"a", "b"}));
}

TEST_P(HeadStoreConformance, AQuarantineIsApartFromTheArchive) {
  const Block outside = Block::of("outside");
  const Block inside = Block::of("inside");
  auto& archive = fixture().store().archive();
  ASSERT_TRUE(archive.put({&outside, 1}).has_value());
  auto quarantine = fixture().store().make_quarantine();
  ASSERT_TRUE(quarantine.has_value()) << quarantine.error().message;
  ASSERT_TRUE((*quarantine)->put({&inside, 1}).has_value());
  const std::vector<Hash> both{outside.hash(), inside.hash()};
  EXPECT_EQ((*quarantine)->has(both).value(), (std::vector<bool>{false, true}));
  EXPECT_EQ(archive.has(both).value(), (std::vector<bool>{true, false}));
}

TEST_P(HeadStoreConformance, WriteLeasesKeepACollectorOut) {
  auto& store = fixture().store();
  auto first = store.lease(LeaseKind::write);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  auto second = store.lease(LeaseKind::write);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(store.lease(LeaseKind::collect).error().code, ErrorCode::busy);
  first->reset();
  EXPECT_EQ(store.lease(LeaseKind::collect).error().code, ErrorCode::busy);
  second->reset();
  EXPECT_TRUE(store.lease(LeaseKind::collect).has_value());
}

TEST_P(HeadStoreConformance, ACollectorIsAlone) {
  auto& store = fixture().store();
  auto collector = store.lease(LeaseKind::collect);
  ASSERT_TRUE(collector.has_value()) << collector.error().message;
  EXPECT_EQ(store.lease(LeaseKind::collect).error().code, ErrorCode::busy);
  EXPECT_EQ(store.lease(LeaseKind::write).error().code, ErrorCode::busy);
  collector->reset();
  EXPECT_TRUE(store.lease(LeaseKind::write).has_value());
}

TEST_P(HeadStoreConformance, AgreesWithAMapUnderRandomCommitsAndListings) {
  for_each_seed(6, [this](Generator& generator) {
    const std::string home = "seed/" + std::to_string(generator.seed()) + "/";
    std::map<std::string, Bytes> model;
    const auto some_key = [&] {
      return home + std::string(generator.below(3), 'x') + std::to_string(generator.below(12));
    };
    for (int step = 0; step < 60; ++step) {
      std::map<std::string, RecordChange> changes;
      bool holds = true;
      for (std::size_t i = generator.below(4); i > 0; --i) {
        const std::string key = some_key();
        const auto at = model.find(key);
        RecordChange change{
            key, at == model.end() ? std::nullopt : std::optional(at->second),
            generator.chance(1, 4) ? std::nullopt : std::optional(generator.value(50))};
        if (generator.chance(1, 8)) change.expected = "wrong" + generator.value(10);
        changes[key] = change;
      }
      std::vector<RecordChange> wanted;
      for (const auto& [key, change] : changes) {
        const auto at = model.find(key);
        holds = holds &&
                change.expected == (at == model.end() ? std::nullopt : std::optional(at->second));
        wanted.push_back(change);
      }
      ASSERT_EQ(commit(wanted), holds);
      if (holds) {
        for (const RecordChange& change : wanted) {
          model.erase(change.key);
          if (change.desired) model[change.key] = *change.desired;
        }
      }
      const std::string prefix = home + std::string(generator.below(3), 'x');
      const std::string after = generator.chance(1, 2) ? "" : some_key();
      const HeadStore::Range range{prefix, after, generator.below(8), generator.chance(1, 2)};
      Keys expected;
      for (const auto& [key, value] : model) {
        if (!key.starts_with(prefix)) continue;
        if (!after.empty() && (range.reverse ? key >= after : key <= after)) continue;
        expected.push_back(key);
      }
      if (range.reverse) std::reverse(expected.begin(), expected.end());
      if (expected.size() > range.limit) expected.resize(range.limit);
      ASSERT_EQ(keys(range), expected);
    }
  });
}

}  // namespace dialog::test
