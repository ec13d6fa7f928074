#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "backend_fixture.hpp"
#include "dialog/remote/server_store.hpp"
#include "support/seeds.hpp"

namespace dialog::test {

/// What every `ServerStore` must do that can remove, count and list subjects; fixtures as for
/// `ServerStoreConformance`. No block here gives way to compression, so all stores count the same.
template <class Fixture>
class SubjectConformance : public testing::Test {
 protected:
  using Entry = ServerStore::Entry;

  ServerStore& store() { return fixture_.store(); }

  static Block block(const std::string& text) { return Block::of(text); }

  Result<void> try_put(const Subject& subject, const std::vector<Block>& blocks) {
    const auto archive = store().archive_for(subject);
    DIALOG_TRY(archive->put(blocks));
    return archive->flush();
  }
  void put(const Subject& subject, const std::vector<Block>& blocks) {
    const auto stored = try_put(subject, blocks);
    ASSERT_TRUE(stored.has_value()) << stored.error().message;
  }
  bool has(const Subject& subject, const Block& block) {
    const Hash hash = block.hash();
    const auto present = store().archive_for(subject)->has({&hash, 1});
    EXPECT_TRUE(present.has_value()) << present.error().message;
    return present && present->front();
  }
  void publish(const Subject& subject, std::uint64_t from, std::uint64_t to) {
    const Register::Swap swap{revision_number(from), revision_number(to), WallTime(to), "", false};
    const auto outcome = store().head_register().swap(subject, swap, {});
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    ASSERT_TRUE(std::holds_alternative<Register::Accepted>(*outcome));
  }
  std::optional<HeadRecord> head(const Subject& subject) {
    auto record = store().head_register().read(subject, {});
    EXPECT_TRUE(record.has_value()) << record.error().message;
    return record ? *std::move(record) : std::nullopt;
  }
  std::size_t swaps(const Subject& subject) {
    const auto history = store().head_register().history(subject, 0, 1000, {});
    EXPECT_TRUE(history.has_value()) << history.error().message;
    return history ? history->records.size() : 0;
  }
  bool remove(const Subject& subject) {
    const auto removed = store().remove(subject, {});
    EXPECT_TRUE(removed.has_value()) << removed.error().message;
    return removed && *removed;
  }
  Usage usage(const Subject& subject) {
    const auto usage = store().usage(subject, {});
    EXPECT_TRUE(usage.has_value()) << usage.error().message;
    return usage.value_or(Usage{});
  }
  std::vector<Entry> list(std::size_t page_size = 100) {
    std::vector<Entry> all;
    std::optional<Hash> after;
    while (true) {
      const auto page = store().list(after, page_size, {});
      EXPECT_TRUE(page.has_value()) << page.error().message;
      if (!page) return all;
      EXPECT_LE(page->entries.size(), page_size);
      all.insert(all.end(), page->entries.begin(), page->entries.end());
      if (page->complete) return all;
      EXPECT_FALSE(page->entries.empty()) << "it would never end";
      if (page->entries.empty()) return all;
      after = page->entries.back().id;
    }
  }
  void set_quota(const Subject& subject, const std::optional<Quota>& quota) {
    const auto set = store().set_quota(subject, quota, {});
    ASSERT_TRUE(set.has_value()) << set.error().message;
  }

