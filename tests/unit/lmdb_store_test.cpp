#include <chrono>
#include <cstdint>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dialog/backends/lmdb_repository_store.hpp"
#include "dialog/backends/lmdb_server_store.hpp"
#include "lmdb_failing_disk.hpp"
#include "lmdb_workload.hpp"
#include "support/subjects.hpp"
#include "support/temp_folder.hpp"

// What the LMDB stores do beyond their interfaces: bounds, costs, listings.

namespace dialog::test {
namespace {

class LmdbServer : public testing::Test {
 protected:
  void open(std::uint64_t history_kept) {
    store_.reset();
    LmdbOptions options = ensure();
    options.history_kept = history_kept;
    store_ = LmdbServerStore::open(folder_.path(), options).value();
  }
  void publish(const Subject& subject, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i < to; ++i) {
      const Register::Swap swap{revision_number(i), revision_number(i + 1), {}, "", false};
      ASSERT_TRUE(std::holds_alternative<Register::Accepted>(
          store_->head_register().swap(subject, swap, {}).value()));
    }
  }
  /// Changes these bytes wherever they are in the database.
  void damage(std::string_view found) {
    store_.reset();
    const std::string data = folder_ / "data.mdb";
    std::ifstream in(data, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    ASSERT_NE(bytes.find(found), std::string::npos);
    for (auto at = bytes.find(found); at != std::string::npos; at = bytes.find(found, at)) {
      bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    }
    std::ofstream(data, std::ios::binary) << bytes;
    open(10);
  }
  HeadHistory history(std::uint64_t after) {
    return store_->head_register().history(subject_, after, 100, {}).value();
  }

  TempFolder folder_{TempFolder::On::memory};
  std::unique_ptr<LmdbServerStore> store_;
  const Subject subject_ = subject_named("one");
};

TEST_F(LmdbServer, ForgetsTheOldestSwapsAndSaysSo) {
  open(3);
  publish(subject_, 0, 5);
  const HeadHistory kept = history(0);
  ASSERT_EQ(kept.records.size(), 3U);
  EXPECT_EQ(kept.records.front().sequence, 3U);
  EXPECT_FALSE(kept.complete);
  EXPECT_FALSE(history(1).complete);
  EXPECT_TRUE(history(2).complete);
  EXPECT_TRUE(history(5).complete);
}

TEST_F(LmdbServer, ShrinksALongerHistoryLittleByLittle) {
  open(100);
  publish(subject_, 0, 60);
  open(10);
  publish(subject_, 60, 70);
  ASSERT_EQ(history(0).records.size(), 10U);
  EXPECT_EQ(history(0).records.front().sequence, 61U);
  EXPECT_EQ(history(0).records.back().sequence, 70U);
}

TEST_F(LmdbServer, CountsWhatItChecks) {
  open(3);
  publish(subject_, 0, 5);
  publish(subject_named("two"), 0, 1);
  const Block block = Block::of("shared");
  for (const char* const name : {"one", "two"}) {
    const auto archive = store_->archive_for(subject_named(name));
    ASSERT_TRUE(archive->put({&block, 1}).has_value() && archive->flush().has_value());
  }
  const auto checked = store_->check();
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  EXPECT_EQ(checked->subjects, 2U);
  EXPECT_EQ(checked->swaps, 3U + 1U);
  EXPECT_EQ(checked->blocks, 2U);
  EXPECT_EQ(checked->bytes, 2 * block.size());
}

TEST_F(LmdbServer, NamesADamagedSwapWhenItIsChecked) {
  open(10);
  const Register::Swap swap{{}, revision_number(1), {}, "the author of it", false};
  ASSERT_TRUE(store_->head_register().swap(subject_, swap, {}).has_value());
  damage(swap.author);
  const auto checked = store_->check();
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
  EXPECT_THAT(checked.error().message, testing::HasSubstr(subject_.id().hex()));
}

TEST_F(LmdbServer, NamesADamagedRevocationWhereverItIsRead) {
  open(10);
  const Revoke revoke{{Hash::of("a"), std::chrono::seconds(2'000)}, {}, kRevocationsMax};
  ASSERT_TRUE(store_->revocations()->add(subject_, revoke, {}).has_value());
  EXPECT_TRUE(store_->check().has_value());
  damage(Hash::of("a").bytes());
  const auto checked = store_->check();
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
  EXPECT_THAT(checked.error().message, testing::HasSubstr(subject_.id().hex()));
  EXPECT_EQ(store_->revocations()->list(subject_, {}).error().code, ErrorCode::corrupt);
  EXPECT_EQ(store_->revocations()->add(subject_, revoke, {}).error().code, ErrorCode::corrupt);
}

TEST_F(LmdbServer, RefusesAnAuthorThatIsTooLong) {
  open(10);
  const Register::Swap swap{{}, revision_number(1), {}, std::string(4097, 'a'), false};
  EXPECT_EQ(store_->head_register().swap(subject_, swap, {}).error().code, ErrorCode::too_large);
}

TEST_F(LmdbServer, SharesOneArchiveAmongThoseWhoAskForASubject) {
  open(10);
  const Block block = Block::of("shared");
  const auto first = store_->archive_for(subject_);
  const auto second = store_->archive_for(subject_);
  ASSERT_TRUE(first->put({&block, 1}).has_value());
  EXPECT_EQ(second->has(std::vector{block.hash()}).value(), std::vector<bool>{true});
}

TEST_F(LmdbServer, KeepsWhatWasFlushedWhileNobodyHeldTheArchive) {
  open(10);
  const Block block = Block::of("kept");
  ASSERT_TRUE(store_->archive_for(subject_)->put({&block, 1}).has_value());
  for (int i = 0; i < 5000; ++i) (void)store_->archive_for(subject_named(std::to_string(i)));
  const auto archive = store_->archive_for(subject_);
  ASSERT_TRUE(archive->put({&block, 1}).has_value() && archive->flush().has_value());
  EXPECT_EQ(store_->archive_for(subject_)->has(std::vector{block.hash()}).value(),
            std::vector<bool>{true});
}

/// Counts the writes and syncs of single calls.
class LmdbCosts : public testing::Test {
 protected:
  template <class Call>
  int calls(Call call) {
    disk_.fail_at(0, DiskFault::none, false);
    call();
    return disk_.calls();
  }

  TempFolder folder_{TempFolder::On::memory};
  FailingDisk disk_{folder_.path()};
};

TEST_F(LmdbCosts, ACommitAndItsBlocksAreOneSyncAndOneFirstPage) {
  const auto store = LmdbRepositoryStore::open(folder_.path(), ensure()).value();
  ASSERT_TRUE(commit(*store, 0).value());
  disk_.record(folder_ / "data.mdb");
  ASSERT_TRUE(commit(*store, 1).value());
  int syncs = 0;
  int durable_writes = 0;
  for (const DiskEvent& event : disk_.events()) {
    if (event.kind == DiskEvent::Kind::sync) ++syncs;
    if (event.durable) ++durable_writes;
  }
  EXPECT_EQ(syncs, 1);
  EXPECT_EQ(durable_writes, 1);
}

TEST_F(LmdbCosts, WhatChangesNothingWritesNothing) {
  const auto store = LmdbRepositoryStore::open(folder_.path(), ensure()).value();
  ASSERT_TRUE(commit(*store, 0).value());
  EXPECT_EQ(calls([&] { EXPECT_TRUE(store->archive().flush().has_value()); }), 0);
  EXPECT_EQ(calls([&] { EXPECT_TRUE(store->heads().commit({}).value()); }), 0);
  EXPECT_EQ(calls([&] { EXPECT_FALSE(commit(*store, 0).value()); }), 0);
  EXPECT_EQ(calls([&] { EXPECT_TRUE(store->heads().list({}).has_value()); }), 0);
  const Block block = block_of(0);
  EXPECT_EQ(calls([&] {
              EXPECT_TRUE(store->archive().put({&block, 1}).has_value());
              EXPECT_TRUE(store->archive().flush().has_value());
            }),
            0);
}

TEST_F(LmdbCosts, APutWritesNothingBeforeItsBufferIsFull) {
  LmdbOptions options = ensure();
  options.buffered_bytes_max = 10'000;
  const auto store = LmdbRepositoryStore::open(folder_.path(), options).value();
  const auto put = [&](char fill) {
    const Block block = Block::of(std::string(4000, fill));
    EXPECT_TRUE(store->archive().put({&block, 1}).has_value());
  };
  EXPECT_EQ(calls([&] { put('a'), put('b'); }), 0);
  EXPECT_GT(calls([&] { put('c'); }), 0);
}

class LmdbSize : public testing::Test {
 protected:
  Result<std::unique_ptr<LmdbRepositoryStore>> open(std::size_t bytes_max) {
    LmdbOptions options = ensure();
    options.map_bytes = 64 * 1024;
    options.map_bytes_max = bytes_max;
    return LmdbRepositoryStore::open(folder_.path(), options);
  }

  TempFolder folder_{TempFolder::On::memory};
};

TEST_F(LmdbSize, GrowsFromSmallByItself) {
  const auto store = open(std::size_t{1} << 30).value();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(commit(*store, i).value());
  expect_whole(*store, 199);
}

TEST_F(LmdbSize, ThatIsConfiguredEndsWritesAndNotReads) {
  auto store = open(512 * 1024).value();
  int next = 0;
  Result<bool> done = true;
  while (done) {
    done = commit(*store, next);
    if (done) ++next;
    ASSERT_LT(next, 1000);
  }
  EXPECT_EQ(done.error().code, ErrorCode::storage_full) << done.error().message;
  EXPECT_GT(next, 10);
  expect_whole(*store, next - 1);

  store.reset();
  store = open(4 * 1024 * 1024).value();
  EXPECT_TRUE(commit(*store, next).value()) << "there is room again";
  expect_whole(*store, next);
}

}  // namespace
}  // namespace dialog::test
