#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "repository_core.hpp"

namespace dialog {

/// How often those who wait look at their deadline.
inline constexpr std::chrono::milliseconds kLookAtContextEvery{20};

/// The turn of one thread at one branch.
class Repository::Core::Turn {
 public:
  Turn(Core& core, std::string_view branch)
      : core_(core), branch_(branch), lock_(core.turn, std::defer_lock) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { give_back(); }

  [[nodiscard]] bool is_contended() const {
    const std::lock_guard lock(core_.contenders_mutex);
    return core_.contenders.find(branch_) != core_.contenders.end();
  }
  /// Does not wait, and tells nobody that it would.
  bool try_take() { return lock_.owns_lock() || lock_.try_lock(); }
  [[nodiscard]] bool is_taken() const { return lock_.owns_lock(); }
  Result<void> take(const Context& context) {
    if (is_wanted_) return {};
    is_wanted_ = true;
    {
      const std::lock_guard lock(core_.contenders_mutex);
      ++core_.contenders[branch_];
    }
    while (!lock_.try_lock_for(kLookAtContextEvery))
      DIALOG_TRY(check_context(context, core_.clock));
    return {};
  }
  void give_back() {
    if (lock_.owns_lock()) {
      lock_.unlock();
      core_.call_leaders();
    }
    if (!std::exchange(is_wanted_, false)) return;
    const std::lock_guard lock(core_.contenders_mutex);
    const auto at = core_.contenders.find(branch_);
    if (--at->second == 0) core_.contenders.erase(at);
  }

 private:
  Core& core_;
  const std::string branch_;
  std::unique_lock<std::recursive_timed_mutex> lock_;
  bool is_wanted_ = false;
};

}  // namespace dialog
