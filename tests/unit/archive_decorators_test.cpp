#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "dialog/archive/caching_archive.hpp"
#include "dialog/archive/counting_archive.hpp"
#include "dialog/archive/faulty_archive.hpp"
#include "dialog/archive/memory_archive.hpp"
#include "dialog/archive/verifying_archive.hpp"
#include "dialog/base/limits.hpp"
#include "support/seeds.hpp"

namespace dialog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Block kA = Block::of("a");
const Block kB = Block::of("bb");
const Block kC = Block::of("ccc");
const Hash kNone = Hash::of("none");

std::vector<Block> blocks(std::initializer_list<Block> list) { return list; }
std::vector<Hash> hashes(std::initializer_list<Hash> list) { return list; }

std::vector<std::string> texts(const Result<std::vector<std::optional<Block>>>& found) {
  if (!found) return {"error: " + found.error().message};
  std::vector<std::string> texts;
  for (const auto& block : *found) texts.emplace_back(block ? block->bytes() : "absent");
  return texts;
}

class CachingArchiveTest : public ::testing::Test {
 protected:
  MemoryArchive local_;
  MemoryArchive distant_;
  CountingArchive remote_{distant_};
  CachingArchive archive_{local_, remote_};
};

TEST_F(CachingArchiveTest, DoesNotAskTheRemoteForWhatIsLocal) {
  ASSERT_TRUE(local_.put(blocks({kA, kB})));
  EXPECT_THAT(texts(archive_.get(hashes({kA.hash(), kB.hash()}))), ElementsAre("a", "bb"));
  EXPECT_EQ(remote_.counts(), ArchiveCounts{});
}

TEST_F(CachingArchiveTest, AsksForTheRestInOneCallAndForEachBlockOnce) {
  ASSERT_TRUE(local_.put(blocks({kA})));
  ASSERT_TRUE(distant_.put(blocks({kA, kB, kC})));
  EXPECT_THAT(texts(archive_.get(hashes({kB.hash(), kA.hash(), kC.hash(), kNone, kB.hash()}))),
              ElementsAre("bb", "a", "ccc", "absent", "bb"));
  EXPECT_EQ(remote_.counts().get.calls, 1U);
  EXPECT_EQ(remote_.counts().get.hashes, 3U);
  EXPECT_EQ(remote_.counts().get.blocks, 2U);
}

TEST_F(CachingArchiveTest, KeepsWhatItFetched) {
  ASSERT_TRUE(distant_.put(blocks({kA})));
  EXPECT_THAT(texts(archive_.get(hashes({kA.hash()}))), ElementsAre("a"));
  EXPECT_THAT(texts(archive_.get(hashes({kA.hash()}))), ElementsAre("a"));
  EXPECT_EQ(remote_.counts().get.calls, 1U);
  EXPECT_THAT(texts(local_.get(hashes({kA.hash()}))), ElementsAre("a"));
}

TEST_F(CachingArchiveTest, PutsOnlyLocally) {
  ASSERT_TRUE(archive_.put(blocks({kA})));
  ASSERT_TRUE(archive_.flush());
  EXPECT_EQ(local_.block_count(), 1U);
  EXPECT_EQ(remote_.counts(), ArchiveCounts{});
}

TEST_F(CachingArchiveTest, HasAsksBothAndKeepsNothing) {
  ASSERT_TRUE(local_.put(blocks({kA})));
  ASSERT_TRUE(distant_.put(blocks({kB})));
  const auto present = archive_.has(hashes({kB.hash(), kA.hash(), kNone, kB.hash()}));
  ASSERT_TRUE(present);
  EXPECT_THAT(*present, ElementsAre(true, true, false, true));
  EXPECT_EQ(remote_.counts().has.hashes, 2U);
  EXPECT_EQ(local_.block_count(), 1U);
}

TEST(CachingArchive, FailsWhereTheRemoteFailsAndSaysSo) {
  MemoryArchive local;
  MemoryArchive distant;
  FaultyArchive remote(distant, 1);
  CachingArchive archive(local, remote);
  ASSERT_TRUE(local.put(blocks({kA})));
  remote.plan(1, ArchiveFault::before);
  const auto found = archive.get(hashes({kA.hash(), kB.hash()}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::unavailable);
  EXPECT_THAT(found.error().message, HasSubstr("remote archive"));
  remote.plan(1, ArchiveFault::before, ErrorCode::unauthorized);
  const auto present = archive.has(hashes({kB.hash()}));
  ASSERT_FALSE(present);
  EXPECT_EQ(present.error().code, ErrorCode::unauthorized);
}

TEST(CachingArchive, ReadsOnWhereItCannotKeep) {
  MemoryArchive memory;
  FaultyArchive local(memory, 1);
  MemoryArchive remote;
  CachingArchive archive(local, remote);
  ASSERT_TRUE(remote.put(blocks({kA})));
  local.plan(2, ArchiveFault::before, ErrorCode::storage_full);  // after the get comes the put
  EXPECT_THAT(texts(archive.get(hashes({kA.hash()}))), ElementsAre("a"));
  EXPECT_EQ(memory.block_count(), 0U);
}

TEST(CachingArchive, KeepsNothingOfALyingRemote) {
  for (const ArchiveFault fault : {ArchiveFault::wrong_block, ArchiveFault::too_few}) {
    MemoryArchive local;
    MemoryArchive distant;
    FaultyArchive remote(distant, 1);
    CachingArchive archive(local, remote);
    ASSERT_TRUE(distant.put(blocks({kA, kB})));
    remote.plan(1, fault);
    const auto found = archive.get(hashes({kA.hash(), kB.hash()}));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::corrupt);
    EXPECT_EQ(local.block_count(), 0U);
  }
}

