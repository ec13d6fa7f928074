#include "log_walk.hpp"

#include <algorithm>
#include <limits>

namespace dialog::store {
namespace {

constexpr std::uint32_t kOffsetMax = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Result<void> LogWalk::run(const Visitor& visitor) {
  DIALOG_ASSIGN(std::vector<std::uint32_t> numbers, segments_.list());
  std::sort(numbers.begin(), numbers.end());
  for (const std::uint32_t segment : numbers) {
    if (end_ && segment > end_->end.segment) break;
    auto walked = walk(segment, visitor);
    const bool is_gone = !walked && walked.error().code == ErrorCode::not_found;
    if (!walked && !is_gone) return walked;
    if (!is_gone) ++segments_read_;
  }
  return {};
}

Result<void> LogWalk::enter(std::uint32_t segment, const Visitor& visitor) {
  DIALOG_ASSIGN(const auto header, segments_.header(segment));
  if (!header) {
    before_.reset();
    return visitor.damage({{segment, 0}, kSegmentHeaderBytes});
  }
  before_ = header->before.checksum;
  sequence_ = std::max(sequence_, header->before.sequence);
  return {};
}

Result<std::optional<std::uint32_t>> LogWalk::end_of(std::uint32_t segment) {
  if (end_ && end_->end.segment == segment) return end_->end.offset;
  return segments_.end_of(segment);
}

Result<std::optional<Frame>> LogWalk::frame_at(const Position& at, bool must_follow) {
  DIALOG_ASSIGN(ByteView bytes, window_.at(at.segment, at.offset, kFrameHeaderBytes));
  const auto header = parse_frame_header(bytes);
  if (!header || header->sequence <= sequence_) return std::nullopt;
  if (must_follow && before_ && header->previous != *before_) return std::nullopt;
  const std::size_t whole = frame_bytes(header->length);
  DIALOG_ASSIGN(bytes, window_.at(at.segment, at.offset, whole));
  if (bytes.size() < whole || !is_sound_frame(*header, bytes)) return std::nullopt;
  return Frame{*header, {at, header->length}, bytes.substr(kFrameHeaderBytes, header->length)};
}

void LogWalk::pass(const FrameHeader& header, const Position& at) {
  const auto whole = static_cast<std::uint32_t>(frame_bytes(header.length));
  tip_ = {{at.segment, at.offset + whole}, header.sequence, header.checksum};
  sequence_ = tip_.sequence;
  before_ = tip_.checksum;
}

// Where the header is as it was written, which shows in the next one, and what follows it is not.
Result<std::optional<Damage>> LogWalk::damaged_block(const Position& at, std::uint32_t end) {
  DIALOG_ASSIGN(const ByteView bytes, window_.at(at.segment, at.offset, kFrameHeaderBytes));
  const auto header = parse_frame_header(bytes);
  if (!header || !is_block(header->kind) || header->sequence <= sequence_ ||
      (before_ && header->previous != *before_)) {
    return std::nullopt;
  }
  const std::uint64_t behind = at.offset + frame_bytes(header->length);
  if (behind >= end) return std::nullopt;
  DIALOG_ASSIGN(const ByteView next, window_.at(at.segment, behind, kFrameHeaderBytes));
  const auto follower = parse_frame_header(next);
  if (!follower || follower->previous != header->checksum) return std::nullopt;
  pass(*header, at);
  return Damage{at, behind - at.offset, true};
}

// The next frame behind what is damaged. Where the end is not known, it counts only if it, or one
// behind it, was written when what is lost was durable.
Result<std::optional<Position>> LogWalk::next_sound(Position from,
                                                    std::optional<std::uint32_t> end) {
  std::optional<Position> first;
  while (!end || from.offset < *end) {
    DIALOG_ASSIGN(const ByteView bytes, window_.at(from.segment, from.offset, kFrameHeaderBytes));
    if (bytes.size() < kFrameHeaderBytes) break;
    DIALOG_ASSIGN(const auto frame, frame_at(from, false));
    if (frame && !first) first = from;
    if (frame && (end || frame->header.durable > sequence_)) return first;
    from.offset +=
        static_cast<std::uint32_t>(frame ? frame_bytes(frame->header.length) : kFrameAlignment);
  }
  return std::nullopt;
}

Result<void> LogWalk::walk(std::uint32_t segment, const Visitor& visitor) {
  DIALOG_TRY(enter(segment, visitor));
  DIALOG_ASSIGN(const auto end, end_of(segment));
  Position at{segment, kSegmentHeaderBytes};
  while (!end || at.offset < *end) {
    DIALOG_ASSIGN(auto frame, frame_at(at, true));
    if (!frame) {
      DIALOG_ASSIGN(const auto next, next_sound(at, end));
      if (!next && !end) return {};
      DIALOG_ASSIGN(const auto block, damaged_block(at, end.value_or(kOffsetMax)));
      if (block) {
        DIALOG_TRY(visitor.damage(*block));
        at.offset = tip_.end.offset;
        continue;
      }
      const std::uint32_t until = next ? next->offset : *end;
      DIALOG_TRY(visitor.damage({at, until - at.offset}));
      before_.reset();
      if (!next) return {};
      at = *next;
      DIALOG_ASSIGN(frame, frame_at(at, false));
      if (!frame) return fail(ErrorCode::storage_failed, describe(segments_, at) + " has changed");
    }
    pass(frame->header, at);
    bytes_read_ += tip_.end.offset - at.offset;
    at.offset = tip_.end.offset;
    DIALOG_TRY(visitor.frame(*frame));
  }
  return {};
}

}  // namespace dialog::store
