#pragma once

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <optional>

#include "dialog/base/clock.hpp"
#include "program.hpp"

namespace dialog::cli {

/// Requests made of signals: SIGINT and SIGTERM stop; SIGHUP reloads where requests are kept, and
/// stops otherwise. What was ignored when the program started (`nohup`, `trap ''`)
/// stays ignored. One more signal to stop than are kept, or than one, ends the program at once. A
/// signal that comes within a second of the one before is the same: some who signal do so twice.
/// Make one before any other thread; it lives as long as the process.
class Signals final : public Requests {
 public:
  Signals();
  CancelToken stopping() override { return source_.token(); }
  [[nodiscard]] int stop_descriptor() const override { return stop_descriptor_; }
  void keep(int stops) override;
  Request wait() override;
  std::optional<Request> wait_for(std::chrono::nanoseconds time_max) override;

 private:
  [[noreturn]] void watch();
  [[nodiscard]] int next_signal(std::optional<MonotonicTime> stopped) const;
  void request(Request request);
  Request take();

  sigset_t watched_;
  int stop_descriptor_;
  CancelSource source_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Request> requests_;
  int kept_stops_ = 0;
};

}  // namespace dialog::cli
