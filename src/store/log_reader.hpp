#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "segment_window.hpp"

namespace dialog::store {

struct Frame {
  FrameHeader header;
  Place place;
  ByteView payload;  ///< valid until the next one is read
};

/// Reads a log frame by frame, in order. Not thread-safe.
class LogReader {
 public:
  /// Begins behind `from`, and goes on to the end of what is sound, but not beyond the sequence
  /// number `until`.
  LogReader(Segments& segments, const Tip& from,
            std::uint64_t until = std::numeric_limits<std::uint64_t>::max())
      : segments_(segments), tip_(from), until_(until), window_(segments) {}

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
  Result<void> look_for_durable_in(std::uint32_t segment, std::uint64_t offset);

  Segments& segments_;
  Tip tip_;
  Position stopped_at_;  ///< where the frame is not that should come next
  const std::uint64_t until_;
  SegmentWindow window_;
};

}  // namespace dialog::store
