#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <map>
#include <thread>

#include "dialog/base/random.hpp"
#include "engine_fixture.hpp"

namespace dialog::test {
namespace {

TEST_F(EngineTest, AnEmptyStoreHoldsNothing) {
  EXPECT_EQ(get("a"), "none");
  EXPECT_FALSE(has(block("a")));
  EXPECT_TRUE(pairs(engine()->list({}, View::durable)).empty());
  EXPECT_TRUE(disk_.list(kFolder)->empty());
}

TEST_F(EngineTest, WhatIsAcknowledgedSurvivesAPowerCut) {
  put(block("one"));
  set("key", "value");
  put(block("two"), 7);
  ASSERT_TRUE(engine()->flush({}).has_value());
  put(block("three"));
  power_cut();
  EXPECT_EQ(get("key"), "value");
  EXPECT_TRUE(has(block("one")));
  EXPECT_TRUE(has(block("two"), 7));
  EXPECT_FALSE(has(block("two"), 8));
  EXPECT_FALSE(has(block("three")));
}

TEST_F(EngineTest, AOneRecordCommitIsOneWriteAndOneSync) {
  set("key", "value");
  const std::uint64_t before = disk_.calls();
  set("key", "other");
  EXPECT_EQ(disk_.calls() - before, 2U);
}

TEST_F(EngineTest, ChangesAreMadeAllOrNone) {
  set("a", "1");
  EXPECT_FALSE(commit(engine(), {{"b", std::nullopt, "2"}, {"a", "0", "3"}}));
  EXPECT_FALSE(commit(engine(), {{"a", std::nullopt, "3"}}));
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "none");
  EXPECT_TRUE(commit(engine(), {{"b", std::nullopt, "2"}, {"a", "1", std::nullopt}}));
  EXPECT_EQ(get("a"), "none");
  EXPECT_EQ(get("b"), "2");
}

TEST_F(EngineTest, OnlyWhatIsDurableShowsAsDurable) {
  set("a", "1");
  const RecordChange change{"a", "1", "2"};
  const auto number = engine()->submit({&change, 1}, {});
  ASSERT_TRUE(*number);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("a", View::submitted), "2");
  EXPECT_EQ(pairs(engine()->list({}, View::durable)).front().second, "1");
  EXPECT_EQ(pairs(engine()->list({}, View::submitted)).front().second, "2");
  // Compared with what was submitted.
  const RecordChange late{"a", "1", "3"};
  EXPECT_FALSE(*engine()->submit({&late, 1}, {}));
  ASSERT_TRUE(engine()->wait(**number).has_value());
  EXPECT_EQ(get("a"), "2");
}

TEST_F(EngineTest, ManySubmittedChangesShareOneSync) {
  set("warm", "1");
  const std::uint64_t before = disk_.calls();
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 100; ++i) {
    const Bytes key = std::to_string(i);
    const RecordChange change{key, std::nullopt, "v"};
    numbers.push_back(**engine()->submit({&change, 1}, {}));
  }
  for (const std::uint64_t number : numbers) ASSERT_TRUE(engine()->wait(number).has_value());
  EXPECT_EQ(disk_.calls() - before, 2U);
}

TEST_F(EngineTest, ListsInOrderAcrossACheckpoint) {
  for (const char* key : {"p/1", "p/3", "p/5", "q/1"}) set(key, "old");
  ASSERT_TRUE(engine()->checkpoint().has_value());
  EXPECT_GT(index_.applied, 0);
  set("p/2", "new");
  set("p/3", "new");
  ASSERT_TRUE(commit(engine(), {{"p/5", "old", std::nullopt}}));
  using Pairs = std::vector<std::pair<Bytes, Bytes>>;
  EXPECT_EQ(pairs(engine()->list({.prefix = "p/"}, View::durable)),
            (Pairs{{"p/1", "old"}, {"p/2", "new"}, {"p/3", "new"}}));
  EXPECT_EQ(pairs(engine()->list({.prefix = "p/", .limit = 2, .reverse = true}, View::durable)),
            (Pairs{{"p/3", "new"}, {"p/2", "new"}}));
  EXPECT_EQ(pairs(engine()->list({.prefix = "p/", .after = "p/1", .limit = 1}, View::durable)),
            (Pairs{{"p/2", "new"}}));
  EXPECT_EQ(pairs(engine()->list({.prefix = "p/", .after = "p/2", .reverse = true}, View::durable)),
            (Pairs{{"p/1", "old"}}));
}

