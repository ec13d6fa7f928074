#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>

#include "revocation_suite.hpp"
#include "support/in_threads.hpp"

namespace dialog::test {

TEST_P(RevocationRaces, NoneIsLost) {
  constexpr std::uint64_t kThreads = 4;
  constexpr int kEach = 25;
  std::atomic<std::uint64_t> accepted = 0;
  in_threads(kThreads, [&](std::uint64_t thread) {
    for (int i = 0; i < kEach; ++i) {
      const auto name = std::to_string(thread) + "/" + std::to_string(i);
      if (add(one_, revocation(name))) ++accepted;
    }
  });
  EXPECT_EQ(accepted, kThreads * kEach);
  EXPECT_EQ(list(one_).size(), kThreads * kEach);
}

}  // namespace dialog::test
