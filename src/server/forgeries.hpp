#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "addresses.hpp"

namespace dialog::server {

/// Bounds how many signatures that turn out wrong one address has verified within a minute: each
/// costs far more than the request that brings it. Thread-safe.
class Forgeries {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Forgeries(std::size_t per_minute_max) : per_minute_max_(per_minute_max) {}

  /// Whether another signature from there is to be verified. Loopback has no bound.
  [[nodiscard]] bool admit(const Address& address, Time now) {
    if (normalized(address).is_loopback()) return true;
    const std::lock_guard lock(mutex_);
    begin_minute(now);
    const auto found = counts_.find(client_key(address));
    return found == counts_.end() || found->second < per_minute_max_;
  }
  /// One was wrong.
  void note(const Address& address, Time now) {
    if (normalized(address).is_loopback()) return;
    const std::lock_guard lock(mutex_);
    begin_minute(now);
    std::string key = client_key(address);
    // So many at once are one attack: whoever comes later is not counted.
    if (counts_.size() < kAddressesMax || counts_.contains(key)) ++counts_[std::move(key)];
  }

 private:
  static constexpr std::size_t kAddressesMax = 16'384;

  void begin_minute(Time now) {
    if (now < minute_ + std::chrono::minutes(1)) return;
    minute_ = now;
    counts_.clear();
  }

  const std::size_t per_minute_max_;
  std::mutex mutex_;
  Time minute_{};
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace dialog::server
