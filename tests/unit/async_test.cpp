#include <atomic>
#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>

#include "dialog/async/async_backend.hpp"
#include "dialog/remote/memory_backend.hpp"

namespace dialog {
namespace {

using std::chrono::seconds;

/// Keeps tasks until the test runs or drops them.
class HeldExecutor final : public Executor {
 public:
  Result<void> execute(std::function<void()> task) override {
    if (full) return fail(ErrorCode::resource_exhausted, "full");
    tasks.push_back(std::move(task));
    return {};
  }
  void run_all() {
    for (; !tasks.empty(); tasks.pop_front()) tasks.front()();
  }
  std::deque<std::function<void()>> tasks;
  bool full = false;
};

template <class T>
bool is_ready(const std::future<T>& future) {
  return future.wait_for(seconds(0)) == std::future_status::ready;
}

class AsyncBackendTest : public testing::Test {
 protected:
  AsyncBackend backend() { return {provider_.connect().clone(), executor_}; }
  void publish(const Revision& revision) {
    ASSERT_TRUE(provider_.initialize(subject_, revision).has_value());
  }

  ManualClock clock_;
  MemoryBackendProvider provider_{clock_};
  std::shared_ptr<HeldExecutor> executor_ = std::make_shared<HeldExecutor>();
  const Subject subject_ = *Subject::parse("did:web:a");
  const Revision r1_{Hash::of("1")};
  const Revision r2_{Hash::of("2")};
};

TEST_F(AsyncBackendTest, AFutureIsAnsweredWhenTheExecutorRunsTheCall) {
  publish(r1_);
  auto made = backend();
  auto fetched = made.fetch(subject_);
  EXPECT_FALSE(is_ready(fetched));
  executor_->run_all();
  ASSERT_TRUE(is_ready(fetched));
  EXPECT_EQ(fetched.get(), r1_);
  EXPECT_EQ(*made.revision(subject_), r1_);
}

TEST_F(AsyncBackendTest, CallsRunInTheOrderOfTheExecutor) {
  publish(r1_);
  auto made = backend();
  auto swapped = made.swap(subject_, r1_, r2_);
  auto fetched = made.fetch_head(subject_);
  auto history = made.history(subject_, 0);
  executor_->run_all();
  EXPECT_TRUE(swapped.get().has_value());
  EXPECT_EQ(*fetched.get(), (Head{r2_, 2}));
  EXPECT_EQ((**history.get()).records.size(), 2U);
}

TEST_F(AsyncBackendTest, ATokenThatFiresBeforeTheCallRunsStopsIt) {
  publish(r1_);
  const CancelSource source;
  auto swapped = backend().swap(subject_, r1_, r2_, Context{std::nullopt, source.token()});
  source.cancel();
  executor_->run_all();
  EXPECT_EQ(swapped.get().error().code(), ErrorCode::cancelled);
  EXPECT_EQ(provider_.connect().fetch(subject_), r1_);
}

TEST_F(AsyncBackendTest, TimeInTheQueueCountsTowardsTheDeadline) {
  publish(r1_);
  auto fetched = backend().fetch(subject_, Context{MonotonicTime(seconds(5)), {}});
  clock_.sleep(seconds(6));
  executor_->run_all();
  EXPECT_EQ(fetched.get().error().code(), ErrorCode::timeout);
}

TEST_F(AsyncBackendTest, AFullExecutorIsAnAnswer) {
  executor_->full = true;
  auto made = backend();
  auto fetched = made.fetch(subject_);
  ASSERT_TRUE(is_ready(fetched));
  EXPECT_EQ(fetched.get().error().code(), ErrorCode::resource_exhausted);
  const auto swapped = made.swap(subject_, {}, r1_).get();
  ASSERT_NE(swapped.error().as<PublishFailed>(), nullptr);
  EXPECT_FALSE(swapped.error().as<PublishFailed>()->indeterminate);
}

TEST_F(AsyncBackendTest, ADroppedCallIsAnAnswer) {
  auto swapped = backend().swap(subject_, {}, r1_);
  executor_->tasks.clear();
  ASSERT_TRUE(is_ready(swapped));
  const auto result = swapped.get();
  EXPECT_EQ(result.error().code(), ErrorCode::cancelled);
  EXPECT_EQ(result.error().subject(), subject_);
  EXPECT_EQ(provider_.connect().fetch(subject_).error().code(), ErrorCode::not_found);
}

TEST_F(AsyncBackendTest, AFutureThatIsThrownAwayDoesNotStopTheCall) {
  static_cast<void>(backend().swap(subject_, {}, r1_));
  executor_->run_all();
  EXPECT_EQ(provider_.connect().fetch(subject_), r1_);
}

TEST_F(AsyncBackendTest, CopiesShareTheCacheAndClonesDoNot) {
  publish(r1_);
  auto made = backend();
  auto copy = made;
  auto clone = made.clone();
  auto fetched = made.fetch(subject_);
  executor_->run_all();
  ASSERT_TRUE(fetched.get().has_value());
  EXPECT_EQ(*copy.revision(subject_), r1_);
  EXPECT_EQ(*clone.revision(subject_), std::nullopt);
}

TEST(ThreadPool, RunsEveryAcceptedTaskBeforeItIsGone) {
  std::atomic<int> runs = 0;
  {
    ThreadPool pool({3, 100});
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.execute([&] { ++runs; }).has_value());
  }
  EXPECT_EQ(runs, 50);
}

TEST(ThreadPool, RunsAsManyTasksAtOnceAsItHasThreads) {
  std::atomic<int> running = 0;
  ThreadPool pool({3, 100});
  for (int i = 0; i < 3; ++i) {
    // Each waits for the two others.
    ASSERT_TRUE(pool.execute([&] {
                      ++running;
                      while (running < 3) std::this_thread::yield();
                    })
                    .has_value());
  }
}

TEST(ThreadPool, RefusesMoreThanItsQueueHolds) {
  std::promise<void> started;
  std::promise<void> gate;
  ThreadPool pool({1, 2});
  ASSERT_TRUE(pool.execute([&, open = gate.get_future().share()] {
                    started.set_value();
                    open.wait();
                  })
                  .has_value());
  started.get_future().wait();
  EXPECT_TRUE(pool.execute([] {}).has_value());
  EXPECT_TRUE(pool.execute([] {}).has_value());
  EXPECT_EQ(pool.execute([] {}).error().code, ErrorCode::resource_exhausted);
  gate.set_value();
}

TEST(ParallelForOn, MakesEveryCallOnce) {
  const auto loop = parallel_for_on(std::make_shared<ThreadPool>(), 4);
  std::mutex mutex;
  std::multiset<std::size_t> calls;
  loop(100, [&](std::size_t i) {
    const std::lock_guard lock(mutex);
    calls.insert(i);
  });
  EXPECT_EQ(calls.size(), 100U);
  EXPECT_EQ(std::set<std::size_t>(calls.begin(), calls.end()).size(), 100U);
  loop(0, [](std::size_t) { ADD_FAILURE(); });
}

TEST(ParallelForOn, DoesNotNeedTheExecutor) {
  const auto held = std::make_shared<HeldExecutor>();
  int calls = 0;
  parallel_for_on(held, 8)(5, [&](std::size_t) { ++calls; });
  EXPECT_EQ(calls, 5);
  held->run_all();
  EXPECT_EQ(calls, 5);
  held->full = true;
  parallel_for_on(held, 8)(5, [&](std::size_t) { ++calls; });
  EXPECT_EQ(calls, 10);
}

TEST(ParallelForOn, RunsCallsAtOnce) {
  std::atomic<int> running = 0;
  parallel_for_on(std::make_shared<ThreadPool>(ThreadPool::Options{2, 10}), 3)(3, [&](std::size_t) {
    ++running;
    while (running < 3) std::this_thread::yield();
  });
}

}  // namespace
}  // namespace dialog
