#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "dialog/replica/repository.hpp"

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

TEST(Transact, MayRunAnotherOneInItsFunctionAlsoWhenItIsRepeated) {
  MemoryRepositoryStore store;
  auto repository = Repository::create(store, system_clock());
  ASSERT_TRUE(repository);
  int runs = 0;
  const auto outer = repository->transact("main", [&](Transaction& transaction) -> Result<void> {
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

}  // namespace
}  // namespace dialog
