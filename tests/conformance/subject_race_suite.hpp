#pragma once

#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "backend_fixture.hpp"
#include "dialog/remote/server_store.hpp"

namespace dialog::test {

/// What every `ServerStore` must do that can remove and count subjects, while several threads use
/// it; fixtures as for `ServerStoreConformance`, which need not be able to reopen.
template <class Fixture>
class SubjectRaces : public testing::Test {
 protected:
  static constexpr std::uint64_t kThreads = 6;

  ServerStore& store() { return fixture_.store(); }

  template <class Body>
  void in_threads(Body body) {
    std::atomic<std::uint64_t> ready = 0;
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        ++ready;
        while (ready.load() < kThreads) std::this_thread::yield();
        body(i);
      });
    }
  }
  Result<void> put(const std::string& text) {
    const Block block = Block::of(text);
    const auto archive = store().archive_for(subject_);
    DIALOG_TRY(archive->put({&block, 1}));
    return archive->flush();
  }
  bool has(const std::string& text) {
    const Hash hash = Hash::of(text);
    return store().archive_for(subject_)->has({&hash, 1}).value().front();
  }

  Fixture fixture_;
  const Subject subject_ = subject_named("one");
};

TYPED_TEST_SUITE_P(SubjectRaces);

TYPED_TEST_P(SubjectRaces, ABlockThatAllPutIsCountedOnce) {
  ASSERT_TRUE(this->store().usage(this->subject_, {}).has_value());
  this->in_threads([&](std::uint64_t) {
    for (int i = 100; i < 150; ++i) EXPECT_TRUE(this->put(std::to_string(i)).has_value());
  });
  EXPECT_EQ(this->store().usage(this->subject_, {}).value(), (Usage{50, 150}));
  this->fixture_.reopen();
  EXPECT_EQ(this->store().usage(this->subject_, {}).value(), (Usage{50, 150}));
}

TYPED_TEST_P(SubjectRaces, PutsAtTheSameTimeNeverExceedAQuota) {
  ASSERT_TRUE(this->store().set_quota(this->subject_, Quota{40, 100}, {}).has_value());
  std::atomic<std::uint64_t> accepted = 0;
  this->in_threads([&](std::uint64_t thread) {
    for (int i = 0; i < 20; ++i) {
      // Half of them are everybody's.
      const std::string text = i % 2 == 0
                                   ? "all" + std::to_string(10 + i)
                                   : "t" + std::to_string(thread) + "/" + std::to_string(10 + i);
      const auto put = this->put(text);
      if (put) {
        EXPECT_TRUE(this->has(text));
        ++accepted;
      } else {
        EXPECT_EQ(put.error().code, ErrorCode::quota_exceeded) << put.error().message;
      }
      const Usage usage = this->store().usage(this->subject_, {}).value();
      EXPECT_LE(usage.blocks, 40U);
      EXPECT_LE(usage.bytes, 100U);
    }
  });
  EXPECT_GT(accepted.load(), 0U);
  EXPECT_EQ(this->store().usage(this->subject_, {}).value(), (Usage{20, 100}))
      << "all blocks have five bytes, so the quota is used to the last";
}

// Each thread's own head tells whether its put came before or after the last removal that it saw.
TYPED_TEST_P(SubjectRaces, APutIsBeforeARemovalOrAfterIt) {
  std::atomic<std::uint64_t> removals = 0;
  std::atomic<bool> done = false;
  this->in_threads([&](std::uint64_t thread) {
    if (thread == 0) {
      for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(this->store().remove(this->subject_, {}).has_value());
        ++removals;
      }
      done = true;
      return;
    }
    for (int i = 0; !done; ++i) {
      const std::uint64_t before = removals;
      const std::string text = std::to_string(thread) + "/" + std::to_string(i);
      ASSERT_TRUE(this->put(text).has_value());
      const bool is_there = this->has(text);
      // A removal adds to the number after it: one more may have been under way.
      if (!is_there) {
        while (removals == before && !done) std::this_thread::yield();
        EXPECT_GT(removals, before) << "a block is gone though nothing was removed";
      }
    }
  });
  ASSERT_TRUE(this->put("last").has_value());
  EXPECT_TRUE(this->has("last"));
  ASSERT_TRUE(this->store().remove(this->subject_, {}).has_value());
  EXPECT_EQ(this->store().usage(this->subject_, {}).value(), Usage{});
  EXPECT_FALSE(this->has("last"));
}

TYPED_TEST_P(SubjectRaces, ASwapIsBeforeARemovalOrAfterIt) {
  std::atomic<bool> done = false;
  this->in_threads([&](std::uint64_t thread) {
    if (thread == 0) {
      for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(this->store().remove(this->subject_, {}).has_value());
      }
      done = true;
      return;
    }
    Revision expected;
    for (std::uint64_t i = 1; !done; ++i) {
      const Revision desired = revision_number(thread * 100000 + i);
      const Register::Swap swap{expected, desired, {}, "", false};
      const auto outcome = this->store().head_register().swap(this->subject_, swap, {});
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
  ASSERT_TRUE(this->store().remove(this->subject_, {}).has_value());
  EXPECT_EQ(this->store().head_register().read(this->subject_, {}).value(), std::nullopt);
  EXPECT_TRUE(
      this->store().head_register().history(this->subject_, 0, 10, {}).value().records.empty());
}

REGISTER_TYPED_TEST_SUITE_P(SubjectRaces, ABlockThatAllPutIsCountedOnce,
                            PutsAtTheSameTimeNeverExceedAQuota, APutIsBeforeARemovalOrAfterIt,
                            ASwapIsBeforeARemovalOrAfterIt);

}  // namespace dialog::test
