#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "revocation_fixture.hpp"

namespace dialog::test {

/// What every `RevocationStore` must do where several threads revoke at once.
template <class Fixture>
class RevocationRaces : public RevocationTest<Fixture> {};
TYPED_TEST_SUITE_P(RevocationRaces);

TYPED_TEST_P(RevocationRaces, NoneIsLost) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  std::atomic<int> accepted = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto name = std::to_string(t) + "/" + std::to_string(i);
        if (this->add(this->one_, this->revocation(name))) ++accepted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, kThreads * kEach);
  EXPECT_EQ(this->list(this->one_).size(), static_cast<std::size_t>(kThreads * kEach));
}

REGISTER_TYPED_TEST_SUITE_P(RevocationRaces, NoneIsLost);

}  // namespace dialog::test
