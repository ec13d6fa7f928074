#pragma once

#include <cstdint>
#include <memory>

#include "segments.hpp"

namespace dialog::store {

/// Reads a segment from front to back, much at a time. Not thread-safe.
class SegmentWindow {
 public:
  explicit SegmentWindow(Segments& segments) : segments_(segments) {}

  /// At least `count` bytes from `offset` on, fewer at the end of the file; and some more that lie
  /// behind them. Valid until the next call. `not_found`.
  Result<ByteView> at(std::uint32_t segment, std::uint64_t offset, std::size_t count);

 private:
  Segments& segments_;
  std::shared_ptr<DiskFile> file_;
  std::uint32_t segment_ = 0;
  std::uint64_t offset_ = 0;
  Bytes bytes_;
};

}  // namespace dialog::store
