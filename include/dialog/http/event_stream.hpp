#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"

namespace dialog::wire {

inline constexpr std::string_view kEventStreamMediaType = "text/event-stream";
/// Of one event, its line ends and comments between it and the one before included.
inline constexpr std::size_t kEventBytesMax = std::size_t{32} * 1024;

/// One event of a stream.
struct StreamEvent {
  std::string type;  ///< `message` where the stream does not say
  std::string data;  ///< lines joined by `\n`
  std::string id;    ///< the latest that the stream gave, with this event or with an earlier one

  friend bool operator==(const StreamEvent&, const StreamEvent&) = default;
};

/// Reads server-sent events (`text/event-stream`) from pieces of any size, by the rules that
/// browsers follow. Bounded: holds at most one event that is not complete, and what was fed and not
/// yet asked for. Not thread-safe.
class EventStreamReader {
 public:
  explicit EventStreamReader(std::size_t event_bytes_max = kEventBytesMax)
      : event_bytes_max_(event_bytes_max) {}

  void feed(ByteView bytes);

  /// The next whole event; absent where that takes more bytes. `too_large` where an event exceeds
  /// the bound: the stream is of no use then, and every later call says the same.
  Result<std::optional<StreamEvent>> next();

  /// Bytes that this object holds.
  [[nodiscard]] std::size_t held_bytes() const {
    return pending_.size() - read_ + type_.size() + data_.size() + id_.size();
  }

 private:
  std::optional<std::string_view> next_line();
  void take_field(std::string_view line);
  std::optional<StreamEvent> dispatch();

  const std::size_t event_bytes_max_;
  Bytes pending_;
  std::size_t read_ = 0;     // of `pending_`
  std::size_t scanned_ = 0;  // where no line's end was found so far
  std::size_t event_bytes_ = 0;
  bool at_start_ = true;
  bool skip_line_feed_ = false;
  bool too_large_ = false;
  bool has_data_ = false;
  std::string type_;
  std::string data_;
  std::string id_;
};

}  // namespace dialog::wire
