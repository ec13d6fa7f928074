#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "head_store_suite.hpp"
#include "support/in_threads.hpp"

namespace dialog::test {
namespace {

constexpr std::uint64_t kThreads = 8;

}  // namespace

TEST_P(HeadStoreRaces, NoIncrementOfACounterIsLost) {
  constexpr int kEach = 25;
  HeadStore& heads = fixture().store().heads();
  ASSERT_TRUE(heads.commit(std::vector<RecordChange>{{"counter", std::nullopt, "0"}}).value());
  in_threads(kThreads, [&](std::uint64_t) {
    for (int won = 0; won < kEach;) {
      const auto seen = heads.read("counter");
      ASSERT_TRUE(seen.has_value()) << seen.error().message;
      const RecordChange change{"counter", **seen, std::to_string(std::stoi(**seen) + 1)};
      const auto done = heads.commit({&change, 1});
      ASSERT_TRUE(done.has_value()) << done.error().message;
      if (*done) ++won;
    }
  });
  EXPECT_EQ(heads.read("counter").value(), std::to_string(kThreads * kEach));
}

TEST_P(HeadStoreRaces, AListingShowsNoHalfOfACommit) {
  HeadStore& heads = fixture().store().heads();
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

TEST_P(HeadStoreRaces, EveryCommitTakesItsOwnBlocksAlong) {
  constexpr int kEach = 20;
  in_threads(kThreads, [&](std::uint64_t thread) {
    auto& store = fixture().store();
    for (int i = 0; i < kEach; ++i) {
      const std::string name = std::to_string(thread) + "/" + std::to_string(i);
      const Block block = Block::of("block of " + name);
      ASSERT_TRUE(store.archive().put({&block, 1}).has_value());
      const RecordChange change{name, std::nullopt, Bytes(block.hash().bytes())};
      const auto done = store.heads().commit({&change, 1});
      ASSERT_TRUE(done.has_value() && *done);
    }
  });
  fixture().reopen();
  const auto records = fixture().store().heads().list({});
  ASSERT_TRUE(records.has_value());
  ASSERT_EQ(records->size(), kThreads * kEach);
  for (const Record& record : *records) {
    const auto block = fixture().store().archive().get_one(*Hash::from_bytes(record.value));
    ASSERT_TRUE(block.has_value() && block->has_value());
    EXPECT_EQ((*block)->bytes(), "block of " + record.key);
  }
}

TEST_P(HeadStoreRaces, ABufferedBlockIsAlwaysVisible) {
  auto& archive = fixture().store().archive();
  in_threads(kThreads, [&](std::uint64_t thread) {
    for (std::uint64_t i = 0; i < 40; ++i) {
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

}  // namespace dialog::test
