#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "program.hpp"

namespace {

using dialog::cli::Request;

constexpr int kSecondsToStop = 5;
constexpr int kInterruptedExitCode = 130;

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

// Takes signals in a thread of its own, so that no code ever runs inside a handler. Lives as long
// as the process.
class Signals final : public dialog::cli::Requests {
 public:
  Signals() {
    const sigset_t signals = watched_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([this] { watch(); }).detach();
  }

  dialog::CancelToken stopping() override { return source_.token(); }

  Request wait() override {
    std::unique_lock lock(mutex_);
    has_waiter_ = true;
    arrived_.wait(lock, [this] { return !requests_.empty(); });
    const Request request = requests_.front();
    requests_.pop_front();
    return request;
  }

 private:
  [[noreturn]] void watch() {
    const sigset_t signals = watched_signals();
    bool stopping = false;
    while (true) {
      const timespec patience{kSecondsToStop, 0};
      const int number =
          stopping ? sigtimedwait(&signals, nullptr, &patience) : sigwaitinfo(&signals, nullptr);
      if (number < 0 && !stopping) continue;
      const std::lock_guard lock(mutex_);
      const bool is_reload = number == SIGHUP && has_waiter_;
      // Nothing durable is lost by leaving at any moment.
      if (stopping && !is_reload && (number > 0 || !has_waiter_)) _exit(kInterruptedExitCode);
      if (number < 0) continue;
      if (!is_reload) {
        stopping = true;
        source_.cancel();
      }
      requests_.push_back(is_reload ? Request::reload : Request::stop);
      arrived_.notify_all();
    }
  }

  dialog::CancelSource source_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Request> requests_;
  bool has_waiter_ = false;
};

std::optional<std::string> environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace

int main(int argc, char** argv) {
  // A peer that hangs up is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  static Signals signals;
  dialog::cli::Program program({.variable = environment_variable,
                                .stderr_is_terminal = isatty(STDERR_FILENO) == 1,
                                .stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
                                .requests = &signals});
  const int code = program.run(std::vector<std::string>(argv + 1, argv + argc));
  if (program.output().reader_is_gone()) {
    // As any other tool whose reader went away.
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  return code;
}
