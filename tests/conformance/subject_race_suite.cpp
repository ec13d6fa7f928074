#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "subject_suite.hpp"
#include "support/in_threads.hpp"

namespace dialog::test {
namespace {

constexpr std::uint64_t kThreads = 6;

}  // namespace

TEST_P(SubjectRaces, ABlockThatAllPutIsCountedOnce) {
  ASSERT_TRUE(store().usage(subject_, {}).has_value());
  in_threads(kThreads, [&](std::uint64_t) {
    for (int i = 100; i < 150; ++i) EXPECT_TRUE(put(std::to_string(i)).has_value());
  });
  EXPECT_EQ(store().usage(subject_, {}).value(), (Usage{50, 150}));
  fixture().reopen();
  EXPECT_EQ(store().usage(subject_, {}).value(), (Usage{50, 150}));
}

TEST_P(SubjectRaces, PutsAtTheSameTimeNeverExceedAQuota) {
  ASSERT_TRUE(store().set_quota(subject_, Quota{40, 100}, {}).has_value());
  std::atomic<std::uint64_t> accepted = 0;
  in_threads(kThreads, [&](std::uint64_t thread) {
    for (int i = 0; i < 20; ++i) {
      // Half of them are everybody's.
      const std::string text = i % 2 == 0
                                   ? "all" + std::to_string(10 + i)
                                   : "t" + std::to_string(thread) + "/" + std::to_string(10 + i);
      const auto stored = put(text);
      if (stored) {
        EXPECT_TRUE(has(text));
        ++accepted;
      } else {
        EXPECT_EQ(stored.error().code, ErrorCode::quota_exceeded) << stored.error().message;
      }
      const Usage usage = store().usage(subject_, {}).value();
      EXPECT_LE(usage.blocks, 40U);
      EXPECT_LE(usage.bytes, 100U);
    }
  });
  EXPECT_GT(accepted.load(), 0U);
  EXPECT_EQ(store().usage(subject_, {}).value(), (Usage{20, 100}))
      << "all blocks have five bytes, so the quota is used to the last";
}

// Each thread's own head tells whether its put came before or after the last removal that it saw.
TEST_P(SubjectRaces, APutIsBeforeARemovalOrAfterIt) {
  std::atomic<std::uint64_t> removals = 0;
  std::atomic<bool> done = false;
  in_threads(kThreads, [&](std::uint64_t thread) {
    if (thread == 0) {
      for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(store().remove(subject_, {}).has_value());
        ++removals;
      }
      done = true;
      return;
    }
    for (int i = 0; !done; ++i) {
      const std::uint64_t before = removals;
      const std::string text = std::to_string(thread) + "/" + std::to_string(i);
      ASSERT_TRUE(put(text).has_value());
      const bool is_there = has(text);
      // A removal adds to the number after it: one more may have been under way.
      if (!is_there) {
        while (removals == before && !done) std::this_thread::yield();
        EXPECT_GT(removals, before) << "a block is gone though nothing was removed";
      }
    }
  });
  ASSERT_TRUE(put("last").has_value());
  EXPECT_TRUE(has("last"));
  ASSERT_TRUE(store().remove(subject_, {}).has_value());
  EXPECT_EQ(store().usage(subject_, {}).value(), Usage{});
  EXPECT_FALSE(has("last"));
}

TEST_P(SubjectRaces, ASwapIsBeforeARemovalOrAfterIt) {
  std::atomic<bool> done = false;
  in_threads(kThreads, [&](std::uint64_t thread) {
    if (thread == 0) {
      for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(store().remove(subject_, {}).has_value());
      }
      done = true;
      return;
    }
    Revision expected;
    for (std::uint64_t i = 1; !done; ++i) {
      const Revision desired = revision_number(thread * 100000 + i);
      const Register::Swap swap{expected, desired, {}, "", false};
      const auto outcome = store().head_register().swap(subject_, swap, {});
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      if (const auto* const accepted = std::get_if<Register::Accepted>(&*outcome)) {
        // One that begins anew begins at one, any other goes on.
        EXPECT_EQ(accepted->record.sequence == 1, accepted->record.previous.is_zero());
        expected = desired;
      } else {
        const auto& actual = std::get<Register::Refused>(*outcome).actual;
        expected = actual ? actual->revision : Revision();
      }
    }
  });
  ASSERT_TRUE(store().remove(subject_, {}).has_value());
  EXPECT_EQ(store().head_register().read(subject_, {}).value(), std::nullopt);
  EXPECT_TRUE(store().head_register().history(subject_, 0, 10, {}).value().records.empty());
}

}  // namespace dialog::test
