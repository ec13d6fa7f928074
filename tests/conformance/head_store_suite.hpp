#pragma once

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/replica/head_store.hpp"
#include "store_fixture.hpp"

namespace dialog::test {

/// What every `RepositoryStore` must do beside its archive, from one thread.
class HeadStoreConformance : public FixtureTest<RepositoryStoreFixture> {
 protected:
  using Value = std::optional<Bytes>;

  HeadStore& heads() { return fixture().store().heads(); }

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
};

/// What every `RepositoryStore` must do while several threads use it.
class HeadStoreRaces : public FixtureTest<RepositoryStoreFixture> {};

}  // namespace dialog::test
