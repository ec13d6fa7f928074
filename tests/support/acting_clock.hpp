#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "dialog/base/clock.hpp"

namespace dialog::test {

/// A clock on which something happens just before the first wait.
class ActingClock final : public Clock {
 public:
  ActingClock(Clock& inner, std::function<void()> act) : inner_(inner), act_(std::move(act)) {}
  MonotonicTime now() override { return inner_.now(); }
  WallTime wall() override { return inner_.wall(); }
  void sleep(std::chrono::nanoseconds duration) override {
    if (auto act = std::exchange(act_, nullptr)) act();
    inner_.sleep(duration);
  }

 private:
  Clock& inner_;
  std::function<void()> act_;
};

}  // namespace dialog::test
