#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/result.hpp"
#include "dialog/http/event_stream.hpp"
#include "dialog/remote/head.hpp"

namespace dialog::wire {

/// The request field that names the last event that a client got.
inline constexpr std::string_view kLastEventIdHeader = "Last-Event-ID";

/// Where a register stood after one event: `id` of that event. Of a subject under which nothing was
/// published both parts are zero.
struct WatchPosition {
  std::uint64_t sequence = 0;
  Revision revision;

  friend bool operator==(const WatchPosition&, const WatchPosition&) = default;
};
/// As in `12-0101…`: the sequence number in decimal, and 64 hex digits.
std::string print_watch_position(const WatchPosition& position);
/// Absent for anything else.
std::optional<WatchPosition> parse_watch_position(std::string_view text);

/// What a stream of changes tells.
struct WatchEvent {
  enum class Kind : std::uint8_t {
    /// One accepted swap, the next one after the event before. As the first event of a stream that
    /// does not go on from an earlier one: what the register holds.
    head,
    /// What was told before does not lead here by changes that the register still knows: they are
    /// no longer kept, or the register was reset or taken back. This is what it holds now.
    reset,
  };
  Kind kind = Kind::head;
  /// Absent where nothing is published; with `reset` only.
  std::optional<HeadRecord> record;

  [[nodiscard]] WatchPosition position() const {
    return record ? WatchPosition{record->sequence, record->revision} : WatchPosition{};
  }
  friend bool operator==(const WatchEvent&, const WatchEvent&) = default;
};

/// The event as it stands in a stream, with the empty line that ends it.
std::string print_watch_event(const WatchEvent& event);

/// Absent where the event is of a type that this version does not know, and is to be passed over.
/// `malformed` where it is of one that it knows, and cannot be read, or its `id` contradicts it.
Result<std::optional<WatchEvent>> parse_watch_event(const StreamEvent& event);

}  // namespace dialog::wire
