#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "register_suite.hpp"
#include "support/in_threads.hpp"

namespace dialog::test {
namespace {

constexpr std::uint64_t kThreads = 8;

}  // namespace

TEST_P(RegisterRaces, AcceptedSwapsOfOneSubjectFormOneChain) {
  constexpr std::uint64_t kSwapsEach = 25;
  std::mutex mutex;
  std::map<std::uint64_t, HeadRecord> accepted;
  in_threads(kThreads, [&](std::uint64_t thread) {
    Register& heads = fixture().heads();
    Revision expected;
    for (std::uint64_t won = 0; won < kSwapsEach;) {
      const Register::Swap swap{expected, revision_number(1 + thread * 1000 + won), {}, "", false};
      const auto outcome = heads.swap(subject_, swap, {});
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      if (const auto* const done = std::get_if<Register::Accepted>(&*outcome)) {
        ++won;
        expected = done->record.revision;
        const std::lock_guard lock(mutex);
        ASSERT_TRUE(accepted.emplace(done->record.sequence, done->record).second);
      } else {
        const auto& actual = std::get<Register::Refused>(*outcome).actual;
        ASSERT_TRUE(actual.has_value());
        ASSERT_NE(actual->revision, expected);
        expected = actual->revision;
      }
    }
  });
  ASSERT_EQ(accepted.size(), kThreads * kSwapsEach);
  Revision previous;
  std::uint64_t sequence = 0;
  for (const auto& [number, record] : accepted) {
    EXPECT_EQ(number, ++sequence);
    EXPECT_EQ(record.previous, previous);
    previous = record.revision;
  }
  EXPECT_EQ((*fixture().heads().read(subject_, {}))->revision, previous);
}

TEST_P(RegisterRaces, SwapsOfManySubjectsAllSucceed) {
  constexpr std::uint64_t kSwapsEach = 25;
  in_threads(kThreads, [&](std::uint64_t thread) {
    const Subject subject = subject_named(std::to_string(thread));
    for (std::uint64_t i = 1; i <= kSwapsEach; ++i) {
      const Register::Swap swap{revision_number(i - 1), revision_number(i), {}, "", false};
      const auto outcome = fixture().heads().swap(subject, swap, {});
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      ASSERT_TRUE(std::holds_alternative<Register::Accepted>(*outcome));
    }
  });
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    const auto head = fixture().heads().read(subject_named(std::to_string(thread)), {});
    ASSERT_TRUE(head.has_value() && head->has_value());
    EXPECT_EQ((*head)->sequence, kSwapsEach);
  }
}

TEST_P(RegisterRaces, AReaderNeverSeesTheSequenceGoBack) {
  std::atomic<bool> finished = false;
  std::jthread reader([&] {
    std::uint64_t seen = 0;
    while (!finished) {
      const auto head = fixture().heads().read(subject_, {});
      ASSERT_TRUE(head.has_value()) << head.error().message;
      const std::uint64_t now = *head ? (*head)->sequence : 0;
      ASSERT_GE(now, seen);
      seen = now;
    }
  });
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const Register::Swap swap{revision_number(i - 1), revision_number(i), {}, "", false};
    const auto outcome = fixture().heads().swap(subject_, swap, {});
    EXPECT_TRUE(outcome.has_value() && std::holds_alternative<Register::Accepted>(*outcome));
    const auto head = fixture().heads().read(subject_, {});
    EXPECT_TRUE(head.has_value() && *head && (*head)->sequence == i);
  }
  finished = true;
}

}  // namespace dialog::test
