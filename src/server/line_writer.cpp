#include "line_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace dialog::server {
namespace {

// As many are written, or dropped, at once; and a share of all that may wait, where that is less.
constexpr std::size_t kWriteBytes = std::size_t{64} * 1024;
constexpr std::size_t kWritesMin = 4;
// So long the first of them waits for others: a thread that wakes for each takes as much time from
// the others as all else that is done for a request.
constexpr std::chrono::milliseconds kGatherTime{5};

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      struct pollfd room{.fd = file, .events = POLLOUT, .revents = 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

// Shared with the thread, which may outlive the writer where it waits for a reader that never
// comes.
struct LineWriter::State {
  State(int file_in, Options options_in)
      : file(fcntl(file_in, F_DUPFD_CLOEXEC, 0)), options(std::move(options_in)) {}
  ~State() {
    if (file >= 0) close(file);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      more.wait(lock, [this] { return ending || !batches.empty(); });
      more.wait_for(lock, kGatherTime, [this] { return ending || batches.size() > 1; });
      if (batches.empty() || given_up) break;
      std::uint64_t count = 0;
      const std::string text = take(count);
      lock.unlock();
      const bool done = write_all(file, text);
      lock.lock();
      if (!done) dropped += count;
    }
    ended = true;
    all_written.notify_all();
  }

  // The next lines, and before them how many are missing.
  std::string take(std::uint64_t& count) {
    std::string text;
    if (dropped > 0) text = options.dropped_line(std::exchange(dropped, 0)) + "\n";
    text += batches.front().text;
    count = drop_first();
    return text;
  }

  void add(std::string_view line) {
    const std::size_t batch_bytes = std::min(kWriteBytes, options.bytes_max / kWritesMin);
    const bool begins = batches.empty() || batches.back().text.size() >= batch_bytes;
    if (begins) batches.emplace_back();
    Batch& batch = batches.back();
    batch.text.append(line).append(1, '\n');
    ++batch.lines;
    bytes += line.size() + 1;
    while (bytes > options.bytes_max) dropped += drop_first();
    if (begins) more.notify_one();
  }

  // How many lines there were in it.
  std::uint64_t drop_first() {
    const std::uint64_t lines = batches.front().lines;
    bytes -= batches.front().text.size();
    batches.pop_front();
    return lines;
  }

  struct Batch {
    std::string text;
    std::uint64_t lines = 0;
  };

  const int file;
  const Options options;
  std::mutex mutex;
  std::condition_variable more;
  std::condition_variable all_written;
  std::deque<Batch> batches;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;
  bool ending = false;
  bool ended = false;
  bool given_up = false;
};

LineWriter::LineWriter(int file, Options options)
    : state_(std::make_shared<State>(file, std::move(options))),
      thread_([state = state_] { state->run(); }) {}

LineWriter::~LineWriter() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->more.notify_one();
  if (state_->all_written.wait_for(lock, state_->options.end_time_max,
                                   [this] { return state_->ended; })) {
    lock.unlock();
    thread_.join();
  } else {
    // Nothing wakes a thread from a write that cannot go on; it ends with the process at the
    // latest.
    state_->given_up = true;
    thread_.detach();
  }
}

void LineWriter::write(std::string_view line) {
  const std::lock_guard lock(state_->mutex);
  state_->add(line);
}

}  // namespace dialog::server
