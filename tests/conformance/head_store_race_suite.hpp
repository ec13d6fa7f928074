#pragma once

#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "dialog/replica/head_store.hpp"

namespace dialog::test {

/// What every `RepositoryStore` must do while several threads use it; fixtures as for
/// `HeadStoreConformance`.
template <class Fixture>
class HeadStoreRaces : public testing::Test {
 protected:
  static constexpr int kThreads = 8;

  template <class Body>
  void in_threads(Body body) {
    std::atomic<int> ready = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        ++ready;
        while (ready.load() < kThreads) std::this_thread::yield();
        body(i);
      });
    }
  }

  Fixture fixture_;
};

TYPED_TEST_SUITE_P(HeadStoreRaces);

TYPED_TEST_P(HeadStoreRaces, NoIncrementOfACounterIsLost) {
  constexpr int kEach = 25;
  HeadStore& heads = this->fixture_.store().heads();
  ASSERT_TRUE(heads.commit(std::vector<RecordChange>{{"counter", std::nullopt, "0"}}).value());
  this->in_threads([&](int) {
    for (int won = 0; won < kEach;) {
      const auto seen = heads.read("counter");
      ASSERT_TRUE(seen.has_value()) << seen.error().message;
      const RecordChange change{"counter", **seen, std::to_string(std::stoi(**seen) + 1)};
      const auto done = heads.commit({&change, 1});
      ASSERT_TRUE(done.has_value()) << done.error().message;
      if (*done) ++won;
    }
  });
  EXPECT_EQ(heads.read("counter").value(), std::to_string(this->kThreads * kEach));
}

TYPED_TEST_P(HeadStoreRaces, AListingShowsNoHalfOfACommit) {
  HeadStore& heads = this->fixture_.store().heads();
  std::atomic<bool> finished = false;
  std::jthread reader([&] {
    while (!finished) {
      const auto records = heads.list({});
      ASSERT_TRUE(records.has_value()) << records.error().message;
      ASSERT_TRUE(records->empty() || records->size() == 2);
      if (!records->empty()) {
        ASSERT_EQ(records->front().value, records->back().value);
      }
    }
  });
  std::optional<Bytes> before;
  for (int i = 0; i < 100; ++i) {
    const Bytes after = std::to_string(i);
    const auto done =
        heads.commit(std::vector<RecordChange>{{"a", before, after}, {"z", before, after}});
    EXPECT_TRUE(done.has_value() && *done);
    before = after;
  }
  finished = true;
}

TYPED_TEST_P(HeadStoreRaces, EveryCommitTakesItsOwnBlocksAlong) {
  constexpr int kEach = 20;
  this->in_threads([&](int thread) {
    auto& store = this->fixture_.store();
    for (int i = 0; i < kEach; ++i) {
      const std::string name = std::to_string(thread) + "/" + std::to_string(i);
      const Block block = Block::of("block of " + name);
      ASSERT_TRUE(store.archive().put({&block, 1}).has_value());
      const RecordChange change{name, std::nullopt, Bytes(block.hash().bytes())};
      const auto done = store.heads().commit({&change, 1});
      ASSERT_TRUE(done.has_value() && *done);
    }
  });
  this->fixture_.reopen();
  const auto records = this->fixture_.store().heads().list({});
  ASSERT_TRUE(records.has_value());
  ASSERT_EQ(records->size(), static_cast<std::size_t>(this->kThreads * kEach));
  for (const Record& record : *records) {
    const auto block = this->fixture_.store().archive().get_one(*Hash::from_bytes(record.value));
    ASSERT_TRUE(block.has_value() && block->has_value());
    EXPECT_EQ((*block)->bytes(), "block of " + record.key);
  }
}

TYPED_TEST_P(HeadStoreRaces, ABufferedBlockIsAlwaysVisible) {
  auto& archive = this->fixture_.store().archive();
  this->in_threads([&](int thread) {
    for (int i = 0; i < 40; ++i) {
      const Block block = Block::of(std::to_string(thread) + "/" + std::to_string(i));
      ASSERT_TRUE(archive.put({&block, 1}).has_value());
      for (int look = 0; look < 3; ++look) {
        const auto found = archive.get_one(block.hash());
        ASSERT_TRUE(found.has_value()) << found.error().message;
        ASSERT_TRUE(found->has_value());
      }
      if (i % 4 == thread % 4) {
        ASSERT_TRUE(archive.flush().has_value());
      }
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(HeadStoreRaces, NoIncrementOfACounterIsLost,
                            AListingShowsNoHalfOfACommit, EveryCommitTakesItsOwnBlocksAlong,
                            ABufferedBlockIsAlwaysVisible);

}  // namespace dialog::test
