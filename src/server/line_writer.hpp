#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace dialog::server {

/// Writes lines to a file from a thread of its own, so that whoever has something to tell never
/// waits for a reader. Lines gather for some milliseconds and are written together. Thread-safe.
class LineWriter {
 public:
  struct Options {
    /// Of lines that wait; the oldest are dropped for the newest, several at a time.
    std::size_t bytes_max = std::size_t{4} * 1024 * 1024;
    /// How long the destructor waits for a reader of what is left.
    std::chrono::milliseconds end_time_max{1000};
    /// The line that stands where so many lines were dropped.
    std::function<std::string(std::uint64_t)> dropped_line;
  };

  /// Keeps a duplicate of `file`.
  LineWriter(int file, Options options);
  /// Writes what is left, or gives it up where nobody reads it in time.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// `line` comes without its end.
  void write(std::string_view line);

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace dialog::server
