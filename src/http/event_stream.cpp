#include "dialog/http/event_stream.hpp"

#include <algorithm>
#include <utility>

namespace dialog::wire {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void EventStreamReader::feed(ByteView bytes) {
  if (too_large_) return;
  scanned_ = std::max(scanned_, read_) - read_;
  pending_.erase(0, read_);
  read_ = 0;
  pending_.append(bytes);
}

// A line's end is CR, LF or both. A CR ends its line at once, whatever comes after it: the other
// end may wait for us before it sends more.
std::optional<std::string_view> EventStreamReader::next_line() {
  if (skip_line_feed_ && read_ < pending_.size()) {
    skip_line_feed_ = false;
    if (pending_[read_] == '\n') ++read_;
  }
  const std::size_t end = pending_.find_first_of("\r\n", std::max(scanned_, read_));
  if (end == Bytes::npos) {
    scanned_ = pending_.size();
    return std::nullopt;
  }
  const std::string_view line = std::string_view(pending_).substr(read_, end - read_);
  skip_line_feed_ = pending_[end] == '\r';
  read_ = end + 1;
  scanned_ = read_;
  return line;
}

void EventStreamReader::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "event") {
    type_ = value;
  } else if (name == "data") {
    if (has_data_) data_.push_back('\n');
    data_.append(value);
    has_data_ = true;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
  // Comments, whose name is empty, and fields that nobody knows say nothing.
}

std::optional<StreamEvent> EventStreamReader::dispatch() {
  event_bytes_ = 0;
  std::string type = std::exchange(type_, {});
  if (!std::exchange(has_data_, false)) return std::nullopt;
  if (type.empty()) type = "message";
  return StreamEvent{std::move(type), std::exchange(data_, {}), id_};
}

Result<std::optional<StreamEvent>> EventStreamReader::next() {
  // A mark may be cut; nothing else begins like it.
  if (at_start_ && !too_large_) {
    const ByteView start = ByteView(pending_).substr(0, kByteOrderMark.size());
    if (start.size() < kByteOrderMark.size() && kByteOrderMark.substr(0, start.size()) == start)
      return std::nullopt;
    if (start == kByteOrderMark) read_ = kByteOrderMark.size();
    at_start_ = false;
  }
  while (!too_large_) {
    const auto line = next_line();
    if (event_bytes_ + (line ? line->size() + 1 : pending_.size() - read_) > event_bytes_max_) {
      too_large_ = true;
      break;
    }
    if (!line) return std::nullopt;
    event_bytes_ += line->size() + 1;
    if (!line->empty()) {
      take_field(*line);
    } else if (auto event = dispatch()) {
      return event;
    }
  }
  pending_ = {};
  read_ = scanned_ = 0;
  type_ = data_ = id_ = {};
  return fail(ErrorCode::too_large,
              "an event of the stream exceeds " + std::to_string(event_bytes_max_) + " bytes");
}

}  // namespace dialog::wire
