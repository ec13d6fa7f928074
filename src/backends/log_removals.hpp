#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "dialog/remote/server_store.hpp"
#include "dialog/store/engine.hpp"
#include "log_subjects.hpp"

namespace dialog {

/// Removes subjects from a log: at one moment from what shows, and then, in the background, the
/// blocks of the spaces that they left. What was left over when the store was closed goes on when
/// it is opened. Thread-safe. The engine and the subjects outlive it.
class LogRemovals {
 public:
  enum class Emptying : std::uint8_t {
    in_background,
    on_demand,  ///< by `finish` alone
  };
  LogRemovals(store::Engine& engine, LogSubjects& subjects,
              Emptying emptying = Emptying::in_background)
      : engine_(engine), subjects_(subjects), emptying_kind_(emptying) {}
  ~LogRemovals();
  LogRemovals(const LogRemovals&) = delete;
  LogRemovals& operator=(const LogRemovals&) = delete;

  /// Goes on with what is left over.
  Result<void> begin();
  Result<bool> remove(const Subject& subject, const Context& context);
  /// On return no left space holds a block, as far as this process has removed them.
  Result<void> finish(const Context& context);

 private:
  Result<std::optional<bool>> try_remove(const Subject& subject, const Context& context);
  Result<void> empty(store::Space space, const Context& context);
  void wake();
  void run();

  store::Engine& engine_;
  LogSubjects& subjects_;
  const Emptying emptying_kind_;
  std::mutex emptying_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_wanted_ = false;
  CancelSource stopping_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace dialog
