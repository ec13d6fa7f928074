#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "segments.hpp"

namespace dialog::store {

/// Reads a log frame by frame, in order. Not thread-safe.
class LogReader {
 public:
  /// Begins behind `from`, and goes on to the end of what is sound, but not beyond the sequence
  /// number `until`.
  LogReader(Segments& segments, const Tip& from,
            std::uint64_t until = std::numeric_limits<std::uint64_t>::max())
      : segments_(segments), tip_(from), until_(until) {}

  struct Frame {
    FrameHeader header;
    Place place;
    ByteView payload;  ///< valid until the next call
  };
  /// Absent at the end: where nothing follows that was written behind the frame before.
  Result<std::optional<Frame>> next();

  /// Behind the last frame that `next` gave.
  [[nodiscard]] const Tip& tip() const { return tip_; }

  /// After the end: `corrupt` where a frame further on says that what is missing here was durable.
  /// Such a log is damaged, and not just cut off by a crash.
  Result<void> check_end();

 private:
  Result<std::optional<Frame>> frame_here();
  Result<bool> enter_next_segment();
  /// At least `count` bytes from `offset` on, fewer at the end of the file; and some more that
  /// lie behind them.
  Result<ByteView> window(std::uint32_t segment, std::uint64_t offset, std::size_t count);
  Result<void> look_for_durable_in(std::uint32_t segment, std::uint64_t offset);

  Segments& segments_;
  Tip tip_;
  Position stopped_at_;  ///< where the frame is not that should come next
  const std::uint64_t until_;
  std::shared_ptr<DiskFile> file_;
  std::uint32_t segment_ = 0;
  std::uint64_t window_offset_ = 0;
  Bytes window_;
};

}  // namespace dialog::store
