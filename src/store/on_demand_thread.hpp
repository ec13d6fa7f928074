#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace dialog::store {

/// A thread that does one thing whenever it is asked to; it begins when it is asked first. Who asks
/// while it is at work has it done once more. Thread-safe.
class OnDemandThread {
 public:
  explicit OnDemandThread(std::function<void()> action) : action_(std::move(action)) {}
  OnDemandThread(const OnDemandThread&) = delete;
  OnDemandThread& operator=(const OnDemandThread&) = delete;
  ~OnDemandThread() { stop(); }

  void ask() {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
  }

  /// For what it does to end early.
  [[nodiscard]] bool is_stopping() {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
  }

  /// Waits for what is under way. Nobody may ask any more.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return is_wanted_ || is_stopping_; });
      if (is_stopping_) return;
      is_wanted_ = false;
      lock.unlock();
      action_();
      lock.lock();
    }
  }

  const std::function<void()> action_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_wanted_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace dialog::store
