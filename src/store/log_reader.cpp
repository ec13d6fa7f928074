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
  if (bytes.size() < whole || !is_sound_frame(*header, bytes)) return std::nullopt;
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

Result<void> LogReader::look_for_durable_in(std::uint32_t segment, std::uint64_t offset) {
  while (true) {
    DIALOG_ASSIGN(ByteView bytes, window_.at(segment, offset, kFrameHeaderBytes));
    if (bytes.size() < kFrameHeaderBytes) return {};
    const auto header = parse_frame_header(bytes);
    if (header && header->durable > tip_.sequence) {
      DIALOG_ASSIGN(bytes,
                    window_.at(segment, offset, kFrameHeaderBytes + std::size_t{header->length}));
      if (is_sound_frame(*header, bytes)) {
        return fail(ErrorCode::corrupt,
                    "the log is damaged in " + describe(segments_, stopped_at_) +
                        ": what follows entry " + std::to_string(tip_.sequence) +
                        " is lost, although later entries are there; keep a copy of the folder, "
                        "then clone again or restore a backup");
      }
    }
    offset += kFrameAlignment;
  }
}

Result<void> LogReader::check_end() {
  DIALOG_ASSIGN(const std::vector<std::uint32_t> numbers, segments_.list());
  for (const std::uint32_t segment : numbers) {
    if (segment < tip_.end.segment) continue;
    const std::uint64_t offset =
        segment == tip_.end.segment ? tip_.end.offset : std::uint64_t{kSegmentHeaderBytes};
    DIALOG_TRY(look_for_durable_in(segment, offset));
  }
  return {};
}

}  // namespace dialog::store
