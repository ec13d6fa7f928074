#include "dialog/base/clock.hpp"

#include <cerrno>
#include <ctime>

namespace dialog {
namespace {

using std::chrono::duration_cast;

// Any time will do, as long as it is the same in every run and looks like one of today.
constexpr WallTime kManualStart{1'700'000'000'000};

class SystemClock final : public Clock {
 public:
  MonotonicTime now() override {
    return duration_cast<MonotonicTime>(std::chrono::steady_clock::now().time_since_epoch());
  }

  WallTime wall() override {
    return duration_cast<WallTime>(std::chrono::system_clock::now().time_since_epoch());
  }

  void sleep(std::chrono::nanoseconds duration) override {
    if (duration <= std::chrono::nanoseconds::zero()) return;
    const auto seconds = duration_cast<std::chrono::seconds>(duration);
    timespec left{};
    left.tv_sec = static_cast<decltype(left.tv_sec)>(seconds.count());
    left.tv_nsec = static_cast<decltype(left.tv_nsec)>((duration - seconds).count());
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

MonotonicTime ManualClock::now() {
  return MonotonicTime{elapsed_ns_.load(std::memory_order_acquire)};
}

WallTime ManualClock::wall() { return kManualStart + duration_cast<WallTime>(now()); }

void ManualClock::sleep(std::chrono::nanoseconds duration) {
  if (duration <= std::chrono::nanoseconds::zero()) return;
  elapsed_ns_.fetch_add(duration.count(), std::memory_order_acq_rel);
}

}  // namespace dialog
