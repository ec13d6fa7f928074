#include "log_reader.hpp"

namespace dialog::store {
Result<std::optional<Frame>> LogReader::frame_here() {
  if (tip_.end.segment == 0) return std::nullopt;
  DIALOG_ASSIGN(ByteView bytes, window_.at(tip_.end.segment, tip_.end.offset, kFrameHeaderBytes));
  const auto header = parse_frame_header(bytes);
  if (!header || header->previous != tip_.checksum || header->sequence <= tip_.sequence) {
    return std::nullopt;
  }
  if (header->sequence > until_) return std::nullopt;
  // With what fills it up, so that the file reaches as far as the log.
  const std::size_t whole = frame_bytes(header->length);
  DIALOG_ASSIGN(bytes, window_.at(tip_.end.segment, tip_.end.offset, whole));
  if (bytes.size() < whole) return std::nullopt;
  if (!is_sound_frame(*header, bytes)) {
    DIALOG_ASSIGN(const bool is_passed, is_damaged_block(*header));
    if (!is_passed) return std::nullopt;
    DIALOG_ASSIGN(bytes, window_.at(tip_.end.segment, tip_.end.offset, whole));
  }
  const Frame frame{
      *header, {tip_.end, header->length}, bytes.substr(kFrameHeaderBytes, header->length)};
  tip_ = {{tip_.end.segment, tip_.end.offset + static_cast<std::uint32_t>(whole)},
          header->sequence,
          header->checksum};
  return frame;
}

Result<bool> LogReader::enter_next_segment() {
  const std::uint32_t next = tip_.end.segment + 1;
  auto header = segments_.header(next);
  if (!header) {
    if (header.error().code == ErrorCode::not_found) return false;
    return fail(std::move(header).error());
  }
  if (!*header || (*header)->before != tip_) return false;
  tip_.end = {next, kSegmentHeaderBytes};
  return true;
}

Result<std::optional<Frame>> LogReader::next() {
  if (tip_.sequence >= until_) return std::nullopt;
  while (true) {
    const Tip before = tip_;
    DIALOG_ASSIGN(const std::optional<Frame> frame, frame_here());
    if (frame) return frame;
    DIALOG_ASSIGN(const bool goes_on, enter_next_segment());
    if (!goes_on) {
      stopped_at_ = tip_.end;
      return std::nullopt;
    }
    // A segment without a frame is no place to go on from: it may be made anew.
    DIALOG_ASSIGN(const std::optional<Frame> first, frame_here());
    if (first) return first;
    stopped_at_ = tip_.end;
    tip_ = before;
    return std::nullopt;
  }
}

Result<bool> LogReader::was_durable(std::uint64_t sequence, Position from) {
  DIALOG_ASSIGN(const std::vector<std::uint32_t> numbers, segments_.list());
  for (const std::uint32_t segment : numbers) {
    if (segment < from.segment) continue;
    std::uint64_t offset = segment == from.segment ? from.offset : kSegmentHeaderBytes;
    for (;; offset += kFrameAlignment) {
      DIALOG_ASSIGN(ByteView bytes, window_.at(segment, offset, kFrameHeaderBytes));
      if (bytes.size() < kFrameHeaderBytes) break;
      const auto header = parse_frame_header(bytes);
      if (!header || header->durable < sequence) continue;
      DIALOG_ASSIGN(bytes,
                    window_.at(segment, offset, kFrameHeaderBytes + std::size_t{header->length}));
      if (is_sound_frame(*header, bytes)) return true;
    }
  }
  return false;
}

Result<bool> LogReader::is_damaged_block(const FrameHeader& header) {
  if (damaged_ == DamagedBlock::stop || !is_block(header.kind)) return false;
  const std::uint64_t end = tip_.end.offset + frame_bytes(header.length);
  if (end > std::numeric_limits<std::uint32_t>::max()) return false;
  // That the header itself is as it was written shows in what names it.
  const Tip passed{
      {tip_.end.segment, static_cast<std::uint32_t>(end)}, header.sequence, header.checksum};
  DIALOG_ASSIGN(const ByteView bytes, window_.at(passed.end.segment, end, kFrameHeaderBytes));
  const auto next = parse_frame_header(bytes);
  bool is_named = next && next->previous == passed.checksum && next->sequence > passed.sequence;
  if (!is_named) {
    const auto segment = segments_.header(passed.end.segment + 1);
    is_named = segment && *segment && (*segment)->before == passed;
  }
  if (!is_named) return false;
  const bool is_known = until_ != std::numeric_limits<std::uint64_t>::max();
  return is_known ? Result<bool>(header.sequence <= until_)
                  : was_durable(header.sequence, passed.end);
}

Result<void> LogReader::check_end() {
  DIALOG_ASSIGN(const bool goes_on, was_durable(tip_.sequence + 1, tip_.end));
  if (!goes_on) return {};
  return fail(ErrorCode::corrupt,
              "the log is damaged in " + describe(segments_, stopped_at_) +
                  ": what follows entry " + std::to_string(tip_.sequence) +
                  " is lost, although later entries are there; keep a copy of the folder, then "
                  "clone again or restore a backup");
}

}  // namespace dialog::store
