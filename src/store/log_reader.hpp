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

/// What a reader does with the frame of a block that was durable and is damaged.
enum class DamagedBlock : std::uint8_t {
  pass,  ///< gives it as it is: whoever reads the block finds out
  stop,  ///< the log ends there
};

/// Reads a log frame by frame, in order. Not thread-safe.
class LogReader {
 public:
  /// Begins behind `from`, and goes on to the end of what is sound, but not beyond the sequence
  /// number `until`; all up to that is known to be durable, where it is not the greatest of all.
  LogReader(Segments& segments, const Tip& from,
            std::uint64_t until = std::numeric_limits<std::uint64_t>::max(),
            DamagedBlock damaged = DamagedBlock::pass)
      : segments_(segments), tip_(from), until_(until), damaged_(damaged), window_(segments) {}

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
  /// Whether the frame here was durable once, is that of a block, and the log goes on behind it.
  Result<bool> is_damaged_block(const FrameHeader& header);
  /// Looks through all that lies further on for a sound frame that was written when the frame with
  /// a number was durable.
  Result<bool> was_durable(std::uint64_t sequence, Position from);

  Segments& segments_;
  Tip tip_;
  Position stopped_at_;  ///< where the frame is not that should come next
  const std::uint64_t until_;
  const DamagedBlock damaged_;
  SegmentWindow window_;
};

}  // namespace dialog::store
