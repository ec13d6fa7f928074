#include "archive_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dialog/base/limits.hpp"
#include "support/seeds.hpp"

#ifndef __EMSCRIPTEN__
#include <thread>
#endif

namespace dialog::test {

// Not every archive is one of these.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CollectableArchiveConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DurableArchiveConformance);

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(ArchiveConformance, EmptyBatchesDoNothing) {
  EXPECT_THAT(get({}), IsEmpty());
  EXPECT_THAT(has({}), IsEmpty());
  put({});
  flush();
}

TEST_P(ArchiveConformance, AbsenceIsAnAnswer) {
  EXPECT_THAT(get({Hash::of("x"), Hash{}}), ElementsAre("absent", "absent"));
  EXPECT_THAT(has({Hash::of("x"), Hash{}}), ElementsAre(false, false));
}

TEST_P(ArchiveConformance, BlocksAreVisibleAtOnce) {
  put({block("a")});
  EXPECT_THAT(get({block("a").hash()}), ElementsAre("a"));
  EXPECT_THAT(has({block("a").hash()}), ElementsAre(true));
}

TEST_P(ArchiveConformance, AnswersComeInTheOrderOfTheHashes) {
  put({block("a"), block("b"), block("c")});
  const std::vector<Hash> hashes{block("c").hash(), Hash::of("none"), block("a").hash(),
                                 block("b").hash()};
  EXPECT_THAT(get(hashes), ElementsAre("c", "absent", "a", "b"));
  EXPECT_THAT(has(hashes), ElementsAre(true, false, true, true));
}

TEST_P(ArchiveConformance, RepeatedHashesAreAnsweredEach) {
  put({block("a")});
  const Hash a = block("a").hash();
  const Hash none = Hash::of("none");
  EXPECT_THAT(get({a, none, a, none, a}), ElementsAre("a", "absent", "a", "absent", "a"));
  EXPECT_THAT(has({a, none, a, none}), ElementsAre(true, false, true, false));
}

TEST_P(ArchiveConformance, PutIsIdempotent) {
  put({block("a"), block("a"), block("b")});
  put({block("b"), block("a")});
  flush();
  put({block("a")});
  EXPECT_THAT(get({block("a").hash(), block("b").hash()}), ElementsAre("a", "b"));
}

TEST_P(ArchiveConformance, GetOneIsGetOfOne) {
  put({block("a")});
  const auto found = archive().get_one(block("a").hash());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->bytes(), "a");
  const auto absent = archive().get_one(Hash::of("none"));
  ASSERT_TRUE(absent);
  EXPECT_FALSE(*absent);
}

TEST_P(ArchiveConformance, KeepsABlockWithoutBytes) {
  put({block("")});
  flush();
  EXPECT_THAT(get({Hash::of("")}), ElementsAre(""));
  EXPECT_THAT(has({Hash::of("")}), ElementsAre(true));
}

TEST_P(ArchiveConformance, KeepsABlockOfTheGreatestSize) {
  Generator generator(1);
  for (const Bytes& bytes : {generator.bytes(kBlockBytesMax), Bytes(kBlockBytesMax, 'a')}) {
    put({Block::of(bytes)});
    flush();
    // Compared by hand: a failure need not print half a megabyte.
    const auto found = archive().get_one(Hash::of(bytes));
    ASSERT_TRUE(found && *found);
    EXPECT_TRUE((*found)->bytes() == bytes);
  }
}

TEST_P(ArchiveConformance, RefusesALargerBlockAndGoesOn) {
  const Block large = Block::of(Bytes(kBlockBytesMax + 1, 'x'));
  const std::vector<Block> blocks{block("a"), large};
  const auto stored = archive().put(blocks);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::too_large) << stored.error().message;
  EXPECT_THAT(has({large.hash()}), ElementsAre(false));
  put({block("b")});
  flush();
  EXPECT_THAT(get({block("b").hash()}), ElementsAre("b"));
}

