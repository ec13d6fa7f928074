#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "dialog/http/message.hpp"
#include "route.hpp"
#include "watchers.hpp"

namespace dialog::server {

inline constexpr std::string_view kMetricsMediaType = "text/plain; version=0.0.4; charset=utf-8";

/// What a server counts of itself while it runs. Thread-safe; counting takes a few relaxed
/// additions. Nothing here is counted by subject, token or address: these are secret, or without a
/// bound.
class Metrics {
 public:
  using Counter = std::atomic<std::uint64_t>;

  /// Why a connection was turned away.
  enum class TurnedAway : std::uint8_t { connections, address };

  struct Request {
    Resource resource = Resource::server;
    std::string_view method;
    int status = 0;
    std::uint64_t bytes_in = 0;   ///< of the body
    std::uint64_t bytes_out = 0;  ///< of the body, as far as it is there
    std::chrono::microseconds duration{0};
  };
  /// Counts an answered request.
  void request(const Request& request);
  void turned_away(TurnedAway why) { add(turned_away_[static_cast<std::size_t>(why)]); }
  /// Counts a request that was refused with 401 or 403.
  void refused_credentials(const HttpRequest& head, int status);
  static void add(Counter& counter, std::uint64_t count = 1) {
    counter.fetch_add(count, std::memory_order_relaxed);
  }

  Counter connections_opened{0};
  Counter connections_closed{0};
  Counter accepts_failed{0};
  Counter bytes_in{0};   ///< of bodies
  Counter bytes_out{0};  ///< of bodies
  Counter swaps_accepted{0};
  Counter swaps_refused{0};
  Counter blocks_stored{0};
  Counter block_bytes_stored{0};
  Counter blocks_read{0};
  Counter block_bytes_read{0};

  /// What is asked for at the moment of the answer.
  struct State {
    bool ready = true;
    bool writable = true;
    Watchers::Usage watched;
  };
  /// In the text format of Prometheus. What never happened is left out where there are many of its
  /// kind.
  [[nodiscard]] std::string print(const State& state) const;

 private:
  static constexpr std::array<std::string_view, 7> kMethods{"GET",    "HEAD",    "PUT",  "POST",
                                                            "DELETE", "OPTIONS", "other"};
  static constexpr std::size_t kStatusClasses = 5;
  /// Upper bounds of the latency's buckets; the last one, without a bound, goes without saying.
  static constexpr std::array<std::chrono::microseconds, 16> kBuckets{
      {std::chrono::microseconds{50}, std::chrono::microseconds{100},
       std::chrono::microseconds{250}, std::chrono::microseconds{500},
       std::chrono::microseconds{1'000}, std::chrono::microseconds{2'500},
       std::chrono::microseconds{5'000}, std::chrono::microseconds{10'000},
       std::chrono::microseconds{25'000}, std::chrono::microseconds{50'000},
       std::chrono::microseconds{100'000}, std::chrono::microseconds{250'000},
       std::chrono::microseconds{500'000}, std::chrono::microseconds{1'000'000},
       std::chrono::microseconds{5'000'000}, std::chrono::microseconds{30'000'000}}};

  struct Latency {
    std::array<Counter, kBuckets.size() + 1> buckets{};
    Counter micros{0};
  };
  using ByClass = std::array<Counter, kStatusClasses>;

  std::array<std::array<ByClass, kMethods.size()>, kResources> requests_{};
  std::array<Latency, kResources> latencies_{};
  std::array<Counter, 2> turned_away_{};
  Counter credentials_missing_{0};
  Counter credentials_unknown_{0};
  Counter credentials_insufficient_{0};

  friend class MetricsPage;
};

}  // namespace dialog::server