TEST_F(EngineTest, ACheckpointChangesNothingThatShows) {
  put(block("one"));
  set("a", "1");
  ASSERT_TRUE(engine()->checkpoint().has_value());
  set("a", "2");
  EXPECT_EQ(get("a"), "2");
  reopen();
  EXPECT_EQ(get("a"), "2");
  power_cut();
  EXPECT_EQ(get("a"), "2");
  EXPECT_TRUE(has(block("one")));
}

TEST_F(EngineTest, CheckpointsAreMadeWhenTheyAreDue) {
  limits_.checkpoint_entries = 4;
  for (int i = 0; i < 100; ++i) set("key" + std::to_string(i), "value");
  EXPECT_GT(index_.applied, 0);
  EXPECT_GT(index_.checkpoint()->sequence, 0U);
  EXPECT_EQ(engine()->list({}, View::durable)->size(), 100U);
}

TEST_F(EngineTest, CheckpointsAreDueAlsoWhereOneRecordChangesAgainAndAgain) {
  limits_.checkpoint_log_bytes = 200;
  for (int i = 0; i < 100; ++i) set("key", std::to_string(i));
  EXPECT_GT(index_.applied, 0);
  EXPECT_EQ(get("key"), "99");
}

// Of some keys the index knows an old state, of some the memory has several, some are removed.
TEST_F(EngineTest, ListsAreTheSameWhereverRecordsStand) {
  SeededRandom random(7);
  std::map<Bytes, Bytes> expected;
  for (int i = 0; i < 400; ++i) {
    const Bytes key =
        Bytes(1, static_cast<char>('a' + random.below(3))) + std::to_string(random.below(20));
    const auto at = expected.find(key);
    const std::optional<Bytes> before =
        at == expected.end() ? std::nullopt : std::optional(at->second);
    const std::optional<Bytes> after =
        before && random.below(3) == 0 ? std::nullopt : std::optional(std::to_string(i));
    const RecordChange change{key, before, after};
    ASSERT_TRUE(engine()->wait(engine()->submit({&change, 1}, {}).value().value()).has_value());
    expected.erase(key);
    if (after) expected.emplace(key, *after);
    if (i % 60 == 0) {
      ASSERT_TRUE(engine()->checkpoint().has_value());
    }
    for (const bool reverse : {false, true}) {
      Engine::Listing listing;
      const Bytes prefix(random.below(2), 'b');
      const Bytes after_key =
          random.below(2) == 0 ? Bytes() : "b" + std::to_string(random.below(20));
      listing.prefix = prefix;
      listing.after = after_key;
      listing.limit = 1 + random.below(30);
      listing.reverse = reverse;
      std::vector<Bytes> wanted;
      const auto take = [&](const Bytes& name) {
        if (!name.starts_with(prefix) || wanted.size() == listing.limit) return;
        const bool is_beyond = reverse ? name < after_key : name > after_key;
        if (after_key.empty() || is_beyond) wanted.push_back(name);
      };
      if (reverse) {
        for (auto each = expected.rbegin(); each != expected.rend(); ++each) take(each->first);
      } else {
        for (const auto& [name, value] : expected) take(name);
      }
      std::vector<Bytes> found;
      const auto records = engine()->list(listing, View::durable);
      for (const auto& record : *records) {
        EXPECT_EQ(record.value, expected.at(record.key));
        found.push_back(record.key);
      }
      ASSERT_EQ(found, wanted) << i;
    }
  }
}

TEST_F(EngineTest, TheLogGoesOnInAnotherSegment) {
  limits_.segment_bytes_max = 500;
  limits_.filled_ahead_bytes = 64;
  for (int i = 0; i < 40; ++i) {
    put(block("block" + std::to_string(i)));
    set("key", std::to_string(i));
  }
  set("large", Bytes(2000, 'l'));
  set("key", "last");
  EXPECT_GT(disk_.list(kFolder)->size(), 10U);
  power_cut();
  EXPECT_EQ(get("key"), "last");
  EXPECT_EQ(get("large"), Bytes(2000, 'l'));
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(has(block("block" + std::to_string(i))));
}

