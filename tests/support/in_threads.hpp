#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace dialog::test {

/// Runs `body(i)` for every `i` below `count`, each in a thread of its own and none before all are
/// there. Returns when all have returned.
template <class Body>
void in_threads(std::uint64_t count, const Body& body) {
  std::atomic<std::uint64_t> ready = 0;
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready.load() < count) std::this_thread::yield();
      body(i);
    });
  }
}

}  // namespace dialog::test
