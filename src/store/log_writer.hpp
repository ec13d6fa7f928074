#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "segments.hpp"

namespace dialog::store {

/// Frames for the end of a log. They are gathered in memory by one thread at a time; `LogAppender`
/// writes what was gathered.
class LogBuffer {
 public:
  /// A segment begins anew where the next frame would make it larger.
  explicit LogBuffer(std::uint32_t segment_bytes_max) : segment_bytes_max_(segment_bytes_max) {}

  /// Goes on there, and forgets what was gathered.
  void reset(const Tip& tip);

  /// Where the log ends with all that was gathered.
  [[nodiscard]] const Tip& tip() const { return tip_; }

  /// `durable`: the last sequence number known to be durable.
  Place append(FrameKind kind, Payload payload, std::uint64_t durable);
  /// The next frame goes into another segment.
  void begin_segment() { must_begin_ = true; }
  /// No frame gets a number up to this one any more.
  void skip_to(std::uint64_t sequence);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return chunks_.empty(); }

  struct Chunk {
    Position at;
    std::optional<SegmentHeader> begins;  ///< the segment that has to be made for it
    Bytes bytes;
  };
  /// Takes out what was gathered.
  std::vector<Chunk> take();
  /// Gives back what was written: its memory serves again.
  void reuse(std::vector<Chunk> chunks);

 private:
  const std::uint32_t segment_bytes_max_;
  Tip tip_;
  std::uint64_t last_sequence_ = 0;
  bool must_begin_ = false;
  std::vector<Chunk> chunks_;
  Bytes spare_;
  std::size_t bytes_ = 0;
};

/// Writes to the end of a log. Not thread-safe.
class LogAppender {
 public:
  /// What lies ahead of small writes is filled with zeros, so many at a time: a sync is dearer
  /// where it makes a file larger.
  LogAppender(Segments& segments, std::uint32_t filled_ahead)
      : segments_(segments), zeros_(filled_ahead, '\0') {}

  /// Before the first write, and whenever somebody else may have written meanwhile.
  void forget() { file_.reset(); }

  /// On return all of it survives a power cut. `storage_full` before anything was synced, then what
  /// was written is no part of the log yet; after any other error nothing is known.
  Result<void> write(const std::vector<LogBuffer::Chunk>& chunks);

  /// Writes a frame where it is already. Not synced.
  Result<void> rewrite(const Position& at, ByteView frame);

  /// After a write that found no room: what it wrote behind that place is no part of the log, nor
  /// will it be one after a crash. Durable at return.
  Result<void> take_back(const Position& end);

  /// Syncs the segment.
  Result<void> sync(std::uint32_t segment);

 private:
  Result<void> write(const LogBuffer::Chunk& chunk);
  Result<void> fill_ahead(std::uint64_t end);
  Segments& segments_;
  const Bytes zeros_;
  std::shared_ptr<DiskFile> file_;
  std::uint32_t segment_ = 0;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace dialog::store
