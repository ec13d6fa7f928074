#pragma once

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server_store_fixture.hpp"

namespace dialog::test {

/// What every `ServerStore` must do that can remove, count and list subjects. No block here gives
/// way to compression, so all stores count the same.
class SubjectConformance : public FixtureTest<ServerStoreFixture> {
 protected:
  using Entry = ServerStore::Entry;

  ServerStore& store() { return fixture().store(); }

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
      for (Entry entry : page->entries) {
        // Those of blocks alone need not be on record.
        if (entry.did.empty() && !entry.head) entry.did = did_of(entry.id);
        all.push_back(std::move(entry));
      }
      if (page->complete) return all;
      EXPECT_FALSE(page->entries.empty()) << "it would never end";
      if (page->entries.empty()) return all;
      after = page->entries.back().id;
    }
  }
  /// Of a subject that `subject_named` gives for a small number.
  static std::string did_of(const Hash& id) {
    for (int i = 0; i < 100; ++i) {
      const Subject subject = subject_named(std::to_string(i));
      if (subject.id() == id) return subject.did();
    }
    return {};
  }
  void set_quota(const Subject& subject, const std::optional<Quota>& quota) {
    const auto set = store().set_quota(subject, quota, {});
    ASSERT_TRUE(set.has_value()) << set.error().message;
  }

  const Subject one_ = subject_named("one");
  const Subject two_ = subject_named("two");
};

/// What those must do that have quotas, too.
class QuotaConformance : public SubjectConformance {};

/// What every `ServerStore` must do that can remove and count subjects at one moment, while several
/// threads use it.
class SubjectRaces : public FixtureTest<ServerStoreFixture> {
 protected:
  ServerStore& store() { return fixture().store(); }

  Result<void> put(const std::string& text) {
    const Block block = Block::of(text);
    const auto archive = store().archive_for(subject_);
    DIALOG_TRY(archive->put({&block, 1}));
    return archive->flush();
  }
  bool has(const std::string& text) {
    const Hash hash = Hash::of(text);
    return store().archive_for(subject_)->has({&hash, 1}).value().front();
  }

  const Subject subject_ = subject_named("one");
};

}  // namespace dialog::test