  Fixture fixture_;
  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

TYPED_TEST_SUITE_P(SubjectConformance);

TYPED_TEST_P(SubjectConformance, RemovalTakesHeadHistoryAndBlocks) {
  this->put(this->one_, {this->block("a"), this->block("b")});
  this->publish(this->one_, 0, 1);
  this->publish(this->one_, 1, 2);
  EXPECT_TRUE(this->remove(this->one_));
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(this->head(this->one_), std::nullopt);
    EXPECT_EQ(this->swaps(this->one_), 0U);
    EXPECT_FALSE(this->has(this->one_, this->block("a")));
    EXPECT_EQ(this->usage(this->one_), Usage{});
    EXPECT_TRUE(this->list().empty());
    this->fixture_.reopen();
  }
}

TYPED_TEST_P(SubjectConformance, RemovalSaysWhetherThereWasAnything) {
  EXPECT_FALSE(this->remove(this->one_));
  this->publish(this->one_, 0, 1);
  EXPECT_TRUE(this->remove(this->one_));
  EXPECT_FALSE(this->remove(this->one_));
  this->put(this->one_, {this->block("a")});
  EXPECT_TRUE(this->remove(this->one_));
  EXPECT_FALSE(this->remove(this->one_));
}

TYPED_TEST_P(SubjectConformance, RemovalLeavesOthersAlone) {
  for (const Subject& subject : {this->one_, this->two_}) {
    this->put(subject, {this->block("shared"), this->block(subject.did())});
    this->publish(subject, 0, 1);
  }
  this->remove(this->one_);
  this->fixture_.reopen();
  EXPECT_TRUE(this->has(this->two_, this->block("shared")));
  EXPECT_TRUE(this->has(this->two_, this->block(this->two_.did())));
  EXPECT_EQ(this->usage(this->two_).blocks, 2U);
  EXPECT_EQ(this->head(this->two_)->sequence, 1U);
  EXPECT_EQ(this->list().size(), 1U);
}

TYPED_TEST_P(SubjectConformance, ASubjectThatIsMadeAgainBeginsAnew) {
  for (int time = 0; time < 3; ++time) {
    EXPECT_FALSE(this->has(this->one_, this->block("old")));
    this->publish(this->one_, 0, 7);
    this->publish(this->one_, 7, 8);
    EXPECT_EQ(this->head(this->one_)->sequence, 2U);
    EXPECT_EQ(this->swaps(this->one_), 2U);
    this->put(this->one_, {this->block("new"), this->block("another")});
    EXPECT_EQ(this->usage(this->one_), (Usage{2, 10}));
    this->put(this->one_, {this->block("old")});
    this->remove(this->one_);
    if (time == 1) this->fixture_.reopen();
  }
}

TYPED_TEST_P(SubjectConformance, AnArchiveThatIsHeldGoesOnWithTheNewSubject) {
  const auto held = this->store().archive_for(this->one_);
  this->put(this->one_, {this->block("old")});
  this->remove(this->one_);
  const std::vector hashes{this->block("old").hash(), this->block("new").hash()};
  EXPECT_EQ(held->has(hashes).value(), (std::vector{false, false}));
  EXPECT_FALSE(held->get(hashes).value()[0]);
  const Block block = this->block("new");
  ASSERT_TRUE(held->put({&block, 1}).has_value());
  ASSERT_TRUE(held->flush().has_value());
  EXPECT_TRUE(this->has(this->one_, block));
  EXPECT_EQ(held->has(hashes).value(), (std::vector{false, true}));
}

TYPED_TEST_P(SubjectConformance, BlocksThatAreNotFlushedGoToo) {
  const auto archive = this->store().archive_for(this->one_);
  const Block block = this->block("unflushed");
  ASSERT_TRUE(archive->put({&block, 1}).has_value());
  this->remove(this->one_);
  EXPECT_FALSE(this->has(this->one_, block));
  ASSERT_TRUE(archive->flush().has_value());
  EXPECT_FALSE(this->has(this->one_, block));
  this->fixture_.reopen();
  EXPECT_FALSE(this->has(this->one_, block));
  EXPECT_EQ(this->usage(this->one_), Usage{});
}

TYPED_TEST_P(SubjectConformance, UsageCountsEachBlockOnce) {
  EXPECT_EQ(this->usage(this->one_), Usage{});
  this->put(this->one_, {this->block("four"), this->block("four"), this->block("")});
  EXPECT_EQ(this->usage(this->one_), (Usage{2, 4}));
  this->put(this->one_, {this->block("four"), this->block("three")});
  EXPECT_EQ(this->usage(this->one_), (Usage{3, 9}));
  EXPECT_EQ(this->usage(this->two_), Usage{});
  this->fixture_.reopen();
  EXPECT_EQ(this->usage(this->one_), (Usage{3, 9}));
  this->put(this->one_, {this->block("four"), this->block("two")});
  EXPECT_EQ(this->usage(this->one_), (Usage{4, 12}));
}

// Against a model that counts by hand, over all that changes a subject.
TYPED_TEST_P(SubjectConformance, UsageAndListAreThoseOfAModel) {
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
    for (const auto& entry : this->list()) this->remove(Subject::parse(entry.did).value());
    const std::vector<Block> all = generator.blocks(60, 400);
    for (int step = 0; step < 120; ++step) {
      const Subject subject = subject_named(std::to_string(generator.below(6)));
      switch (generator.below(8)) {
        case 0:
          EXPECT_EQ(this->remove(subject), model.erase(subject) > 0);
          break;
        case 1:
          this->publish(subject, model[subject].swaps, model[subject].swaps + 1);
          ++model[subject].swaps;
          break;
        case 2:
          if (generator.chance(1, 3)) this->fixture_.reopen();
          break;
        default: {
          std::vector<Block> some;
          for (std::size_t i = generator.between(1, 5); i > 0; --i) {
            some.push_back(generator.pick(all));
            model[subject].blocks.emplace(some.back().hash(), some.back().size());
          }
          this->put(subject, some);
        }
      }
      EXPECT_EQ(this->usage(subject), expected(model[subject])) << "step " << step;
      if (model[subject].blocks.empty() && model[subject].swaps == 0) model.erase(subject);
    }
    std::map<Hash, typename TestFixture::Entry> wanted;
    for (const auto& [subject, kept] : model) {
      wanted[subject.id()] = {subject.id(), subject.did(), this->head(subject), expected(kept),
                              std::nullopt};
    }
    std::vector<typename TestFixture::Entry> in_order;
    for (const auto& [id, entry] : wanted) in_order.push_back(entry);
    EXPECT_EQ(this->list(generator.between(1, 7)), in_order);
  });
}

