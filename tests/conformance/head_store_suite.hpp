#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/replica/head_store.hpp"
#include "support/generator.hpp"
#include "support/seeds.hpp"

namespace dialog::test {

/// What every `RepositoryStore` must do beside its archive, from one thread. A fixture has
/// `RepositoryStore& store()`, empty at first, and `void reopen()`, which closes and opens what is
/// durable: `INSTANTIATE_TYPED_TEST_SUITE_P(Name, HeadStoreConformance, Fixture);`
template <class Fixture>
class HeadStoreConformance : public testing::Test {
 protected:
  using Value = std::optional<Bytes>;

  HeadStore& heads() { return fixture_.store().heads(); }

  bool commit(const std::vector<RecordChange>& changes) {
    const auto done = heads().commit(changes);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return done.value_or(false);
  }
  bool change(const std::string& key, Value expected, Value desired) {
    return commit({{key, std::move(expected), std::move(desired)}});
  }
  void create(const std::vector<std::string>& keys) {
    for (const auto& key : keys) ASSERT_TRUE(change(key, std::nullopt, "value of " + key));
  }

  std::optional<HeadStore::Ticket> submit(const std::string& key, Value expected, Value desired) {
    const RecordChange change{key, std::move(expected), std::move(desired)};
    const auto ticket = heads().submit({&change, 1});
    EXPECT_TRUE(ticket.has_value()) << ticket.error().message;
    return ticket.value_or(std::nullopt);
  }

  Value read(std::string_view key, HeadStore::View view = HeadStore::View::durable) {
    auto value = heads().read(key, view);
    EXPECT_TRUE(value.has_value()) << value.error().message;
    return value.value_or(std::nullopt);
  }

  std::vector<std::string> keys(const HeadStore::Range& range,
                                HeadStore::View view = HeadStore::View::durable) {
    const auto records = heads().list(range, view);
    EXPECT_TRUE(records.has_value()) << records.error().message;
    std::vector<std::string> keys;
    if (records) {
      for (const Record& record : *records) keys.push_back(record.key);
    }
    return keys;
  }

  ErrorCode refusal(const std::vector<RecordChange>& changes) {
    const auto done = heads().commit(changes);
    EXPECT_FALSE(done.has_value());
    return done ? ErrorCode::internal : done.error().code;
  }

