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
/// stays ignored. A second signal ends the program at once, unless it comes within a second: some
/// who signal do so twice. Make one before any other thread; it lives as long as the process.
class Signals final : public Requests {
 public:
  Signals();
  CancelToken stopping() override { return source_.token(); }
  [[nodiscard]] int stop_descriptor() const override { return stop_descriptor_; }
  void keep() override;
  Request wait() override;

 private:
  [[noreturn]] void watch();
  [[nodiscard]] int next_signal(std::optional<MonotonicTime> stopped) const;
  void request(Request request);

  sigset_t watched_;
  int stop_descriptor_;
  CancelSource source_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Request> requests_;
  bool are_kept_ = false;
};

}  // namespace dialog::cli
