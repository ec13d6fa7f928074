#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dialog/replica/repository.hpp"
#include "replica_hooked_store.hpp"

namespace dialog {
namespace {

TEST(Transact, ManyThreadsOnOneBranchAllSucceed) {
  constexpr int kThreads = 32;
  constexpr int kCommits = 30;
  MemoryRepositoryStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  std::vector<std::vector<std::string>> faults(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kCommits; ++i) {
          const std::string key = std::to_string(t) + "/" + std::to_string(i);
          const auto done = repository->transact("main", [&](Transaction& transaction) {
            // Lets the others commit in between: without turns, hardly anybody would succeed.
            for (int pause = 0; pause < kThreads; ++pause) std::this_thread::yield();
            return transaction.put(key, key);
          });
          if (!done) faults[static_cast<std::size_t>(t)].push_back(done.error().message);
        }
      });
    }
  }
  for (const auto& list : faults) EXPECT_TRUE(list.empty()) << list.front();
  const auto snapshot = repository->snapshot("main");
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->summary()->size.entries, kThreads * kCommits);
}

/// Records that become durable only once so many submissions are on their way.
class GatheringHeads final : public HeadStore {
 public:
  Result<std::optional<Bytes>> read(std::string_view key, View view) override {
    return seen(view).read(key);
  }
  Result<std::vector<Record>> list(const Range& range, View view) override {
    return seen(view).list(range);
  }
  Result<std::optional<Ticket>> submit(std::span<const RecordChange> changes) override {
    const std::lock_guard lock(mutex_);
    DIALOG_ASSIGN(const bool won, submitted_.heads().commit(changes));
    if (!won) return std::nullopt;
    if (!changes.empty()) on_their_way_.emplace_back(changes.begin(), changes.end());
    is_enough_.notify_all();
    return Ticket{durable_count_ + on_their_way_.size()};
  }
  Result<void> wait(Ticket ticket) override {
    std::unique_lock lock(mutex_);
    is_enough_.wait(
        lock, [&] { return durable_count_ >= ticket.number || on_their_way_.size() >= together_; });
    for (const auto& changes : on_their_way_) EXPECT_TRUE(durable_.heads().commit(changes).value());
    durable_count_ += on_their_way_.size();
    on_their_way_.clear();
    is_enough_.notify_all();
    return {};
  }
  void gather(std::size_t together) { together_ = together; }

 private:
  HeadStore& seen(View view) {
    return view == View::durable ? durable_.heads() : submitted_.heads();
  }

  std::mutex mutex_;
  std::condition_variable is_enough_;
  MemoryRepositoryStore durable_;
  MemoryRepositoryStore submitted_;
  std::vector<std::vector<RecordChange>> on_their_way_;
  std::uint64_t durable_count_ = 0;
  std::size_t together_ = 1;
};

class GatheringStore final : public RepositoryStore {
 public:
  CollectableArchive& archive() override { return inner_.archive(); }
  GatheringHeads& heads() override { return heads_; }
  Result<std::unique_ptr<Archive>> make_quarantine() override { return inner_.make_quarantine(); }
  Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) override { return inner_.lease(kind); }

 private:
  MemoryRepositoryStore inner_;
  GatheringHeads heads_;
};

// It ends only where nobody waits for the disk before the others have submitted.
TEST(Transact, LetsThreadsThatReadShareASync) {
  constexpr std::size_t kThreads = 16;
  GatheringStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  store.heads().gather(kThreads);
  std::vector<std::uint64_t> versions(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const auto done = repository->transact("main", [&](Transaction& transaction) {
          return transaction.get("a").and_then(
              [&](const auto&) { return transaction.put(std::to_string(t), "1"); });
        });
        versions[t] = done.value_or(0);
      });
    }
  }
  std::sort(versions.begin(), versions.end());
  for (std::size_t t = 0; t < kThreads; ++t) EXPECT_EQ(versions[t], t + 1);
  EXPECT_EQ(repository->branch("main")->moves, kThreads);
}

TEST(Transact, LetsThreadsThatDoNotReadGatherUntilTheFirstIsDurable) {
  constexpr std::size_t kThreads = 16;
  test::HookedStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  std::atomic<std::size_t> begun = 0;
  const std::size_t commits_before = store.hooks().commits;
  const auto put = [&](const std::string& key) {
    EXPECT_TRUE(repository->transact("main", [&](Transaction& transaction) {
      ++begun;
      return transaction.put(key, "1");
    }));
  };
  std::vector<std::jthread> threads;
  store.hooks().before_next_submit = [&] {
    for (std::size_t t = 1; t < kThreads; ++t)
      threads.emplace_back([&, t] { put(std::to_string(t)); });
    while (begun < kThreads) std::this_thread::yield();
  };
  put("0");
  threads.clear();
  EXPECT_EQ(repository->branch("main")->moves, kThreads);
  // The first alone, and all others but those that were too slow to join.
  EXPECT_LT(store.hooks().commits - commits_before, kThreads / 2);
}

TEST(Transact, ShowsOthersOnlyWhatIsDurable) {
  GatheringStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  store.heads().gather(2);
  std::jthread first([&] {
    EXPECT_TRUE(repository->transact(
        "main", [](Transaction& transaction) { return transaction.put("a", "1"); }));
  });
  const auto second = repository->transact("main", [&](Transaction& transaction) -> Result<void> {
    // The first one, once it is submitted, waits for this one.
    for (;;) {
      DIALOG_ASSIGN(const auto seen, store.heads().read("branch/main", HeadStore::View::submitted));
      if (seen != store.heads().read("branch/main", HeadStore::View::durable).value()) break;
      std::this_thread::yield();
    }
    EXPECT_EQ(repository->snapshot("main")->get("a").value(), std::nullopt);
    // Who reads does not gather.
    DIALOG_TRY(transaction.get("b"));
    return transaction.put("b", "1");
  });
  EXPECT_TRUE(second);
  EXPECT_EQ(repository->snapshot("main")->get("a").value(), "1");
}

