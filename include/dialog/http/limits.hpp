#pragma once

#include <cstddef>
#include <cstdint>

namespace dialog::wire {

/// Bounds of one request; servers announce theirs among the capabilities.
inline constexpr std::size_t kRegisterBodyBytesMax = std::size_t{16} * 1024;
/// Hashes or blocks in one batch request.
inline constexpr std::size_t kBatchHashesMax = 1024;
/// Bytes of frames in one batch request or answer; one single frame may always travel.
inline constexpr std::size_t kBatchBytesMax = std::size_t{4} * 1024 * 1024;
/// Records in one answer of the log.
inline constexpr std::size_t kLogRecordsMax = 1000;
/// Of the name of whoever was authenticated, in a record.
inline constexpr std::size_t kAuthorBytesMax = 4096;

}  // namespace dialog::wire