  Fixture fixture_;
};

using Keys = std::vector<std::string>;

TYPED_TEST_SUITE_P(HeadStoreConformance);

TYPED_TEST_P(HeadStoreConformance, AnAbsentRecordIsNoError) {
  EXPECT_EQ(this->read("branch/main"), std::nullopt);
  EXPECT_EQ(this->keys({}), Keys{});
}

TYPED_TEST_P(HeadStoreConformance, ACommitCreatesReplacesAndRemoves) {
  EXPECT_TRUE(this->change("a", std::nullopt, "1"));
  EXPECT_EQ(this->read("a"), "1");
  EXPECT_TRUE(this->change("a", "1", "2"));
  EXPECT_EQ(this->read("a"), "2");
  EXPECT_TRUE(this->change("a", "2", std::nullopt));
  EXPECT_EQ(this->read("a"), std::nullopt);
}

TYPED_TEST_P(HeadStoreConformance, AWrongExpectationChangesNothing) {
  ASSERT_TRUE(this->change("a", std::nullopt, "1"));
  EXPECT_FALSE(this->change("a", std::nullopt, "2"));
  EXPECT_FALSE(this->change("a", "0", "2"));
  EXPECT_FALSE(this->change("a", "", "2"));
  EXPECT_FALSE(this->change("b", "1", "2"));
  EXPECT_FALSE(this->change("b", "", std::nullopt));
  EXPECT_EQ(this->read("a"), "1");
  EXPECT_EQ(this->read("b"), std::nullopt);
}

TYPED_TEST_P(HeadStoreConformance, ChangesHappenAllOrNone) {
  ASSERT_TRUE(this->commit({{"a", std::nullopt, "1"}, {"b", std::nullopt, "1"}}));
  EXPECT_FALSE(this->commit({{"a", "1", "2"}, {"b", "0", "2"}, {"c", std::nullopt, "2"}}));
  EXPECT_EQ(this->read("a"), "1");
  EXPECT_EQ(this->read("b"), "1");
  EXPECT_EQ(this->read("c"), std::nullopt);
  EXPECT_TRUE(this->commit({{"a", "1", "2"}, {"b", "1", std::nullopt}, {"c", std::nullopt, "2"}}));
  EXPECT_EQ(this->read("a"), "2");
  EXPECT_EQ(this->read("b"), std::nullopt);
  EXPECT_EQ(this->read("c"), "2");
}

TYPED_TEST_P(HeadStoreConformance, AnUnchangedRecordCanGuardACommit) {
  ASSERT_TRUE(this->change("guard", std::nullopt, "1"));
  EXPECT_FALSE(this->commit({{"guard", "0", "0"}, {"a", std::nullopt, "1"}}));
  EXPECT_FALSE(this->commit({{"none", "0", "0"}, {"a", std::nullopt, "1"}}));
  EXPECT_TRUE(this->commit(
      {{"guard", "1", "1"}, {"none", std::nullopt, std::nullopt}, {"a", std::nullopt, "1"}}));
  EXPECT_EQ(this->read("guard"), "1");
  EXPECT_EQ(this->read("none"), std::nullopt);
}

TYPED_TEST_P(HeadStoreConformance, AnEmptyValueIsAValue) {
  ASSERT_TRUE(this->change("a", std::nullopt, ""));
  EXPECT_EQ(this->read("a"), "");
  EXPECT_FALSE(this->change("a", std::nullopt, "1"));
  EXPECT_TRUE(this->change("a", "", "1"));
}

TYPED_TEST_P(HeadStoreConformance, KeysAndValuesHoldAnyByte) {
  const std::string key("\0\xff/\x80", 4);
  const Bytes value("\xff\0\0", 3);
  ASSERT_TRUE(this->change(key, std::nullopt, value));
  EXPECT_EQ(this->read(key), value);
  EXPECT_EQ(this->keys({}), Keys{key});
}

TYPED_TEST_P(HeadStoreConformance, ALargeValueIsKept) {
  const Bytes value = Generator(1).bytes(300'000);
  ASSERT_TRUE(this->change("large", std::nullopt, value));
  this->fixture_.reopen();
  EXPECT_EQ(this->read("large"), value);
  EXPECT_TRUE(this->change("large", value, "small"));
}

TYPED_TEST_P(HeadStoreConformance, TheLongestKeyIsKept) {
  const std::string key(400, 'k');
  ASSERT_TRUE(this->change(key, std::nullopt, "1"));
  EXPECT_EQ(this->read(key), "1");
}

TYPED_TEST_P(HeadStoreConformance, RefusesKeysThatAreEmptyOrTooLong) {
  EXPECT_EQ(this->refusal({{"", std::nullopt, "1"}}), ErrorCode::invalid_argument);
  EXPECT_EQ(this->refusal({{std::string(401, 'k'), std::nullopt, "1"}}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(this->keys({}), Keys{});
}

TYPED_TEST_P(HeadStoreConformance, RefusesTwoChangesOfOneKey) {
  EXPECT_EQ(this->refusal({{"a", std::nullopt, "1"}, {"a", "1", "2"}}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(this->read("a"), std::nullopt);
}

TYPED_TEST_P(HeadStoreConformance, ACommitOfNothingSucceeds) { EXPECT_TRUE(this->commit({})); }

TYPED_TEST_P(HeadStoreConformance, WhatIsSubmittedShowsAtOnceWhereThatIsAskedFor) {
  ASSERT_TRUE(this->submit("a", std::nullopt, "1"));
  EXPECT_EQ(this->read("a", HeadStore::View::submitted), "1");
  EXPECT_EQ(this->keys({}, HeadStore::View::submitted), Keys{"a"});
}

TYPED_TEST_P(HeadStoreConformance, ASubmissionIsComparedWithWhatWasSubmittedBefore) {
  ASSERT_TRUE(this->submit("a", std::nullopt, "1"));
  EXPECT_FALSE(this->submit("a", std::nullopt, "2"));
  const auto ticket = this->submit("a", "1", "2");
  ASSERT_TRUE(ticket);
  ASSERT_TRUE(this->heads().wait(*ticket).has_value());
  EXPECT_EQ(this->read("a"), "2");
}

TYPED_TEST_P(HeadStoreConformance, AWaitMakesDurableWhatWasSubmittedUpToItsTicket) {
  const auto first = this->submit("a", std::nullopt, "1");
  const auto second = this->submit("b", std::nullopt, "2");
  const auto third = this->submit("a", "1", "3");
  ASSERT_TRUE(first && second && third);
  EXPECT_LE(first->number, second->number);
  EXPECT_LE(second->number, third->number);
  ASSERT_TRUE(this->heads().wait(*second).has_value());
  ASSERT_TRUE(this->heads().wait(*first).has_value());
  EXPECT_NE(this->read("a"), std::nullopt);
  EXPECT_EQ(this->read("b"), "2");
  this->fixture_.reopen();
  EXPECT_NE(this->read("a"), std::nullopt);
  EXPECT_EQ(this->read("b"), "2");
}

TYPED_TEST_P(HeadStoreConformance, ASubmissionOfNothingNamesAllBeforeIt) {
  ASSERT_TRUE(this->submit("a", std::nullopt, "1"));
  const auto nothing = this->heads().submit({});
  ASSERT_TRUE(nothing.has_value() && nothing->has_value());
  ASSERT_TRUE(this->heads().wait(**nothing).has_value());
  this->fixture_.reopen();
  EXPECT_EQ(this->read("a"), "1");
}

TYPED_TEST_P(HeadStoreConformance, WhatShowsAsDurableIsThereAfterReopening) {
  std::optional<HeadStore::Ticket> last;
  for (int i = 0; i < 10; ++i) {
    last = this->submit(std::to_string(i), std::nullopt, "1");
    ASSERT_TRUE(last);
    if (i == 4) {
      ASSERT_TRUE(this->heads().wait(*last).has_value());
    }
  }
  const Keys durable = this->keys({});
  this->fixture_.reopen();
  const Keys kept = this->keys({});
  EXPECT_GE(durable.size(), 5U);
  ASSERT_GE(kept.size(), durable.size());
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], std::to_string(i));
  EXPECT_EQ(this->keys({}, HeadStore::View::submitted), kept);
}

TYPED_TEST_P(HeadStoreConformance, ListsInTheOrderOfUnsignedBytes) {
  this->create({"b", "a/2", "a", "\xc3\xa9", "a/10", "Z"});
  EXPECT_EQ(this->keys({}), (Keys{"Z", "a", "a/10", "a/2", "b", "\xc3\xa9"}));
  EXPECT_EQ(this->keys({.reverse = true}), (Keys{"\xc3\xa9", "b", "a/2", "a/10", "a", "Z"}));
}

TYPED_TEST_P(HeadStoreConformance, ListsTheValuesToo) {
  this->create({"a", "b"});
  EXPECT_EQ(this->heads().list({}).value(),
            (std::vector<Record>{{"a", "value of a"}, {"b", "value of b"}}));
}

TYPED_TEST_P(HeadStoreConformance, ListsAPrefixOnly) {
  this->create({"a", "log/", "log/1", "log/2", "logs", "z"});
  EXPECT_EQ(this->keys({.prefix = "log/"}), (Keys{"log/", "log/1", "log/2"}));
  EXPECT_EQ(this->keys({.prefix = "log/", .reverse = true}), (Keys{"log/2", "log/1", "log/"}));
  EXPECT_EQ(this->keys({.prefix = "none"}), Keys{});
}

TYPED_TEST_P(HeadStoreConformance, ListsAPrefixOfTheHighestBytes) {
  this->create({"\xfe", "\xff", "\xff\xff", "\xff\xff\x01"});
  EXPECT_EQ(this->keys({.prefix = "\xff\xff"}), (Keys{"\xff\xff", "\xff\xff\x01"}));
  EXPECT_EQ(this->keys({.prefix = "\xff\xff", .reverse = true}),
            (Keys{"\xff\xff\x01", "\xff\xff"}));
}

TYPED_TEST_P(HeadStoreConformance, GoesOnBeyondAKeyInTheDirectionOfTheListing) {
  this->create({"p1", "p2", "p3", "q"});
  EXPECT_EQ(this->keys({.prefix = "p", .after = "p1"}), (Keys{"p2", "p3"}));
  EXPECT_EQ(this->keys({.prefix = "p", .after = "p2", .reverse = true}), (Keys{"p1"}));
  EXPECT_EQ(this->keys({.prefix = "p", .after = "p2a"}), (Keys{"p3"}));
  EXPECT_EQ(this->keys({.prefix = "p", .after = "p2a", .reverse = true}), (Keys{"p2", "p1"}));
}

TYPED_TEST_P(HeadStoreConformance, AStartOutsideThePrefixIsTheEndOrNoBound) {
  this->create({"a", "p1", "p2", "z"});
  EXPECT_EQ(this->keys({.prefix = "p", .after = "a"}), (Keys{"p1", "p2"}));
  EXPECT_EQ(this->keys({.prefix = "p", .after = "z"}), Keys{});
  EXPECT_EQ(this->keys({.prefix = "p", .after = "z", .reverse = true}), (Keys{"p2", "p1"}));
  EXPECT_EQ(this->keys({.prefix = "p", .after = "a", .reverse = true}), Keys{});
}

TYPED_TEST_P(HeadStoreConformance, StopsAtTheLimit) {
  this->create({"a", "b", "c"});
  EXPECT_EQ(this->keys({.limit = 2}), (Keys{"a", "b"}));
  EXPECT_EQ(this->keys({.limit = 2, .reverse = true}), (Keys{"c", "b"}));
  EXPECT_EQ(this->keys({.limit = 0}), Keys{});
}

TYPED_TEST_P(HeadStoreConformance, ACommitMakesBlocksOfEarlierPutsDurable) {
  const Block block = Block::of("needed by the record");
  ASSERT_TRUE(this->fixture_.store().archive().put({&block, 1}).has_value());
  ASSERT_TRUE(this->change("head", std::nullopt, Bytes(block.hash().bytes())));
  this->fixture_.reopen();
  const Hash root = *Hash::from_bytes(*this->read("head"));
  const auto found = this->fixture_.store().archive().get_one(root);
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->bytes(), "needed by the record");
}

TYPED_TEST_P(HeadStoreConformance, BlocksOfARefusedCommitStayVisible) {
  const Block block = Block::of("not needed yet");
  ASSERT_TRUE(this->fixture_.store().archive().put({&block, 1}).has_value());
  ASSERT_FALSE(this->change("head", "0", "1"));
  EXPECT_EQ(this->fixture_.store().archive().has(std::vector{block.hash()}).value(),
            std::vector<bool>{true});
  ASSERT_TRUE(this->change("head", std::nullopt, "1"));
  this->fixture_.reopen();
  EXPECT_EQ(this->fixture_.store().archive().has(std::vector{block.hash()}).value(),
            std::vector<bool>{true});
}

TYPED_TEST_P(HeadStoreConformance, ARecordIsThereAfterReopening) {
  this->create({"a", "b"});
  this->fixture_.reopen();
  EXPECT_EQ(this->read("a"), "value of a");
  EXPECT_EQ(this->keys({}), (Keys{"a", "b"}));
}

TYPED_TEST_P(HeadStoreConformance, AQuarantineIsApartFromTheArchive) {
  const Block outside = Block::of("outside");
  const Block inside = Block::of("inside");
  auto& archive = this->fixture_.store().archive();
  ASSERT_TRUE(archive.put({&outside, 1}).has_value());
  auto quarantine = this->fixture_.store().make_quarantine();
  ASSERT_TRUE(quarantine.has_value()) << quarantine.error().message;
  ASSERT_TRUE((*quarantine)->put({&inside, 1}).has_value());
  const std::vector<Hash> both{outside.hash(), inside.hash()};
  EXPECT_EQ((*quarantine)->has(both).value(), (std::vector<bool>{false, true}));
  EXPECT_EQ(archive.has(both).value(), (std::vector<bool>{true, false}));
}

TYPED_TEST_P(HeadStoreConformance, WriteLeasesKeepACollectorOut) {
  auto& store = this->fixture_.store();
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

TYPED_TEST_P(HeadStoreConformance, ACollectorIsAlone) {
  auto& store = this->fixture_.store();
  auto collector = store.lease(LeaseKind::collect);
  ASSERT_TRUE(collector.has_value()) << collector.error().message;
  EXPECT_EQ(store.lease(LeaseKind::collect).error().code, ErrorCode::busy);
  EXPECT_EQ(store.lease(LeaseKind::write).error().code, ErrorCode::busy);
  collector->reset();
  EXPECT_TRUE(store.lease(LeaseKind::write).has_value());
}

TYPED_TEST_P(HeadStoreConformance, AgreesWithAMapUnderRandomCommitsAndListings) {
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
      ASSERT_EQ(this->commit(wanted), holds);
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
      ASSERT_EQ(this->keys(range), expected);
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(
    HeadStoreConformance, AnAbsentRecordIsNoError, ACommitCreatesReplacesAndRemoves,
    AWrongExpectationChangesNothing, ChangesHappenAllOrNone, AnUnchangedRecordCanGuardACommit,
    AnEmptyValueIsAValue, KeysAndValuesHoldAnyByte, ALargeValueIsKept, TheLongestKeyIsKept,
    RefusesKeysThatAreEmptyOrTooLong, RefusesTwoChangesOfOneKey, ACommitOfNothingSucceeds,
    WhatIsSubmittedShowsAtOnceWhereThatIsAskedFor, ASubmissionIsComparedWithWhatWasSubmittedBefore,
    AWaitMakesDurableWhatWasSubmittedUpToItsTicket, ASubmissionOfNothingNamesAllBeforeIt,
    WhatShowsAsDurableIsThereAfterReopening, ListsInTheOrderOfUnsignedBytes, ListsTheValuesToo,
    ListsAPrefixOnly, ListsAPrefixOfTheHighestBytes, GoesOnBeyondAKeyInTheDirectionOfTheListing,
    AStartOutsideThePrefixIsTheEndOrNoBound, StopsAtTheLimit,
    ACommitMakesBlocksOfEarlierPutsDurable, BlocksOfARefusedCommitStayVisible,
    ARecordIsThereAfterReopening, AQuarantineIsApartFromTheArchive, WriteLeasesKeepACollectorOut,
    ACollectorIsAlone, AgreesWithAMapUnderRandomCommitsAndListings);

}  // namespace dialog::test