TEST(Transact, MayRunAnotherOneInItsFunctionAlsoWhenItIsRepeated) {
  MemoryRepositoryStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  int runs = 0;
  const auto outer = repository->transact("main", [&](Transaction& transaction) -> Result<void> {
    DIALOG_TRY(transaction.get("inner"));
    if (++runs <= 2) {
      const auto inner = repository->transact(
          "main", [&](Transaction& other) { return other.put("inner", std::to_string(runs)); });
      if (!inner) return fail(inner.error());
    }
    return transaction.put("outer", "1");
  });
  ASSERT_TRUE(outer);
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(repository->snapshot("main")->get("inner")->value(), "2");
}

TEST(Transact, NotesEachOfTheCommitsThatGoTogether) {
  constexpr std::uint64_t kThreads = 16;
  constexpr std::uint64_t kCommits = 50;
  constexpr std::uint64_t kKept = 3;
  MemoryRepositoryStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  ASSERT_TRUE(repository->set_retention({kKept, std::nullopt}));
  std::mutex mutex;
  std::map<std::uint64_t, std::string> notes;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < kCommits; ++i) {
          const std::string name = std::to_string(t) + "/" + std::to_string(i);
          const auto version = repository->transact(
              "main", [&](Transaction& transaction) { return transaction.put(name, name); },
              {name, {}});
          ASSERT_TRUE(version);
          const std::lock_guard lock(mutex);
          EXPECT_TRUE(notes.emplace(*version, name).second);
        }
      });
    }
  }
  EXPECT_EQ(notes.size(), kThreads * kCommits);
  EXPECT_EQ(notes.rbegin()->first, kThreads * kCommits);
  const auto log = repository->log("main", {});
  ASSERT_TRUE(log);
  ASSERT_EQ(log->size(), kKept);
  for (const ReflogEntry& entry : *log) EXPECT_EQ(entry.what, notes[entry.sequence]);
  const auto snapshot = repository->snapshot("main");
  for (const auto& [version, name] : notes) EXPECT_EQ(snapshot->get(name).value(), name);
}

TEST(Transact, LeavesThoseItWouldGoWithWhenItIsCancelled) {
  test::HookedStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  const auto put = [&](const char* key, const Context& context) {
    return repository->transact(
        "main", [&](Transaction& transaction) { return transaction.put(key, "1"); }, {}, context);
  };
  Result<std::uint64_t> left{0};
  store.hooks().before_next_submit = [&] {
    CancelSource source;
    std::jthread other([&] { left = put("left", {{}, source.token()}); });
    source.cancel();
  };
  EXPECT_EQ(put("a", {}), 1U);
  EXPECT_EQ(left.error().code, ErrorCode::cancelled);
  EXPECT_EQ(put("b", {}), 2U);
  EXPECT_EQ(repository->snapshot("main")->get("left").value(), std::nullopt);
}

TEST(Transact, RunsItsFunctionOnceWhereThatLooksAtNothing) {
  MemoryRepositoryStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  const auto put = [&](const char* key, const char* value) {
    return repository->transact("main", [&](Transaction& other) { return other.put(key, value); });
  };
  int runs = 0;
  const auto outer = repository->transact("main", [&](Transaction& transaction) -> Result<void> {
    ++runs;
    DIALOG_TRY(put("both", "inner"));
    DIALOG_TRY(put("inner", "1"));
    DIALOG_TRY(transaction.put("both", "outer"));
    // Its own changes are no look at the branch.
    EXPECT_EQ(transaction.get("both").value(), "outer");
    return transaction.erase("nothing");
  });
  ASSERT_TRUE(outer);
  EXPECT_EQ(*outer, 3U);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(repository->snapshot("main")->get("both")->value(), "outer");
  EXPECT_EQ(repository->snapshot("main")->get("inner")->value(), "1");
}

TEST(Transact, RunsItsFunctionAgainAfterAnyLookAtTheBranch) {
  const std::vector<std::function<Result<void>(Transaction&)>> looks = {
      [](Transaction& transaction) -> Result<void> {
        DIALOG_TRY(transaction.get("a"));
        return {};
      },
      [](Transaction& transaction) {
        return transaction.scan({}, [](ByteView, const EntryValue&) { return true; });
      },
      [](Transaction& transaction) -> Result<void> {
        DIALOG_TRY(transaction.base().get("a"));
        return {};
      }};
  for (const auto& look : looks) {
    MemoryRepositoryStore store;
    auto repository = Repository::create(store, system_clock());
    ASSERT_TRUE(repository);
    int runs = 0;
    const auto outer = repository->transact("main", [&](Transaction& transaction) -> Result<void> {
      DIALOG_TRY(look(transaction));
      if (++runs == 1) {
        DIALOG_TRY(
            repository->transact("main", [](Transaction& other) { return other.put("a", "1"); }));
      }
      return transaction.put("b", "1");
    });
    EXPECT_TRUE(outer);
    EXPECT_EQ(runs, 2);
  }
}

}  // namespace
}  // namespace dialog
