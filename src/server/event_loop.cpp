#include "event_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "dialog/base/system_failure.hpp"

namespace dialog::server {
namespace {

constexpr std::size_t kEventsAtOnce = 128;
// Times are looked at so often at most: many of them fall together then.
constexpr std::chrono::milliseconds kGrain{8};

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

void Descriptor::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

Result<void> EventLoop::open(Hooks hooks) {
  hooks_ = std::move(hooks);
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  bell_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (!epoll_.is_open() || !bell_.is_open() ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, bell_.get(), &event) != 0) {
    return fail(system_failure(errno, "wait for connections"));
  }
  return {};
}

bool EventLoop::add(int file, Handler& handler, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, file, &event) == 0;
}

void EventLoop::change(int file, Handler& handler, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, file, &event);
}

void EventLoop::post(std::function<void()> task) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (is_first) eventfd_write(bell_.get(), 1);
}

void EventLoop::stop() {
  post([this] { stopping_ = true; });
}

int EventLoop::patience() const {
  if (wake_ == Time::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake_ + kGrain -
                                                                 std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

template <class Action>
void EventLoop::guarded(const Action& action) {
  try {
    action();
  } catch (const std::exception& failure) {
    hooks_.on_failure(failure.what());
  }
}

void EventLoop::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) guarded(task);
}

void EventLoop::run() {
  std::array<epoll_event, kEventsAtOnce> events{};
  while (!stopping_) {
    const int ready =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience());
    now_ = std::chrono::steady_clock::now();
    bool is_called = false;
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        is_called = true;
        continue;
      }
      guarded([&] { static_cast<Handler*>(event.data.ptr)->on_ready(event.events); });
    }
    if (is_called) {
      eventfd_t ignored = 0;
      eventfd_read(bell_.get(), &ignored);
      run_tasks();
    }
    if (now_ >= wake_) {
      wake_ = Time::max();
      guarded([&] { hooks_.on_time(now_); });
    }
    guarded(hooks_.after_events);
  }
}

}  // namespace dialog::server
