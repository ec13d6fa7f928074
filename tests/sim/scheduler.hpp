#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace dialog::sim {

/// Virtual time and what is to happen in it. Events of one moment run in the order in which they
/// were added.
class Scheduler {
 public:
  using Tick = std::uint64_t;

  [[nodiscard]] Tick now() const { return now_; }
  void after(Tick delay, std::function<void()> event) {
    events_.push({now_ + delay, next_++, std::move(event)});
  }

  /// Runs the next event; false where there is none.
  bool step() {
    if (events_.empty()) return false;
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.run();
    return true;
  }

 private:
  struct Event {
    Tick at;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  std::priority_queue<Event> events_;
  Tick now_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace dialog::sim
