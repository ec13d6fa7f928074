#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "dialog/backends/lmdb_server_store.hpp"
#include "lmdb_workload.hpp"
#include "support/subjects.hpp"
#include "support/temp_folder.hpp"

extern char** environ;

// What several processes may do with one store, and what is left when one of them is killed.

namespace dialog::test {
namespace {

namespace fs = std::filesystem;

/// `lmdb_worker` with a command. Killed with this object, if it still runs.
class Worker {
 public:
  Worker(std::string command, std::string folder, int number = 0) {
    std::array<int, 2> ends{};
    DIALOG_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string text = std::to_string(number);
    std::array<char*, 5> words{const_cast<char*>(LMDB_WORKER), command.data(), folder.data(),
                               text.data(), nullptr};
    const int spawned = posix_spawn(&pid_, LMDB_WORKER, &actions, nullptr, words.data(), environ);
    DIALOG_CHECK(spawned == 0, "the worker");
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    kill();
    fclose(output_);
  }

  /// Waits for the next line; absent where there will be none.
  std::optional<std::string> line() {
    std::string text;
    for (int byte = fgetc(output_); byte != EOF; byte = fgetc(output_)) {
      if (byte == '\n') return text;
      text.push_back(static_cast<char>(byte));
    }
    return std::nullopt;
  }

  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
  }

  /// The exit status; -1 after a signal.
  int wait() {
    if (pid_ <= 0) return status_;
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return status_;
  }

 private:
  pid_t pid_ = 0;
  int status_ = 0;
  FILE* output_ = nullptr;
};

class LmdbProcesses : public testing::Test {
 protected:
  std::unique_ptr<LmdbRepositoryStore> open(LmdbOptions options = ensure()) {
    options.open = StoreOpen::ensure;
    auto store = LmdbRepositoryStore::open(folder_, options);
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? *std::move(store) : nullptr;
  }
  void run(const std::string& command, int number = 0) {
    ASSERT_EQ(Worker(command, folder_, number).wait(), 0);
  }

