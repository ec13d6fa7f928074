#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "log_reader.hpp"

namespace dialog::store {

/// Bytes of a segment that are not what was written.
struct Damage {
  Position at;
  std::uint64_t bytes = 0;
  bool is_block = false;  ///< all of it is the frame of one block
};

/// Reads all of a log, segment by segment, from the oldest that is there, and goes on behind what
/// is damaged.
class LogWalk {
 public:
  struct Visitor {
    std::function<Result<void>(const Frame& frame)> frame;
    std::function<Result<void>(const Damage& damage)> damage;
  };

  /// `end`: where the log ends. Absent: where nothing follows that is sound, but for what says of
  /// itself that it was written behind something durable that is lost.
  LogWalk(Segments& segments, const std::optional<Tip>& end)
      : segments_(segments), end_(end), window_(segments) {}

  /// What is compacted away meanwhile is left out.
  Result<void> run(const Visitor& visitor);

  /// Behind the last frame that was visited.
  [[nodiscard]] const Tip& tip() const { return tip_; }
  [[nodiscard]] std::uint64_t segments_read() const { return segments_read_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  Result<void> walk(std::uint32_t segment, const Visitor& visitor);
  Result<void> enter(std::uint32_t segment, const Visitor& visitor);
  Result<std::optional<std::uint32_t>> end_of(std::uint32_t segment);
  Result<std::optional<Frame>> frame_at(const Position& at, bool must_follow);
  Result<std::optional<Position>> next_sound(Position from, std::optional<std::uint32_t> end);
  Result<std::optional<Damage>> damaged_block(const Position& at, std::uint32_t end);
  void pass(const FrameHeader& header, const Position& at);

  Segments& segments_;
  const std::optional<Tip> end_;
  SegmentWindow window_;
  Tip tip_;
  std::uint64_t sequence_ = 0;           ///< of the frame before
  std::optional<std::uint64_t> before_;  ///< its checksum, where that is known
  std::uint64_t segments_read_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace dialog::store
