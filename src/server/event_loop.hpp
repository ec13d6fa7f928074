#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <sys/epoll.h>
#include <vector>

#include "dialog/base/result.hpp"

namespace dialog::server {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int file) : file_(file) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }
  [[nodiscard]] int get() const { return file_; }
  [[nodiscard]] bool is_open() const { return file_ >= 0; }
  void close();

 private:
  int file_ = -1;
};

/// One thread that serves many file descriptors, each told of as soon as it can be read or written.
/// Between them it runs what other threads post. All but `post` and `stop` belongs to that thread,
/// or to whoever sets it up before `run`.
///
/// Edges are told, not levels: whoever is told reads, or writes, until that would block.
class EventLoop {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Who is told.
  class Handler {
   public:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    /// `events` as epoll gives them.
    virtual void on_ready(std::uint32_t events) = 0;

   protected:
    ~Handler() = default;
  };

  /// What the loop tells its owner.
  struct Hooks {
    std::function<void(Time now)> on_time;             ///< at or soon after the time of `wake_at`
    std::function<void()> after_events;                ///< when all who were ready have been told
    std::function<void(const char* what)> on_failure;  ///< a handler or a task threw
  };

  /// `unavailable` where the system gives no descriptor.
  Result<void> open(Hooks hooks);

  /// False where the system has no room for it. The handler must outlive what is left of the
  /// current round after the descriptor is closed, which ends this.
  [[nodiscard]] bool add(int file, Handler& handler, std::uint32_t events);
  /// Changes what a handler is told of.
  void change(int file, Handler& handler, std::uint32_t events);

  /// Runs a task in the next round. From any thread.
  void post(std::function<void()> task);
  /// Ends `run` after the tasks that were posted before. From any thread.
  void stop();

  void run();

  /// When the current round began.
  [[nodiscard]] Time now() const { return now_; }
  /// Has `on_time` called then, unless it is called before.
  void wake_at(Time time) { wake_ = std::min(wake_, time); }

 private:
  [[nodiscard]] int patience() const;
  void run_tasks();
  template <class Action>
  void guarded(const Action& action);

  Hooks hooks_;
  Descriptor epoll_;
  Descriptor bell_;
  Time now_ = std::chrono::steady_clock::now();
  Time wake_ = Time::max();

  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool stopping_ = false;
};

}  // namespace dialog::server