  TempFolder above_{TempFolder::On::memory};
  const std::string folder_ = above_ / "store";
};

TEST_F(LmdbProcesses, LoseNoIncrementOfACounter) {
  constexpr int kEach = 60;
  const auto store = open();
  HeadStore& heads = store->heads();
  const RecordChange create{"counter", std::nullopt, "0"};
  ASSERT_TRUE(heads.commit({&create, 1}).value());
  Worker first("count", folder_, kEach);
  Worker second("count", folder_, kEach);
  for (int won = 0; won < kEach;) {
    const auto seen = heads.read("counter").value();
    const RecordChange change{"counter", seen, std::to_string(std::stoi(*seen) + 1)};
    if (heads.commit({&change, 1}).value()) ++won;
  }
  EXPECT_EQ(first.wait(), 0);
  EXPECT_EQ(second.wait(), 0);
  EXPECT_EQ(heads.read("counter").value(), std::to_string(3 * kEach));
}

TEST_F(LmdbProcesses, FollowEachOthersGrowthWhenReadingAndWhenWriting) {
  LmdbOptions small;
  small.map_bytes = 256 * 1024;
  const Block block = Block::of("0" + std::string(100'000, 'x'));
  {
    const auto store = open(small);
    ASSERT_NO_FATAL_FAILURE(run("grow", 30));
    EXPECT_TRUE(store->archive().get_one(block.hash()).value().has_value());
    EXPECT_TRUE(commit(*store, 0).value());
  }
  fs::remove_all(folder_);
  const auto store = open(small);
  ASSERT_NO_FATAL_FAILURE(run("grow", 30));
  EXPECT_TRUE(commit(*store, 0).value());
  ASSERT_NO_FATAL_FAILURE(run("grow", 60));
  EXPECT_TRUE(first_fault(*store).has_value());
}

TEST_F(LmdbProcesses, AVisitGoesOnWhileTheMapGrows) {
  LmdbOptions small;
  small.map_bytes = 256 * 1024;
  const auto store = open(small);
  std::vector<Block> blocks;
  for (int i = 0; i < 40; ++i)
    blocks.push_back(Block::of("visited" + std::string(50'000, static_cast<char>('a' + i))));
  ASSERT_TRUE(store->archive().put(blocks).has_value() && store->archive().flush().has_value());
  std::size_t visits = 0;
  const auto outcome = store->archive().for_each([&](const Hash& hash, ByteView bytes) {
    EXPECT_EQ(Hash::of(bytes), hash);
    if (++visits % 10 == 1) {
      std::vector<Block> more;
      for (int i = 0; i < 20; ++i)
        more.push_back(Block::of(std::to_string(visits) + "/" + std::to_string(i) +
                                 std::string(100'000, 'y')));
      EXPECT_TRUE(store->archive().put(more).has_value() && store->archive().flush().has_value());
    }
    return true;
  });
  EXPECT_TRUE(outcome.has_value());
  EXPECT_EQ(visits, blocks.size()) << "a visit sees one snapshot";
}

/// While it lives no file can be mapped; with `probed`, who looks for address space finds none
/// either.
class NoMaps {
 public:
  explicit NoMaps(bool probed) { refused = probed ? MAP_SHARED | MAP_NORESERVE : MAP_SHARED; }
  ~NoMaps() { refused = 0; }
  NoMaps(const NoMaps&) = delete;
  NoMaps& operator=(const NoMaps&) = delete;

  static bool refuse(int flags) { return (flags & refused) != 0; }

 private:
  static inline std::atomic<int> refused = 0;
};

TEST_F(LmdbProcesses, WithoutAddressSpaceForAnothersGrowthServeWhatTheyHave) {
  LmdbOptions small;
  small.map_bytes = 256 * 1024;
  const auto store = open(small);
  ASSERT_TRUE(commit(*store, 0).value());
  std::size_t visits = 0;
  ASSERT_TRUE(store->archive().for_each([&](const Hash&, ByteView) {
    ++visits;
    run("grow", 30);
    const NoMaps none(true);
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto read = store->heads().read("record/0");
      EXPECT_FALSE(read.has_value());
      if (read) continue;
      EXPECT_EQ(read.error().code, ErrorCode::resource_exhausted);
      EXPECT_THAT(read.error().message, testing::HasSubstr("raise its limit"));
    }
    EXPECT_EQ(commit(*store, 1).error().code, ErrorCode::resource_exhausted);
    return true;
  }));
  EXPECT_EQ(visits, 1U) << "the visit's own snapshot stays readable";
  EXPECT_TRUE(commit(*store, 1).value()) << "there is address space again";
  EXPECT_TRUE(first_fault(*store).has_value());
}

TEST_F(LmdbProcesses, WhoseMapIsLostSaySoUntilTheyAreOpenedAgain) {
  LmdbOptions small;
  small.map_bytes = 256 * 1024;
  auto store = open(small);
  ASSERT_TRUE(commit(*store, 0).value());
  const auto expect_lost = [](const auto& outcome) {
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, ErrorCode::storage_failed);
    EXPECT_THAT(outcome.error().message, testing::HasSubstr("no address space"));
    EXPECT_THAT(outcome.error().message, testing::HasSubstr("open it again"));
  };
  expect_lost(store->archive().for_each([&](const Hash&, ByteView) {
    run("grow", 30);
    // Somebody takes the last of it between the look and the map.
    const NoMaps none(false);
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] { expect_lost(store->heads().read("record/0")); });
    }
    return true;
  }));
  expect_lost(store->heads().read("record/0"));
  expect_lost(commit(*store, 1));
  store.reset();
  store = open(small);
  EXPECT_TRUE(commit(*store, 1).value());
}

/// Goes on by itself, so that whoever looks at it often enough sees his deadline pass.
class StepClock final : public Clock {
 public:
  MonotonicTime now() override { return MonotonicTime(std::chrono::milliseconds(++looks_)); }
  WallTime wall() override { return {}; }
  void sleep(std::chrono::nanoseconds) override {}
  /// Passes after so many looks.
  MonotonicTime after(int looks) { return now() + std::chrono::milliseconds(looks); }

 private:
  std::atomic<int> looks_ = 0;
};

TEST_F(LmdbProcesses, WhoWaitsForAnothersTransactionLeavesTheQueueAtHisDeadline) {
  StepClock clock;
  LmdbOptions options = ensure();
  options.clock = &clock;
  const auto store = open(options);
  Archive& archive = store->archive();
  Worker writer("writer", folder_);
  ASSERT_EQ(writer.line(), "held");
  const Block block = Block::of("a");
  ASSERT_TRUE(archive.put({&block, 1}).has_value());
  const auto wait_in_vain = [&] {
    const auto flushed = archive.flush({clock.after(5), {}});
    ASSERT_FALSE(flushed.has_value());
    EXPECT_EQ(flushed.error().code, ErrorCode::timeout) << flushed.error().message;
  };
  wait_in_vain();
  {
    // One of these leads the other; who leaves first leaves the lead to the other.
    const std::jthread first(wait_in_vain);
    const std::jthread second(wait_in_vain);
  }
  EXPECT_EQ(archive.has(std::vector{block.hash()}).value(), std::vector<bool>{true});
  const CancelSource source;
  std::jthread patient([&] { EXPECT_TRUE(archive.flush({{}, source.token()}).has_value()); });
  wait_in_vain();
  writer.kill();
  patient.join();
  EXPECT_TRUE(commit(*store, 0).value());
  expect_whole(*store, 0);
}

TEST_F(LmdbProcesses, WhoWaitsForAnothersTransactionLeavesTheQueueWhenHeIsCancelled) {
  const auto store = open();
  Worker writer("writer", folder_);
  ASSERT_EQ(writer.line(), "held");
  const Block block = Block::of("a");
  ASSERT_TRUE(store->archive().put({&block, 1}).has_value());
  const CancelSource source;
  Result<void> flushed;
  std::jthread waiting([&] { flushed = store->archive().flush({{}, source.token()}); });
  source.cancel();
  waiting.join();
  ASSERT_FALSE(flushed.has_value());
  EXPECT_EQ(flushed.error().code, ErrorCode::cancelled);
}

TEST_F(LmdbProcesses, KeepApartACollectorAndWhoeverWrites) {
  const auto store = open();
  Worker writer("lease", folder_);
  ASSERT_EQ(writer.line(), "held");
  EXPECT_TRUE(store->lease(LeaseKind::write).has_value());
  EXPECT_EQ(store->lease(LeaseKind::collect).error().code, ErrorCode::busy);
  writer.kill();
  EXPECT_TRUE(store->lease(LeaseKind::collect).has_value()) << "a lease ends with its process";
}

TEST_F(LmdbProcesses, LeaveEachOthersQuarantinesAloneUntilTheirEnd) {
  open().reset();
  const std::string scratch = folder_ + "/scratch";
  Worker worker("quarantine", folder_);
  ASSERT_EQ(worker.line(), "held");
  open().reset();
  EXPECT_TRUE(fs::exists(scratch));
  worker.kill();
  EXPECT_TRUE(fs::exists(scratch));
  open().reset();
  EXPECT_FALSE(fs::exists(scratch));
}

TEST_F(LmdbProcesses, AKilledReaderDoesNotKeepItsSnapshotForEver) {
  const auto store = open();
  ASSERT_TRUE(commit(*store, 0).value());
  {
    Worker reader("snapshot", folder_);
    ASSERT_EQ(reader.line(), "held");
  }
  constexpr int kCommits = 1500;
  constexpr std::size_t kBytes = 40'000;
  std::optional<Bytes> before;
  for (int i = 0; i < kCommits; ++i) {
    const RecordChange change{"large", before, std::to_string(i) + Bytes(kBytes, 'x')};
    ASSERT_TRUE(store->heads().commit({&change, 1}).value());
    before = change.desired;
  }
  EXPECT_LT(fs::file_size(folder_ + "/data.mdb"), kCommits * kBytes / 3);
}

TEST_F(LmdbProcesses, MayMakeOneStoreAtTheSameTime) {
  for (int round = 0; round < 10; ++round) {
    fs::remove_all(folder_);
    Worker first("commit", folder_);
    open().reset();
    ASSERT_EQ(first.line(), "0");
    first.kill();
    int acknowledged = 0;
    while (const auto line = first.line()) acknowledged = std::stoi(*line);
    expect_whole(*open(), acknowledged);
  }
}

/// On a real disk, where a commit takes its time.
class LmdbKills : public testing::Test {
 protected:
  TempFolder above_;
  const std::string folder_ = above_ / "store";
};

TEST_F(LmdbKills, OfAWriterLoseNoAcknowledgedCommit) {
  constexpr int kKills = 100;
  Generator generator(1);
  int acknowledged = -1;
  for (int round = 0; round < kKills; ++round) {
    Worker worker("commit", folder_, acknowledged + 1);
    const std::size_t lines = generator.below(6);
    for (std::size_t i = 0; i < lines; ++i) acknowledged = std::stoi(worker.line().value());
    worker.kill();
    while (const auto line = worker.line()) acknowledged = std::stoi(*line);
    const auto store = LmdbRepositoryStore::open(folder_, ensure());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    expect_whole(**store, acknowledged);
    ASSERT_FALSE(HasFailure()) << "round " << round;
    // What was not acknowledged may have happened.
    while ((*store)->heads().read("record/" + std::to_string(acknowledged + 1)).value())
      ++acknowledged;
  }
  EXPECT_GE(acknowledged, kKills) << "too little was written";
}

TEST_F(LmdbKills, OfAServerLoseNoAcceptedSwap) {
  constexpr int kKills = 50;
  Generator generator(2);
  std::map<std::string, std::uint64_t> acknowledged{{"one", 0}, {"two", 0}, {"three", 0}};
  const auto note = [&](const std::string& line) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    words >> acknowledged.at(name);
  };
  for (int round = 0; round < kKills; ++round) {
    Worker worker("swap", folder_);
    const std::size_t lines = generator.below(9);
    for (std::size_t i = 0; i < lines; ++i) note(worker.line().value());
    worker.kill();
    while (const auto line = worker.line()) note(*line);
    const auto store = LmdbServerStore::open(folder_, ensure());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    ASSERT_TRUE((*store)->check().has_value());
    for (auto& [name, sequence] : acknowledged) {
      const Subject subject = subject_named(name);
      const auto head = (*store)->head_register().read(subject, {}).value();
      const std::uint64_t now = head ? head->sequence : 0;
      ASSERT_GE(now, sequence) << name;
      ASSERT_LE(now, sequence + 1) << name;
      sequence = now;
      if (now == 0) continue;
      ASSERT_EQ(head->revision, revision_number(now));
      const auto history = (*store)->head_register().history(subject, 0, 5000, {}).value();
      ASSERT_EQ(history.records.empty() ? 0 : history.records.back().sequence, now);
      const Hash block = Hash::of(name + "/" + std::to_string(now));
      ASSERT_TRUE((*store)->archive_for(subject)->get_one(block).value().has_value());
    }
  }
  EXPECT_GE(acknowledged["one"] + acknowledged["two"] + acknowledged["three"], 100U);
}

}  // namespace
}  // namespace dialog::test

// LMDB calls this one.
extern "C" void* mmap(void* address, size_t size, int protection, int flags, int file,
                      off_t offset) noexcept {
  if (!dialog::test::NoMaps::refuse(flags)) {
    return reinterpret_cast<void*>(
        syscall(SYS_mmap, address, size, protection, flags, file, offset));
  }
  errno = ENOMEM;
  return MAP_FAILED;
}
