#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "dialog/async/executor.hpp"
#include "dialog/base/check.hpp"

namespace dialog {

struct ThreadPool::State {
  std::size_t queued_max = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> queue;
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopping || !queue.empty(); });
        if (queue.empty()) return;
        task = std::move(queue.front());
        queue.pop_front();
      }
      task();
    }
  }
};

ThreadPool::ThreadPool(Options options) : state_(std::make_unique<State>()) {
  DIALOG_CHECK(options.threads > 0, "a pool without threads runs nothing");
  state_->queued_max = options.queued_max;
  state_->threads.reserve(options.threads);
  for (std::size_t i = 0; i < options.threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

Result<void> ThreadPool::execute(std::function<void()> task) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queue.size() >= state_->queued_max) {
      return fail(ErrorCode::resource_exhausted,
                  std::to_string(state_->queued_max) + " calls are waiting already");
    }
    state_->queue.push_back(std::move(task));
  }
  state_->changed.notify_one();
  return {};
}

namespace {

// Shared by the threads of one loop. The loop's owner waits for the calls, not for the helpers: one
// that gets a thread only later finds nothing left to do and does not touch `call`.
struct Loop {
  std::size_t count;
  const std::function<void(std::size_t)>* call;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0;
  std::size_t done = 0;

  void work() {
    std::unique_lock lock(mutex);
    while (next < count) {
      const std::size_t mine = next++;
      lock.unlock();
      (*call)(mine);
      lock.lock();
      if (++done == count) changed.notify_all();
    }
  }

  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done == count; });
  }
};

}  // namespace

ParallelFor parallel_for_on(std::shared_ptr<Executor> executor, std::size_t width) {
  return [executor = std::move(executor), width](std::size_t count,
                                                 const std::function<void(std::size_t)>& call) {
    const auto loop = std::make_shared<Loop>();
    loop->count = count;
    loop->call = &call;
    for (std::size_t i = 1; i < width && i < count; ++i) {
      if (!executor->execute([loop] { loop->work(); })) break;
    }
    loop->work();
    loop->wait();
  };
}

}  // namespace dialog
