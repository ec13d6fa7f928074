#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "dialog/base/result.hpp"
#include "dialog/http/http_archive.hpp"

namespace dialog {

/// Runs tasks some time, on some thread. Thread-safe.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// Takes a task, which may block and must not throw. `resource_exhausted` where there is no room
  /// for it: then it never runs. Does not block. A task may also be dropped without being run: it
  /// is destroyed then.
  [[nodiscard]] virtual Result<void> execute(std::function<void()> task) = 0;
};

/// A fixed number of threads with a bounded queue.
class ThreadPool final : public Executor {
 public:
  struct Options {
    std::size_t threads = 4;
    std::size_t queued_max = 1024;
  };
  ThreadPool() : ThreadPool(Options{}) {}
  explicit ThreadPool(Options options);
  /// Waits for the running tasks and for those that are queued.
  ~ThreadPool() override;

  Result<void> execute(std::function<void()> task) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// For `HttpArchive`: runs up to `width` calls at once, one of them on the thread that asks. Also
/// where the executor has no room, the calls are all made.
ParallelFor parallel_for_on(std::shared_ptr<Executor> executor, std::size_t width);

}  // namespace dialog
