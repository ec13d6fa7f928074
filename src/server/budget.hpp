#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace dialog::server {

/// Bytes that may be held at one moment, shared by all connections. Thread-safe.
class Budget {
 public:
  /// So little is counted, but never refused: the register is to answer also while large bodies use
  /// the whole budget up. How many there are is bounded by the number of connections.
  static constexpr std::size_t kSmallBytes = std::size_t{8} * 1024;

  explicit Budget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// What one holder has of the budget; given back by its destruction. Belongs to one thread at a
  /// time.
  class Lease {
   public:
    explicit Lease(Budget& budget) : budget_(budget) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { set(0); }

    /// False, and nothing changes, where the budget does not allow that much.
    [[nodiscard]] bool grow_to(std::size_t bytes) {
      if (bytes <= held_) return true;
      if (bytes <= kSmallBytes) {
        set(bytes);
        return true;
      }
      const std::size_t more = bytes - held_;
      std::size_t used = budget_.used_.load(std::memory_order_relaxed);
      do {
        if (more > budget_.bytes_max_ || used > budget_.bytes_max_ - more) return false;
      } while (!budget_.used_.compare_exchange_weak(used, used + more, std::memory_order_relaxed));
      held_ = bytes;
      return true;
    }

    /// Counts what is there already, even beyond the budget: then others have to wait.
    void set(std::size_t bytes) {
      budget_.used_.fetch_add(bytes - held_, std::memory_order_relaxed);
      held_ = bytes;
    }

   private:
    Budget& budget_;
    std::size_t held_ = 0;
  };

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace dialog::server
