// A stream of events, as it comes in pieces: the pieces make no difference, what is held is
// bounded, and an event that is understood prints and parses to the same again.
#include <vector>

#include "dialog/http/watch_messages.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

namespace {

constexpr std::size_t kEventBytesMax = 256;

struct Outcome {
  std::vector<wire::StreamEvent> events;
  bool too_large = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(ByteView bytes, std::size_t piece_bytes) {
  wire::EventStreamReader reader(kEventBytesMax);
  Outcome outcome;
  while (!bytes.empty() && !outcome.too_large) {
    const ByteView piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    reader.feed(piece);
    while (true) {
      auto event = reader.next();
      if (!event) {
        outcome.too_large = true;
        break;
      }
      if (!*event) break;
      outcome.events.push_back(**std::move(event));
    }
    fuzz::require(reader.held_bytes() <= 3 * kEventBytesMax + 3, "what is held is bounded");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = fuzz::view_of(data + 1, size - 1);
  const Outcome whole = read(rest, rest.size() + 1);
  fuzz::require(read(rest, 1 + data[0] % 16) == whole, "pieces make no difference");
  for (const wire::StreamEvent& event : whole.events) {
    const auto told = wire::parse_watch_event(event);
    if (!told || !*told) continue;
    wire::EventStreamReader reader;
    reader.feed(wire::print_watch_event(**told));
    const auto again = reader.next();
    fuzz::require(again && *again, "a printed event can be read");
    const auto same = wire::parse_watch_event(**again);
    fuzz::require(same && *same == *told, "an event survives printing");
  }
  if (const auto position = wire::parse_watch_position(rest)) {
    const auto again = wire::parse_watch_position(wire::print_watch_position(*position));
    fuzz::require(again == position, "a position survives printing");
  }
  return 0;
}