TEST_P(ArchiveConformance, KeepsABigBatch) {
  Generator generator(2);
  const std::vector<Block> blocks = generator.blocks(3000, 600);
  put(blocks);
  flush();
  std::vector<Hash> hashes;
  for (const Block& each : blocks) hashes.push_back(each.hash());
  generator.shuffle(hashes);
  const auto found = archive().get(hashes);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    ASSERT_TRUE((*found)[i]) << "block " << i;
    ASSERT_EQ((*found)[i]->hash(), hashes[i]);
  }
}

TEST_P(ArchiveConformance, FlushMayComeAtAnyTime) {
  flush();
  flush();
  put({block("a")});
  flush();
  flush();
  EXPECT_THAT(get({block("a").hash()}), ElementsAre("a"));
}

TEST_P(ArchiveConformance, ACancelledCallFails) {
  put({block("stored")});
  const CancelSource source;
  source.cancel();
  expect_all_fail({std::nullopt, source.token()}, ErrorCode::cancelled);
  EXPECT_THAT(get({block("stored").hash()}), ElementsAre("stored"));
}

TEST_P(ArchiveConformance, ACallPastItsDeadlineFails) {
  put({block("stored")});
  expect_all_fail({fixture().clock().now() - std::chrono::milliseconds(1), {}}, ErrorCode::timeout);
  EXPECT_THAT(get({block("stored").hash()}), ElementsAre("stored"));
}

TEST_P(ArchiveConformance, ACallWithTimeLeftSucceeds) {
  const Context context{fixture().clock().now() + std::chrono::hours(1), CancelSource().token()};
  const std::vector<Block> blocks{block("a")};
  const std::vector<Hash> hashes{block("a").hash()};
  EXPECT_TRUE(archive().put(blocks, context));
  EXPECT_TRUE(archive().flush(context));
  EXPECT_TRUE(archive().get(hashes, context));
  EXPECT_TRUE(archive().has(hashes, context));
}

TEST_P(ArchiveConformance, BehavesLikeAMap) {
  for_each_seed(5, [this](Generator& generator) {
    // The archive is the same for all seeds, so each has blocks of its own.
    std::vector<Block> pool;
    for (int i = 0; i < 40; ++i) {
      const Bytes text = std::to_string(generator.seed()) + ":" + std::to_string(i) + ":";
      const std::size_t size = generator.below(600);
      // An archive may compress every other one.
      pool.push_back(Block::of(text + (i % 2 == 0 ? generator.bytes(size) : Bytes(size, 'r'))));
    }
    std::map<Hash, Bytes> model;
    for (int step = 0; step < 60; ++step) {
      std::vector<Block> batch;
      std::vector<Hash> hashes;
      for (std::size_t i = generator.below(6); i > 0; --i) {
        batch.push_back(generator.pick(pool));
        hashes.push_back(generator.pick(pool).hash());
      }
      if (generator.chance(1, 3)) {
        put(batch);
        for (const Block& each : batch) model.emplace(each.hash(), each.bytes());
      } else if (generator.chance(1, 8)) {
        flush();
      }
      std::vector<Bytes> expected;
      std::vector<bool> expected_presence;
      for (const Hash& hash : hashes) {
        expected.push_back(model.contains(hash) ? model.at(hash) : "absent");
        expected_presence.push_back(model.contains(hash));
      }
      ASSERT_EQ(get(hashes), expected);
      ASSERT_EQ(has(hashes), expected_presence);
    }
  });
}