TEST(CachingArchive, RefusesTooFewAnswersOfHas) {
  MemoryArchive local;
  MemoryArchive distant;
  FaultyArchive remote(distant, 1);
  CachingArchive archive(local, remote);
  remote.plan(1, ArchiveFault::too_few);
  const auto present = archive.has(hashes({kA.hash()}));
  ASSERT_FALSE(present);
  EXPECT_EQ(present.error().code, ErrorCode::corrupt);
}

class VerifyingArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(memory_.put(blocks({kA, kB}))); }

  MemoryArchive memory_;
  FaultyArchive liar_{memory_, 1};
  VerifyingArchive archive_{liar_};
};

TEST_F(VerifyingArchiveTest, LetsTrueAnswersPass) {
  EXPECT_THAT(texts(archive_.get(hashes({kB.hash(), kNone, kA.hash()}))),
              ElementsAre("bb", "absent", "a"));
}

TEST_F(VerifyingArchiveTest, RefusesABlockThatWasNotAskedFor) {
  liar_.plan(1, ArchiveFault::wrong_block);
  const auto found = archive_.get(hashes({kA.hash()}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::corrupt);
  EXPECT_THAT(found.error().message, HasSubstr(kA.hash().hex()));
}

TEST_F(VerifyingArchiveTest, RefusesAnAnswerOfTheWrongLength) {
  liar_.plan(1, ArchiveFault::too_few);
  EXPECT_EQ(archive_.get(hashes({kA.hash(), kB.hash()})).error().code, ErrorCode::corrupt);
  liar_.plan(1, ArchiveFault::too_few);
  EXPECT_EQ(archive_.has(hashes({kA.hash(), kB.hash()})).error().code, ErrorCode::corrupt);
}

TEST_F(VerifyingArchiveTest, LetsErrorsPass) {
  liar_.plan(1, ArchiveFault::before, ErrorCode::timeout);
  EXPECT_EQ(archive_.get(hashes({kA.hash()})).error().code, ErrorCode::timeout);
}

TEST(CheckAnswer, RefusesABlockThatIsTooLarge) {
  const Block large = Block::of(Bytes(kBlockBytesMax + 1, 'x'));
  const std::vector<std::optional<Block>> found{large};
  const auto checked = check_answer(hashes({large.hash()}), found);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
}

TEST(CheckAnswer, RefusesBlocksInAnotherOrder) {
  const std::vector<std::optional<Block>> found{kB, kA};
  EXPECT_FALSE(check_answer(hashes({kA.hash(), kB.hash()}), found));
  EXPECT_TRUE(check_answer(hashes({kB.hash(), kA.hash()}), found));
}

TEST(CountingArchive, CountsEachKindOfCallExactly) {
  MemoryArchive memory;
  CountingArchive archive(memory);
  ASSERT_TRUE(archive.put(blocks({kA, kB, kC})));
  ASSERT_TRUE(archive.put(blocks({kA})));
  ASSERT_TRUE(archive.get(hashes({kA.hash(), kNone, kC.hash()})));
  ASSERT_TRUE(archive.get_one(kB.hash()));
  ASSERT_TRUE(archive.has(hashes({kA.hash(), kNone})));
  ASSERT_TRUE(archive.flush());
  const ArchiveCounts expected{
      .get = {.calls = 2, .errors = 0, .hashes = 4, .blocks = 3, .bytes = 6},
      .put = {.calls = 2, .errors = 0, .hashes = 4, .blocks = 4, .bytes = 7},
      .has = {.calls = 1, .errors = 0, .hashes = 2, .blocks = 1, .bytes = 0},
      .flush = {.calls = 1, .errors = 0, .hashes = 0, .blocks = 0, .bytes = 0}};
  EXPECT_EQ(archive.counts(), expected);
  EXPECT_EQ(archive.reset(), expected);
  EXPECT_EQ(archive.counts(), ArchiveCounts{});
}

TEST(CountingArchive, CountsFailedCallsWithoutBlocks) {
  MemoryArchive memory;
  FaultyArchive faulty(memory, 1, {.before = 1000});
  CountingArchive archive(faulty);
  EXPECT_FALSE(archive.put(blocks({kA})));
  EXPECT_FALSE(archive.get(hashes({kA.hash()})));
  EXPECT_FALSE(archive.has(hashes({kA.hash()})));
  EXPECT_FALSE(archive.flush());
  const OperationCount failed{.calls = 1, .errors = 1, .hashes = 1, .blocks = 0, .bytes = 0};
  EXPECT_EQ(archive.counts().put, failed);
  EXPECT_EQ(archive.counts().get, failed);
  EXPECT_EQ(archive.counts().has, failed);
  EXPECT_EQ(archive.counts().flush.errors, 1U);
}

class FaultyArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(memory_.put(blocks({kA, kB}))); }

  MemoryArchive memory_;
  FaultyArchive archive_{memory_, 1};
};

