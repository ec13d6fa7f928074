#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dialog/base/disk.hpp"
#include "frame.hpp"

namespace dialog::store {

/// The files of a log, by number. Thread-safe.
class Segments {
 public:
  Segments(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  /// The numbers of all that are there, ascending.
  Result<std::vector<std::uint32_t>> list();
  /// `not_found`.
  Result<std::shared_ptr<DiskFile>> open(std::uint32_t segment);
  /// Makes a segment; its name survives a power cut, its header with the next sync of the file.
  /// What has the name is a leftover, and goes.
  Result<std::shared_ptr<DiskFile>> create(const SegmentHeader& header);
  /// A segment that is gone already is no error. Whoever has it open can go on reading.
  Result<void> remove(std::uint32_t segment);

  /// The header of a segment; absent where it has none that is sound. `not_found`.
  Result<std::optional<SegmentHeader>> header(std::uint32_t segment);

  /// The payload of a block's frame; the frame is what was written. `not_found` where the segment
  /// is gone, `corrupt`.
  Result<Bytes> read_block(const Place& place);

  [[nodiscard]] std::string path(std::uint32_t segment) const;

 private:
  Disk& disk_;
  const std::string folder_;
  std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<DiskFile>> open_;
};

/// "segment 3 at byte 4096" of a folder, for messages.
std::string describe(const Segments& segments, const Position& at);

}  // namespace dialog::store
