#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "dialog/base/disk.hpp"
#include "dialog/store/index.hpp"
#include "frame.hpp"

namespace dialog::store {

/// The files of a log, by number. Thread-safe.
class Segments {
 public:
  Segments(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  /// The numbers of all that are there, ascending.
  Result<std::vector<std::uint32_t>> list();
  /// Keeps some of them open. `not_found`.
  Result<std::shared_ptr<DiskFile>> open(std::uint32_t segment);
  /// Makes a segment; its name survives a power cut, its header with the next sync of the file.
  /// What has the name is a leftover, and becomes it: whoever has that open sees the new one.
  Result<std::shared_ptr<DiskFile>> create(const SegmentHeader& header);
  /// A segment that is gone already is no error. Whoever has it open can go on reading.
  Result<void> remove(std::uint32_t segment);

  /// Lets go of segments that other processes have removed, so that their room is given back. Names
  /// those.
  std::vector<std::uint32_t> forget_removed();

  /// The header of a segment; absent where it has none that is sound. `not_found`.
  Result<std::optional<SegmentHeader>> header(std::uint32_t segment);
  /// Where the next segment says that this one ends; absent where none says so.
  Result<std::optional<std::uint32_t>> end_of(std::uint32_t segment);

  /// The block in a frame that is what was written; valid as long as `frame`, which holds it.
  /// `not_found` where the segment is gone, `corrupt`.
  Result<BlockPayload> read_block(const Place& place, Bytes& frame);

  /// What was written. `not_found` where the segment is gone, `corrupt`.
  Result<Bytes> read_value(std::uint32_t segment, const LongValue& value);

  [[nodiscard]] std::string path(std::uint32_t segment) const;

 private:
  void keep(std::uint32_t segment, const std::shared_ptr<DiskFile>& file);
  Disk& disk_;
  const std::string folder_;
  std::shared_mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<DiskFile>> open_;
  std::uint32_t closed_last_ = 0;
};

/// Remembers which frames of blocks were checked against their hashes by this process. One bit for
/// 64 bytes of a segment that is read from: no two frames begin in the same ones. Thread-safe.
class CheckedPlaces {
 public:
  explicit CheckedPlaces(std::uint32_t segment_bytes_max)
      : words_(segment_bytes_max / kBytesPerWord + 1) {}
  [[nodiscard]] bool contains(const Position& at) const;
  void insert(const Position& at);
  void erase(std::uint32_t segment);

 private:
  static constexpr std::uint32_t kBytesPerBit = 64;
  static constexpr std::uint32_t kBytesPerWord = 64 * kBytesPerBit;
  using Bits = std::vector<std::atomic<std::uint64_t>>;
  const std::size_t words_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Bits>> segments_;
};

/// "segment 3 at byte 4096" of a folder, for messages.
std::string describe(const Segments& segments, const Position& at);

}  // namespace dialog::store
