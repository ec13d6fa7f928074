#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "dialog/base/clock.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

/// Says whether the work that it was handed to is still wanted. Copies share one state;
/// thread-safe.
class CancelToken {
 public:
  /// Never fires.
  CancelToken() = default;
  [[nodiscard]] bool cancelled() const { return flag_ && flag_->load(std::memory_order_acquire); }

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<const std::atomic<bool>> flag) : flag_(std::move(flag)) {}
  std::shared_ptr<const std::atomic<bool>> flag_;
};

/// Makes tokens and fires them all at once. Copies share one state; thread-safe.
class CancelSource {
 public:
  CancelSource() : flag_(std::make_shared<std::atomic<bool>>(false)) {}
  void cancel() const { flag_->store(true, std::memory_order_release); }
  [[nodiscard]] CancelToken token() const { return CancelToken(flag_); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

/// Travels with every call that may block: until when, and whether still.
struct Context {
  std::optional<MonotonicTime> deadline;  ///< on the clock of the callee; absent: its own default
  CancelToken cancel;
};

/// `cancelled` or `timeout` where the work that carries `context` should end now. Cancellation goes
/// first.
Result<void> check_context(const Context& context, Clock& clock);

}  // namespace dialog
