#include "dialog/http/watch_messages.hpp"

#include "ascii.hpp"
#include "dialog/http/register_messages.hpp"

namespace dialog::wire {
namespace {

constexpr std::string_view kHeadType = "head";
constexpr std::string_view kResetType = "reset";
constexpr std::string_view kNothing = "null";

}  // namespace

std::string print_watch_position(const WatchPosition& position) {
  return std::to_string(position.sequence) + "-" + position.revision.hex();
}

std::optional<WatchPosition> parse_watch_position(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto sequence = ascii::parse_number(text.substr(0, dash));
  const auto revision = Revision::from_hex(text.substr(dash + 1));
  if (!sequence || !revision || (*sequence == 0 && !revision->is_zero())) return std::nullopt;
  return WatchPosition{*sequence, *revision};
}

std::string print_watch_event(const WatchEvent& event) {
  std::string text = "event: ";
  text.append(event.kind == WatchEvent::Kind::head ? kHeadType : kResetType);
  text.append("\nid: ").append(print_watch_position(event.position()));
  text.append("\ndata: ");
  // JSON without a line's end in it: one line of data.
  text.append(event.record ? print_record(*event.record) : std::string(kNothing));
  text.append("\n\n");
  return text;
}

Result<std::optional<WatchEvent>> parse_watch_event(const StreamEvent& event) {
  WatchEvent result;
  if (event.type == kResetType) {
    result.kind = WatchEvent::Kind::reset;
  } else if (event.type != kHeadType) {
    return std::nullopt;
  }
  if (result.kind == WatchEvent::Kind::head || event.data != kNothing) {
    DIALOG_ASSIGN(result.record, parse_record(event.data));
    if (result.record->sequence == 0) {
      return fail(ErrorCode::malformed, "an event of the stream has no sequence number");
    }
  }
  if (parse_watch_position(event.id) != result.position()) {
    return fail(ErrorCode::malformed, "the id of an event is not that of its record");
  }
  return result;
}

}  // namespace dialog::wire