TYPED_TEST_P(SubjectConformance, ListsWhatHasAHeadABlockOrAQuota) {
  std::set<std::string> dids;
  for (int i = 0; i < 30; ++i) {
    const Subject subject = subject_named(std::to_string(i));
    dids.insert(subject.did());
    if (i % 3 == 0) this->publish(subject, 0, 1);
    if (i % 3 == 1) this->put(subject, {this->block(std::to_string(i))});
    if (i % 3 == 2) this->set_quota(subject, Quota{5, std::nullopt});
  }
  for (int i = 30; i < 60; ++i) {
    const Subject gone = subject_named(std::to_string(i));
    this->publish(gone, 0, 1);
    this->put(gone, {this->block("gone")});
    this->remove(gone);
  }
  this->fixture_.reopen();
  for (const std::size_t page_size : {1U, 7U, 30U, 31U}) {
    const auto entries = this->list(page_size);
    std::set<std::string> found;
    for (const auto& entry : entries) found.insert(entry.did);
    EXPECT_EQ(found, dids);
    EXPECT_EQ(entries.size(), dids.size());
    EXPECT_TRUE(std::is_sorted(entries.begin(), entries.end(),
                               [](const auto& a, const auto& b) { return a.id < b.id; }));
  }
}

TYPED_TEST_P(SubjectConformance, PutsBeyondTheQuotaAreRefusedWhole) {
  this->store().set_default_quota({3, 10});
  this->put(this->one_, {this->block("12345")});
  const auto beyond =
      this->try_put(this->one_, {this->block("6789"), this->block("x"), this->block("y")});
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error().code, ErrorCode::quota_exceeded);
  EXPECT_FALSE(this->has(this->one_, this->block("6789")));
  EXPECT_EQ(this->usage(this->one_), (Usage{1, 5}));
  EXPECT_FALSE(this->try_put(this->one_, {this->block("123456")}).has_value());
  // To the last byte; and what is there already always fits.
  this->put(this->one_, {this->block("67890"), this->block("12345")});
  this->put(this->one_, {this->block("67890")});
  this->put(this->one_, {this->block("")});
  EXPECT_FALSE(this->try_put(this->one_, {this->block("1")}).has_value());
  EXPECT_EQ(this->usage(this->one_), (Usage{3, 10}));
  this->put(this->two_, {this->block("1")});
}

