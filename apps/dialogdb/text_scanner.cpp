#include "text_scanner.hpp"

#include <algorithm>
#include <cstring>

namespace dialog::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} * 1024;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

TextScanner::TextScanner(ByteSource& source) : source_(source), buffer_(kBufferBytes) {}

Result<bool> TextScanner::refill() {
  if (begin_ < end_) return true;
  begin_ = 0;
  end_ = 0;
  // A pipe may give single bytes, and the mark is three of them.
  const std::size_t wanted = started_ ? 1 : kByteOrderMark.size();
  while (end_ < wanted) {
    DIALOG_ASSIGN(const std::size_t count, source_.read(std::span(buffer_).subspan(end_)));
    if (count == 0) break;
    end_ += count;
  }
  if (!started_) {
    started_ = true;
    if (std::string_view(buffer_.data(), end_).starts_with(kByteOrderMark)) {
      begin_ = kByteOrderMark.size();
      return refill();
    }
  }
  return begin_ < end_;
}

Result<std::optional<char>> TextScanner::peek() {
  if (begin_ < end_) [[likely]] {
    return buffer_[begin_];
  }
  DIALOG_ASSIGN(const bool more, refill());
  if (!more) return std::optional<char>();
  return buffer_[begin_];
}

void TextScanner::take() {
  if (buffer_[begin_++] == '\n') {
    ++line_;
    column_ = 1;
  } else {
    ++column_;
  }
}

Result<bool> TextScanner::take_line(Bytes& line, std::size_t bytes_max) {
  bool complete = true;
  const std::size_t kept = line.size();
  while (true) {
    DIALOG_ASSIGN(const bool more, refill());
    if (!more) break;
    const char* const from = buffer_.data() + begin_;
    const auto* const found = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    const std::size_t count =
        found != nullptr ? static_cast<std::size_t>(found - from) : end_ - begin_;
    const std::size_t room = bytes_max - std::min(bytes_max, line.size() - kept);
    line.append(from, std::min(room, count));
    complete = complete && count <= room;
    begin_ += count;
    column_ += count;
    if (found != nullptr) {
      take();
      break;
    }
  }
  if (complete && line.size() > kept && line.back() == '\r') line.pop_back();
  return complete;
}

}  // namespace dialog::cli
