#include <atomic>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backend_suite.hpp"
#include "support/in_threads.hpp"

namespace dialog::test {
namespace {

constexpr std::uint64_t kThreads = 8;

}  // namespace

TEST_P(BackendRaces, OfManySwapsFromOneRevisionExactlyOneWins) {
  constexpr std::uint64_t kRounds = 20;
  Revision expected;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    std::mutex mutex;
    std::vector<Revision> winners;
    std::vector<Revision> seen;
    in_threads(kThreads, [&](std::uint64_t thread) {
      auto backend = fixture().connect();
      const Revision desired = revision_number(1 + round * 100 + thread);
      const auto swapped = backend->swap(subject_, expected, desired);
      const std::lock_guard lock(mutex);
      if (swapped) {
        winners.push_back(desired);
      } else if (const auto* mismatch = swapped.error().as<RevisionMismatch>()) {
        seen.push_back(mismatch->actual);
      } else {
        ADD_FAILURE() << swapped.error().message();
      }
    });
    ASSERT_EQ(winners.size(), 1U);
    ASSERT_EQ(seen.size(), kThreads - 1);
    for (const Revision& actual : seen) EXPECT_EQ(actual, winners.front());
    expected = winners.front();
  }
}

TEST_P(BackendRaces, AcceptedSwapsFormOneChain) {
  constexpr std::uint64_t kSwapsEach = 25;
  std::mutex mutex;
  std::map<Revision, Revision> next;
  in_threads(kThreads, [&](std::uint64_t thread) {
    auto backend = fixture().connect();
    Revision known;
    for (std::uint64_t i = 0; i < kSwapsEach;) {
      const Revision desired = revision_number(1 + thread * 1000 + i);
      const auto swapped = backend->swap(subject_, known, desired);
      if (swapped) {
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(next.emplace(known, desired).second)
            << "two swaps from one revision were accepted";
        known = desired;
        ++i;
      } else if (const auto* mismatch = swapped.error().as<RevisionMismatch>()) {
        known = mismatch->actual;
      } else {
        ADD_FAILURE() << swapped.error().message();
        return;
      }
    }
  });
  Revision last;
  std::uint64_t length = 0;
  for (auto link = next.find(last); link != next.end(); link = next.find(last)) {
    last = link->second;
    ++length;
  }
  EXPECT_EQ(length, kThreads * kSwapsEach);
  EXPECT_EQ(fixture().connect()->fetch(subject_), last);
}

TEST_P(BackendRaces, AFetchNeverGoesBack) {
  constexpr std::uint64_t kSwaps = 100;
  std::atomic<bool> done = false;
  auto shared = fixture().connect();
  ASSERT_TRUE(shared->swap(subject_, {}, revision_number(1)).has_value());
  std::map<Revision, std::uint64_t> position;
  for (std::uint64_t i = 0; i <= kSwaps; ++i) position[revision_number(i + 1)] = i;
  in_threads(kThreads, [&](std::uint64_t thread) {
    if (thread == 0) {
      for (std::uint64_t i = 1; i <= kSwaps; ++i) {
        EXPECT_TRUE(shared->swap(subject_, revision_number(i), revision_number(i + 1)).has_value());
      }
      done = true;
      return;
    }
    std::uint64_t last = 0;
    while (!done) {
      const auto fetched = shared->fetch(subject_);
      if (!fetched) {
        ADD_FAILURE() << fetched.error().message();
        return;
      }
      EXPECT_GE(position.at(*fetched), last);
      last = position.at(*fetched);
      EXPECT_TRUE(shared->revision(subject_).has_value());
    }
  });
}

TEST_P(BackendRaces, SubjectsAreIndependent) {
  constexpr std::uint64_t kSwaps = 20;
  auto shared = fixture().connect();
  in_threads(kThreads, [&](std::uint64_t thread) {
    const Subject own = subject_named(std::to_string(thread));
    for (std::uint64_t i = 0; i < kSwaps; ++i) {
      const auto swapped = shared->swap(own, revision_number(i), revision_number(i + 1));
      EXPECT_TRUE(swapped.has_value()) << swapped.error().message();
    }
    EXPECT_EQ(*shared->revision(own), revision_number(kSwaps));
  });
}

}  // namespace dialog::test
