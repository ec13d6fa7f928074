#include "signals.hpp"

#include <algorithm>
#include <chrono>
#include <pthread.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace dialog::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeToStop = 5s;
constexpr auto kRepeatTime = 1s;
constexpr int kInterruptedExitCode = 130;

sigset_t signals_to_watch() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // A signal that is blocked arrives even where it is ignored.
    struct sigaction present{};
    if (sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN) continue;
    sigaddset(&signals, number);
  }
  return signals;
}

timespec to_timespec(MonotonicTime time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
}

}  // namespace

// A thread takes the signals, so that no code ever runs inside a handler.
Signals::Signals()
    : watched_(signals_to_watch()), stop_descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  pthread_sigmask(SIG_BLOCK, &watched_, nullptr);
  std::thread([this] { watch(); }).detach();
}

void Signals::keep(int stops) {
  const std::lock_guard lock(mutex_);
  kept_stops_ = stops;
}

Request Signals::wait() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !requests_.empty(); });
  return take();
}

std::optional<Request> Signals::wait_for(std::chrono::nanoseconds time_max) {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, time_max, [this] { return !requests_.empty(); })) return {};
  return take();
}

Request Signals::take() {
  const Request request = requests_.front();
  requests_.pop_front();
  return request;
}

// Gives up waiting, with a negative number, when the time to stop is over.
int Signals::next_signal(std::optional<MonotonicTime> stopped) const {
  if (!stopped) return sigwaitinfo(&watched_, nullptr);
  const MonotonicTime rest = *stopped + kTimeToStop - system_clock().now();
  const timespec patience = to_timespec(std::max(rest, MonotonicTime(0)));
  return sigtimedwait(&watched_, nullptr, &patience);
}

void Signals::request(Request request) {
  requests_.push_back(request);
  arrived_.notify_all();
}

void Signals::watch() {
  std::optional<MonotonicTime> stopped;
  int stops = 0;
  bool are_kept = false;
  while (true) {
    // Who takes requests stops in a time of its own.
    const int number = next_signal(are_kept ? std::nullopt : stopped);
    const MonotonicTime now = system_clock().now();
    const std::lock_guard lock(mutex_);
    are_kept = kept_stops_ > 0;
    const bool repeated = stopped && now - *stopped < kRepeatTime;
    const bool is_new = number > 0 && !repeated;
    const bool is_late = stopped && !are_kept && now - *stopped >= kTimeToStop;
    if (number == SIGHUP && are_kept) {
      request(Request::reload);
    } else if (is_new ? stops >= std::max(kept_stops_, 1) : is_late) {
      // Nothing durable is lost by leaving at any moment.
      _exit(kInterruptedExitCode);
    } else if (is_new) {
      ++stops;
      stopped = now;
      source_.cancel();
      static_cast<void>(::eventfd_write(stop_descriptor_, 1));
      request(Request::stop);
    }
  }
}

}  // namespace dialog::cli