#ifndef __EMSCRIPTEN__
TEST_P(ArchiveConformance, ServesSeveralThreadsAtOnce) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kRounds = 25;
  Archive& shared = archive();
  std::vector<std::string> complaints(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t id = 0; id < kThreads; ++id) {
    threads.emplace_back([&shared, &complaint = complaints[id], id] {
      Generator generator(id + 1);
      for (std::size_t round = 0; round < kRounds && complaint.empty(); ++round) {
        // Every thread stores blocks of its own, and one that all of them store.
        std::vector<Block> blocks = generator.blocks(4, 200);
        blocks.push_back(Block::of("round " + std::to_string(round)));
        std::vector<Hash> hashes;
        for (const Block& each : blocks) hashes.push_back(each.hash());
        if (const auto stored = shared.put(blocks); !stored) complaint = stored.error().message;
        if (const auto flushed = shared.flush(); !flushed) complaint = flushed.error().message;
        const auto found = shared.get(hashes);
        if (!found) {
          complaint = found.error().message;
        } else {
          for (const auto& each : *found) {
            if (!each) complaint = "a block that was stored is absent";
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(complaints, ::testing::Each(""));
}
#endif

TEST_P(CollectableArchiveConformance, VisitsNothingWhereThereIsNothing) {
  EXPECT_THAT(visited(), IsEmpty());
}

TEST_P(CollectableArchiveConformance, VisitsEveryFlushedBlockOnce) {
  Generator generator(3);
  const std::vector<Block> blocks = generator.blocks(500);
  std::map<Hash, Bytes> expected;
  for (const Block& each : blocks) expected.emplace(each.hash(), each.bytes());
  put(blocks);
  flush();
  EXPECT_EQ(visited(), expected);
}

TEST_P(CollectableArchiveConformance, StopsWhereTheVisitorSaysSo) {
  put({block("a"), block("b"), block("c")});
  flush();
  int visits = 0;
  EXPECT_TRUE(collectable().for_each([&](const Hash&, ByteView) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2);
}

TEST_P(CollectableArchiveConformance, ForgetsWhatIsRemoved) {
  put({block("a"), block("b"), block("c")});
  flush();
  remove({block("a").hash(), block("c").hash()});
  EXPECT_THAT(get({block("a").hash(), block("b").hash(), block("c").hash()}),
              ElementsAre("absent", "b", "absent"));
  EXPECT_THAT(visited(), ElementsAre(std::pair(block("b").hash(), Bytes("b"))));
}

TEST_P(CollectableArchiveConformance, RemovingWhatIsAbsentIsNoError) {
  put({block("a")});
  flush();
  remove({});
  remove({Hash::of("none"), Hash::of("none"), Hash{}});
  EXPECT_THAT(get({block("a").hash()}), ElementsAre("a"));
}

TEST_P(CollectableArchiveConformance, WhatWasRemovedMayComeBack) {
  put({block("a")});
  flush();
  remove({block("a").hash()});
  put({block("a")});
  flush();
  EXPECT_THAT(get({block("a").hash()}), ElementsAre("a"));
}

#ifndef __EMSCRIPTEN__
TEST_P(CollectableArchiveConformance, WritersGoOnDuringAVisit) {
  put({block("a"), block("b")});
  flush();
  int visits = 0;
  const auto outcome = collectable().for_each([&](const Hash&, ByteView) {
    if (++visits == 1) {
      std::thread([this] {
        put({block("new")});
        flush();
      }).join();
    }
    return true;
  });
  EXPECT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(visits, 2) << "a visit sees one snapshot";
  EXPECT_THAT(get({block("new").hash()}), ElementsAre("new"));
}
#endif

TEST_P(DurableArchiveConformance, AnEmptyArchiveReopens) {
  fixture().reopen();
  EXPECT_THAT(has({Hash::of("x")}), ElementsAre(false));
}

TEST_P(DurableArchiveConformance, FlushedBlocksAreThereAfterReopening) {
  Generator generator(4);
  const std::vector<Block> blocks = generator.blocks(300, 2000);
  put(blocks);
  put({block("")});
  flush();
  fixture().reopen();
  EXPECT_THAT(get({Hash::of("")}), ElementsAre(""));
  for (const Block& each : blocks) {
    ASSERT_THAT(get({each.hash()}), ElementsAre(each.bytes()));
  }
}

TEST_P(DurableArchiveConformance, AddsToWhatItFindsOnReopening) {
  put({block("a")});
  flush();
  fixture().reopen();
  put({block("b")});
  flush();
  fixture().reopen();
  EXPECT_THAT(get({block("a").hash(), block("b").hash()}), ElementsAre("a", "b"));
}

TEST_P(DurableArchiveConformance, RemovalsLast) {
  if (fixture().collectable() == nullptr) return;
  put({block("a"), block("b")});
  flush();
  const std::vector<Hash> hashes{block("a").hash()};
  ASSERT_TRUE(fixture().collectable()->remove(hashes));
  fixture().reopen();
  EXPECT_THAT(get({block("a").hash(), block("b").hash()}), ElementsAre("absent", "b"));
}

}  // namespace dialog::test