TYPED_TEST_P(SubjectConformance, TheErrorNamesQuotaAndUsage) {
  this->set_quota(this->one_, Quota{std::nullopt, 1000});
  this->put(this->one_, {this->block(std::string(200, 'a'))});
  const auto beyond = this->try_put(this->one_, {this->block(Generator(1).bytes(900))});
  ASSERT_FALSE(beyond.has_value());
  for (const char* const number : {"1000", "200", "900"}) {
    EXPECT_NE(beyond.error().message.find(number), std::string::npos) << beyond.error().message;
  }
}

TYPED_TEST_P(SubjectConformance, SwapsAndReadsGoOnBeyondTheQuota) {
  this->put(this->one_, {this->block("12345")});
  this->set_quota(this->one_, Quota{0, 0});
  EXPECT_FALSE(this->try_put(this->one_, {this->block("1")}).has_value());
  EXPECT_TRUE(this->has(this->one_, this->block("12345")));
  this->publish(this->one_, 0, 1);
}

TYPED_TEST_P(SubjectConformance, AQuotaOfItsOwnCountsBeforeTheDefaultAndStays) {
  this->store().set_default_quota({1, std::nullopt});
  this->set_quota(this->one_, Quota{2, std::nullopt});
  this->fixture_.reopen();
  this->store().set_default_quota({1, std::nullopt});
  EXPECT_EQ(this->store().quota(this->one_, {}).value(), (Quota{2, std::nullopt}));
  EXPECT_EQ(this->store().quota(this->two_, {}).value(), (Quota{1, std::nullopt}));
  EXPECT_EQ(this->list().at(0).quota, (Quota{2, std::nullopt}));
  this->put(this->one_, {this->block("a"), this->block("b")});
  EXPECT_FALSE(this->try_put(this->one_, {this->block("c")}).has_value());
  // Without any bound.
  this->set_quota(this->one_, Quota{});
  this->put(this->one_, {this->block("c")});
  this->set_quota(this->one_, std::nullopt);
  EXPECT_FALSE(this->try_put(this->one_, {this->block("d")}).has_value());
  EXPECT_EQ(this->list().at(0).quota, std::nullopt);
}

TYPED_TEST_P(SubjectConformance, AQuotaGoesWithItsSubject) {
  this->set_quota(this->one_, Quota{0, 0});
  EXPECT_TRUE(this->remove(this->one_));
  EXPECT_TRUE(this->list().empty());
  EXPECT_EQ(this->store().quota(this->one_, {}).value(), Quota{});
  this->put(this->one_, {this->block("a")});
}

REGISTER_TYPED_TEST_SUITE_P(SubjectConformance, RemovalTakesHeadHistoryAndBlocks,
                            RemovalSaysWhetherThereWasAnything, RemovalLeavesOthersAlone,
                            ASubjectThatIsMadeAgainBeginsAnew,
                            AnArchiveThatIsHeldGoesOnWithTheNewSubject,
                            BlocksThatAreNotFlushedGoToo, UsageCountsEachBlockOnce,
                            UsageAndListAreThoseOfAModel, ListsWhatHasAHeadABlockOrAQuota,
                            PutsBeyondTheQuotaAreRefusedWhole, TheErrorNamesQuotaAndUsage,
                            SwapsAndReadsGoOnBeyondTheQuota,
                            AQuotaOfItsOwnCountsBeforeTheDefaultAndStays, AQuotaGoesWithItsSubject);

}  // namespace dialog::test