TEST_F(FaultyArchiveTest, FailsThePlannedCallAndNoOther) {
  archive_.plan(2, ArchiveFault::before, ErrorCode::busy);
  EXPECT_TRUE(archive_.get(hashes({kA.hash()})));
  const auto failed = archive_.has(hashes({kA.hash()}));
  EXPECT_TRUE(archive_.flush());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::busy);
  EXPECT_EQ(archive_.calls(), 3U);
  EXPECT_EQ(archive_.faults(), 1U);
}

TEST_F(FaultyArchiveTest, MarksItsErrors) {
  archive_.plan(1, ArchiveFault::before);
  EXPECT_TRUE(FaultyArchive::is_injected(archive_.flush().error()));
  EXPECT_TRUE(
      FaultyArchive::is_injected(Error{ErrorCode::busy, "injected fault: x", {}}.within("push")));
  EXPECT_FALSE(FaultyArchive::is_injected(Error{ErrorCode::busy, "busy", {}}));
}

TEST_F(FaultyArchiveTest, StoresBeforeItLosesTheAnswer) {
  archive_.plan(1, ArchiveFault::after);
  EXPECT_FALSE(archive_.put(blocks({kC})));
  EXPECT_EQ(memory_.block_count(), 3U);
}

TEST_F(FaultyArchiveTest, StoresNothingBeforeItFails) {
  archive_.plan(1, ArchiveFault::before);
  EXPECT_FALSE(archive_.put(blocks({kC})));
  EXPECT_EQ(memory_.block_count(), 2U);
}

TEST_F(FaultyArchiveTest, StoresAPart) {
  test::Generator generator(1);
  const auto batch = generator.blocks(100);
  archive_.plan(1, ArchiveFault::partly);
  EXPECT_FALSE(archive_.put(batch));
  EXPECT_GT(memory_.block_count(), 2U);
  EXPECT_LT(memory_.block_count(), 102U);
}

TEST_F(FaultyArchiveTest, HidesBlocks) {
  archive_.plan(1, ArchiveFault::absent);
  EXPECT_THAT(texts(archive_.get(hashes({kA.hash()}))), ElementsAre("absent"));
  archive_.plan(1, ArchiveFault::absent);
  const auto present = archive_.has(hashes({kA.hash()}));
  ASSERT_TRUE(present);
  EXPECT_THAT(*present, ElementsAre(false));
  EXPECT_THAT(texts(archive_.get(hashes({kA.hash()}))), ElementsAre("a"));
}

TEST_F(FaultyArchiveTest, AnswersWithOtherBytes) {
  archive_.plan(1, ArchiveFault::wrong_block);
  const auto found = archive_.get(hashes({kA.hash()}));
  ASSERT_TRUE(found);
  EXPECT_NE((*found)[0]->hash(), kA.hash());
}

TEST_F(FaultyArchiveTest, FaultsOfReadsFailCallsThatTheyDoNotFit) {
  for (const ArchiveFault fault :
       {ArchiveFault::absent, ArchiveFault::wrong_block, ArchiveFault::too_few}) {
    archive_.plan(1, fault);
    EXPECT_FALSE(archive_.flush());
    archive_.plan(1, fault);
    EXPECT_FALSE(archive_.put(blocks({kC})));
    archive_.plan(1, fault);
    EXPECT_FALSE(archive_.get({}));
  }
  EXPECT_EQ(memory_.block_count(), 2U);
}

TEST(FaultyArchive, KeepsToItsRates) {
  MemoryArchive memory;
  FaultyArchive archive(memory, 7, {.before = 200, .code = ErrorCode::timeout});
  int failures = 0;
  for (int i = 0; i < 2000; ++i) failures += archive.flush() ? 0 : 1;
  EXPECT_NEAR(failures, 400, 80);
  EXPECT_EQ(archive.faults(), static_cast<std::uint64_t>(failures));
  archive.set_rates({});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(archive.flush());
}

TEST(FaultyArchive, RepeatsItselfForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    MemoryArchive memory;
    FaultyArchive archive(memory, seed,
                          {.before = 100, .after = 100, .partly = 100, .absent = 100});
    std::string trace;
    test::Generator generator(1);
    for (int i = 0; i < 200; ++i) {
      const auto batch = generator.blocks(3);
      trace += archive.put(batch) ? 'p' : '-';
      trace += texts(archive.get(hashes({batch[0].hash()})))[0] == batch[0].bytes() ? 'g' : '-';
    }
    return trace + std::to_string(memory.block_count());
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

}  // namespace
}  // namespace dialog