TEST_F(EngineTest, RemovedBlocksAreGone) {
  put(block("one"));
  put(block("two"));
  put(block("three"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  ASSERT_TRUE(engine()->checkpoint().has_value());
  put(block("four"));
  const std::vector<Hash> hashes{block("one").hash(), block("four").hash(), block("none").hash()};
  ASSERT_TRUE(engine()->remove(0, hashes, {}).has_value());
  EXPECT_FALSE(has(block("one")));
  EXPECT_FALSE(has(block("four")));
  EXPECT_TRUE(has(block("two")));
  put(block("one"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  power_cut();
  EXPECT_TRUE(has(block("one")));
  EXPECT_FALSE(has(block("four")));
}

TEST_F(EngineTest, VisitsEveryBlock) {
  put(block("one"));
  put(block("two"), 3);
  ASSERT_TRUE(engine()->flush({}).has_value());
  ASSERT_TRUE(engine()->checkpoint().has_value());
  put(block("three"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  const Hash gone = block("one").hash();
  ASSERT_TRUE(engine()->remove(0, {&gone, 1}, {}).has_value());
  std::map<Bytes, store::Space> seen;
  ASSERT_TRUE(engine()
                  ->for_each_block([&](const store::BlockKey& key, ByteView bytes) {
                    EXPECT_EQ(Hash::of(bytes), key.hash);
                    seen.emplace(bytes, key.space);
                    return true;
                  })
                  .has_value());
  EXPECT_EQ(seen, (std::map<Bytes, store::Space>{{"two", 3}, {"three", 0}}));
}

TEST_F(EngineTest, AFullDiskRefusesWritesAndServesReads) {
  put(block("one"));
  set("a", "1");
  put(block("two"));
  disk_.fail_call(1, ErrorCode::storage_full);
  const RecordChange change{"a", "1", "2"};
  const auto number = engine()->submit({&change, 1}, {});
  ASSERT_TRUE(number.has_value());
  EXPECT_EQ(engine()->wait(**number).error().code, ErrorCode::storage_full);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("a", View::submitted), "1");
  EXPECT_TRUE(has(block("one")));
  EXPECT_TRUE(engine()->check_writable().has_value());
  // There is room again.
  set("a", "3");
  EXPECT_EQ(engine()->wait(**number).error().code, ErrorCode::storage_full) << "it never happened";
  power_cut();
  EXPECT_EQ(get("a"), "3");
  EXPECT_TRUE(has(block("two"))) << "it was put, and every later commit takes it along";
}

TEST_F(EngineTest, WhoPutsIsToldWhereWritingEarlyFoundTheDiskFull) {
  limits_.buffered_bytes_max = 1000;
  set("a", "1");
  disk_.fail_call(1, ErrorCode::storage_full);
  std::vector<Block> blocks;
  const auto put_until_told = [&] {
    for (int i = 0; i < 100'000; ++i) {
      const Block next = block(std::to_string(i) + Bytes(600, 'x'));
      const auto outcome = engine()->put(0, {&next, 1}, {});
      if (!outcome) return outcome.error().code;
      blocks.push_back(next);
      std::this_thread::yield();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(put_until_told(), ErrorCode::storage_full);
  // There is room again.
  ASSERT_TRUE(engine()->flush({}).has_value());
  power_cut();
  for (const Block& each : blocks) EXPECT_TRUE(has(each));
}

TEST_F(EngineTest, AFailedSyncEndsAllWritesUntilTheStoreIsOpenedAgain) {
  set("a", "1");
  disk_.fail_call(2);
  const RecordChange change{"a", "1", "2"};
  const auto number = engine()->submit({&change, 1}, {});
  EXPECT_EQ(engine()->wait(**number).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(engine()->check_writable().error().code, ErrorCode::storage_failed);
  EXPECT_EQ(engine()->submit({&change, 1}, {}).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(get("a"), "1");
  reopen();
  EXPECT_TRUE(engine()->check_writable().has_value());
  set("a", "3");
  power_cut();
  EXPECT_EQ(get("a"), "3");
}

TEST_F(EngineTest, ProcessesSeeWhatOthersCommitted) {
  Process other(*this);
  set("a", "1");
  EXPECT_EQ(**other->read("a", View::durable), "1");
  put(block("one"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  const Hash hash = block("one").hash();
  EXPECT_TRUE((*other->get(0, {&hash, 1}))[0]);
  ASSERT_TRUE(commit(other, {{"a", "1", "2"}}));
  EXPECT_EQ(get("a"), "2");
  ASSERT_TRUE(engine()->checkpoint().has_value());
  ASSERT_TRUE(commit(other, {{"a", "2", "3"}}));
  set("a", "4");
  EXPECT_EQ(**other->read("a", View::durable), "4");
  EXPECT_EQ((*other->list({}, View::durable)).size(), 1U);
}

TEST_F(EngineTest, AProcessThatDiedIsFollowed) {
  Process other(*this);
  set("a", "1");
  {
    // Dies after its write and before it says so.
    Process dying(*this);
    disk_.fail_call(3);
    const RecordChange change{"a", "1", "2"};
    EXPECT_FALSE(dying->wait(**dying->submit({&change, 1}, {})).has_value());
  }
  EXPECT_EQ(**other->read("a", View::durable), "1") << "it was not acknowledged";
  // Whoever writes next takes it over: it is there, with all before it.
  const RecordChange late{"a", "1", "3"};
  EXPECT_FALSE(*other->submit({&late, 1}, {}));
  EXPECT_EQ(**other->read("a", View::durable), "2");
  power_cut();
  EXPECT_EQ(get("a"), "2");
}

/// Whoever looks at it finds it so much later.
class ClockOfLooks final : public Clock {
 public:
  explicit ClockOfLooks(std::chrono::milliseconds step) : step_(step) {}
  MonotonicTime now() override { return step_ * ++looks_; }
  WallTime wall() override { return WallTime{0}; }
  void sleep(std::chrono::nanoseconds /*duration*/) override {}
  [[nodiscard]] std::chrono::milliseconds shown() const { return step_ * looks_.load(); }

 private:
  const std::chrono::milliseconds step_;
  std::atomic<int> looks_ = 0;
};

TEST_F(EngineTest, WaitsForTheRightToWriteOnlySoLong) {
  ClockOfLooks clock{std::chrono::seconds(10)};
  Process waiting(*this, clock);
  set("a", "1");
  const RecordChange held{"a", "1", "2"};
  const auto number = engine()->submit({&held, 1}, {});
  ASSERT_TRUE(number.has_value());
  const auto before = clock.shown();

  const RecordChange refused{"a", "2", "3"};
  const auto outcome = waiting->submit({&refused, 1}, {});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::busy);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("another one has the right to write"));
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("try again"));
  const auto waited = clock.shown() - before;
  EXPECT_GT(waited, limits_.patience);
  EXPECT_LT(waited, limits_.patience + std::chrono::seconds(40));
  const Block two = block("two");
  ASSERT_TRUE(waiting->put(0, {&two, 1}, {}).has_value());
  EXPECT_EQ(waiting->flush({}).error().code, ErrorCode::busy);

  ASSERT_TRUE(engine()->wait(**number).has_value());
  ASSERT_TRUE(commit(waiting, {refused}));
  EXPECT_EQ(get("a"), "3");
  EXPECT_TRUE(has(two)) << "it was put, and is written with what comes next";
}

TEST_F(EngineTest, WaitsForTheRightToWriteUntilTheDeadlineWhereThatIsEarlier) {
  ClockOfLooks clock{std::chrono::seconds(1)};
  Process waiting(*this, clock);
  const RecordChange held{"a", std::nullopt, "1"};
  ASSERT_TRUE(engine()->submit({&held, 1}, {}).has_value());
  const RecordChange refused{"b", std::nullopt, "1"};
  const Context context{clock.now() + std::chrono::seconds(5), {}};
  EXPECT_EQ(waiting->submit({&refused, 1}, context).error().code, ErrorCode::timeout);
  EXPECT_LT(clock.now(), *context.deadline + std::chrono::seconds(4));
}

TEST_F(EngineTest, WhatOthersWroteAndThisProcessReadStaysWhenItWrites) {
  limits_.filled_ahead_bytes = 64;
  Process other(*this);
  set("a", "1");
  ASSERT_TRUE(commit(other, {{"large", std::nullopt, Bytes(5000, 'l')}}));
  EXPECT_EQ(get("large"), Bytes(5000, 'l'));
  set("a", "2");
  power_cut();
  EXPECT_EQ(get("large"), Bytes(5000, 'l'));
  EXPECT_EQ(get("a"), "2");
}

TEST_F(EngineTest, ASegmentThatIsBegunAnewIsTheSameForWhoHadItOpen) {
  limits_.segment_bytes_max = 500;
  limits_.filled_ahead_bytes = 64;
  Process other(*this);
  set("a", Bytes(300, 'x'));
  {
    // Dies when it has begun a segment and written nothing to it.
    Process dying(*this);
    disk_.fail_call(5);
    const Bytes value(200, 'y');
    const RecordChange change{"b", std::nullopt, value};
    EXPECT_FALSE(dying->wait(**dying->submit({&change, 1}, {})).has_value());
  }
  ASSERT_EQ(disk_.list(kFolder)->size(), 2U);
  // Looks for what was left behind, and writes nothing itself.
  const RecordChange wrong{"a", "something else", "2"};
  EXPECT_FALSE(*other->submit({&wrong, 1}, {}));
  set("b", Bytes(200, 'z'));
  const auto read = other->read("b", View::durable);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(**read, Bytes(200, 'z'));
  ASSERT_TRUE(commit(other, {{"c", std::nullopt, "1"}}));
  power_cut();
  EXPECT_EQ(get("b"), Bytes(200, 'z'));
  EXPECT_EQ(get("c"), "1");
}

class EngineWithoutRoom : public EngineTest, public testing::WithParamInterface<int> {};

TEST_P(EngineWithoutRoom, WhatFoundNoRoomDoesNotComeBack) {
  limits_.segment_bytes_max = 500;
  limits_.filled_ahead_bytes = 0;
  set("a", "1");
  disk_.fail_call(static_cast<std::uint64_t>(GetParam()), ErrorCode::storage_full);
  const RecordChange small{"first", std::nullopt, "1"};
  const auto one = engine()->submit({&small, 1}, {});
  // Needs another segment.
  const Bytes value(490, 'y');
  const RecordChange large{"second", std::nullopt, value};
  const auto two = engine()->submit({&large, 1}, {});
  EXPECT_EQ(engine()->wait(**two).error().code, ErrorCode::storage_full);
  EXPECT_EQ(engine()->wait(**one).error().code, ErrorCode::storage_full);
  power_cut(MemoryDisk::Loss::nothing);
  EXPECT_EQ(get("first"), "none");
  EXPECT_EQ(get("second"), "none");
  EXPECT_EQ(get("a"), "1");
}

// The write of the first, the segment, its header, its name, the write of the second.
INSTANTIATE_TEST_SUITE_P(AtEachCall, EngineWithoutRoom, testing::Values(1, 3, 4, 5, 6));

// A power cut kept a later entry and lost the one before, and the next one has the same size.
TEST_F(EngineTest, WhatWasLeftOfALostEntryIsNoPartOfTheLog) {
  set("first", "1");
  const Bytes before = log_bytes();
  set("k", "x");
  set("j", "y");
  const Bytes lost = log_bytes();
  const std::size_t later = lost.find("jy") - 48;
  power_cut();
  // As if nothing of both had arrived.
  write_log(before);
  set("k", "z");
  Bytes torn = log_bytes();
  ASSERT_EQ(torn.find("kz"), lost.find("kx")) << "at the same place";
  torn.replace(later, 56, lost, later, 56);
  reopen();
  write_log(torn);
  shared_.published.reset();
  EXPECT_EQ(get("k"), "z");
  EXPECT_EQ(get("j"), "none");
}

TEST_F(EngineTest, DamageInTheMiddleIsNoTornTail) {
  set("a", "1");
  set("b", "2");
  set("c", "3");
  reopen();
  Bytes bytes = log_bytes();
  const std::size_t at = bytes.find("a1");
  ASSERT_NE(at, Bytes::npos);
  bytes[at] = 'x';
  write_log(bytes);
  shared_.published.reset();
  LocalCoordinator coordinator(shared_);
  const auto opened = Engine::open({disk_, kFolder, index_, coordinator, clock_}, limits_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
  EXPECT_NE(opened.error().message.find(log_path()), std::string::npos) << opened.error().message;
}

TEST_F(EngineTest, ADamagedBlockIsNeverServed) {
  put(block("one block"));
  ASSERT_TRUE(engine()->flush({}).has_value());
  ASSERT_TRUE(engine()->checkpoint().has_value());
  Bytes bytes = log_bytes();
  bytes.at(bytes.find("one block")) = 'O';
  write_log(bytes);
  const Hash hash = block("one block").hash();
  const auto found = engine()->get(0, {&hash, 1});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::corrupt);
  EXPECT_NE(found.error().message.find(hash.hex()), std::string::npos);
}

TEST_F(EngineTest, ALogThatIsGoneIsCorrupt) {
  set("a", "1");
  ASSERT_TRUE(engine()->checkpoint().has_value());
  reopen();
  ASSERT_TRUE(disk_.remove(log_path()).has_value());
  LocalCoordinator coordinator(shared_);
  EXPECT_EQ(Engine::open({disk_, kFolder, index_, coordinator, clock_}, limits_).error().code,
            ErrorCode::corrupt);
}

TEST_F(EngineTest, CompactionGivesRoomBackAndKeepsWhatIsNeeded) {
  limits_.segment_bytes_max = 2000;
  limits_.filled_ahead_bytes = 64;
  const auto text = [](int i) { return Bytes(300, 'b') + std::to_string(i); };
  std::vector<Hash> gone;
  for (int i = 0; i < 60; ++i) {
    put(block(text(i)), i % 2);
    set("key", std::to_string(i));
    if (i % 6 != 0) gone.push_back(block(text(i)).hash());
  }
  ASSERT_TRUE(engine()->remove(0, gone, {}).has_value());
  ASSERT_TRUE(engine()->remove(1, gone, {}).has_value());
  Process reader(*this);
  const std::size_t before = disk_.list(kFolder)->size();
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message;
  EXPECT_GT(compacted->moved, 0U);
  EXPECT_GT(compacted->bytes, compacted->moved);
  EXPECT_EQ(compacted->damaged, 0U);
  EXPECT_LT(disk_.list(kFolder)->size(), before / 2);
  const auto check = [&] {
    EXPECT_EQ(get("key"), "59");
    for (int i = 0; i < 60; ++i) EXPECT_EQ(has(block(text(i)), i % 2), i % 6 == 0) << i;
  };
  check();
  // Also where somebody still has the old places, and after a power cut.
  for (int i = 0; i < 60; i += 6) {
    const Hash hash = block(text(i)).hash();
    EXPECT_TRUE((*reader->get(static_cast<store::Space>(i % 2), {&hash, 1}))[0]) << i;
  }
  power_cut();
  check();
}

TEST_F(EngineTest, CompactionEmptiesTheLastSegmentToo) {
  const auto numbered = [](int i) {
    return block(Generator(static_cast<std::uint64_t>(i)).bytes(10'000));
  };
  std::vector<Hash> gone;
  for (int i = 0; i < 100; ++i) {
    put(numbered(i));
    if (i % 10 != 0) gone.push_back(numbered(i).hash());
  }
  set("key", "value");
  ASSERT_TRUE(engine()->remove(0, gone, {}).has_value());
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message;
  EXPECT_EQ(compacted->segments, 1U);
  ASSERT_EQ(disk_.list(kFolder)->size(), 1U);
  EXPECT_LT(log_bytes().size(), 200'000U);
  // What is full stays.
  EXPECT_EQ(engine()->compact(0.9, {})->moved, 0U);
  const auto check = [&] {
    EXPECT_EQ(get("key"), "value");
    for (int i = 0; i < 100; ++i) EXPECT_EQ(has(numbered(i)), i % 10 == 0) << i;
  };
  check();
  set("key", "other");
  power_cut();
  EXPECT_EQ(get("key"), "other");
  set("key", "value");
  check();
}

TEST_F(EngineTest, CompactionLeavesDamagedBlocksWhereTheyAre) {
  limits_.segment_bytes_max = 1000;
  put(block("kept"));
  put(block("bad one"));
  put(block("gone"));
  set("key", Bytes(2000, 'k'));
  const Hash gone = block("gone").hash();
  ASSERT_TRUE(engine()->remove(0, {&gone, 1}, {}).has_value());
  Bytes bytes = log_bytes();
  bytes.at(bytes.find("bad one")) = 'B';
  write_log(bytes);
  const auto compacted = engine()->compact(0.9, {});
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message;
  EXPECT_EQ(compacted->damaged, 1U);
  EXPECT_TRUE(has(block("kept")));
  const Hash bad = block("bad one").hash();
  EXPECT_EQ(engine()->get(0, {&bad, 1}).error().code, ErrorCode::corrupt);
}

TEST_F(EngineTest, AnIndexThatCannotFollowHarmsNothing) {
  limits_.checkpoint_entries = 4;
  index_.failing = true;
  for (int i = 0; i < 100; ++i) set("key" + std::to_string(i), "value");
  EXPECT_EQ(index_.applied, 0);
  power_cut();
  EXPECT_EQ(engine()->list({}, View::durable)->size(), 100U);
}

}  // namespace
}  // namespace dialog::test
