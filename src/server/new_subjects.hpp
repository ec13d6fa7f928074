#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <unordered_set>

#include "dialog/base/hash.hpp"

namespace dialog::server {

/// Bounds how many subjects begin to be written within an hour. Anybody can make keys, and each
/// gets a subject with a quota of its own. Thread-safe.
class NewSubjects {
 public:
  explicit NewSubjects(std::size_t per_hour_max) : per_hour_max_(per_hour_max) {}

  /// Whether a subject that nothing was published under may be written; one that may, may go on to
  /// within the hour.
  bool admit(const Hash& subject, std::chrono::seconds now) {
    const std::lock_guard lock(mutex_);
    if (now < hour_ || now >= hour_ + std::chrono::hours(1)) {
      hour_ = now;
      subjects_.clear();
    }
    if (subjects_.count(subject) > 0) return true;
    if (subjects_.size() >= per_hour_max_) return false;
    subjects_.insert(subject);
    return true;
  }

 private:
  const std::size_t per_hour_max_;
  std::mutex mutex_;
  std::chrono::seconds hour_{0};
  std::unordered_set<Hash> subjects_;
};

}  // namespace dialog::server
