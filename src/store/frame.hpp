#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/limits.hpp"
#include "dialog/store/place.hpp"

namespace dialog::store {

// The bytes of a log (docs/format/store.md). Numbers are little-endian.

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kFrameHeaderBytes = 40;
inline constexpr std::size_t kFrameAlignment = 8;

enum class FrameKind : std::uint8_t {
  block = 1,         ///< a block of a space
  records = 2,       ///< changes of records, all or none
  removal = 3,       ///< blocks of a space that are there no longer
  packed_block = 4,  ///< a block of a space, compressed
};

inline bool is_block(FrameKind kind) {
  return kind == FrameKind::block || kind == FrameKind::packed_block;
}

struct FrameHeader {
  std::uint64_t checksum = 0;  ///< of all that follows, payload included
  std::uint64_t previous = 0;  ///< the checksum of the frame before
  std::uint64_t sequence = 0;  ///< greater than that of the frame before
  std::uint64_t durable = 0;   ///< of the last frame known to be durable when this one was written
  std::uint32_t length = 0;    ///< of the payload
  FrameKind kind = FrameKind::block;
};

struct SegmentHeader {
  std::uint32_t segment = 0;
  Tip before;  ///< where the log stood when the segment began
};

/// A payload in two parts, so that neither need be copied to stand behind the other.
struct Payload {
  ByteView first;
  ByteView second = {};
  [[nodiscard]] std::size_t size() const { return first.size() + second.size(); }
};

/// The payload with its header in front and zeros behind, up to the alignment.
void append_frame(Bytes& out, FrameHeader& header, Payload payload);
/// What a frame with such a payload takes.
std::size_t frame_bytes(std::size_t payload_bytes);

/// XXH3-64.
std::uint64_t checksum_of(ByteView bytes);

/// Absent where no frame can begin like this. Looks at the header alone.
std::optional<FrameHeader> parse_frame_header(ByteView bytes);
/// Whether header and payload are as they were written. `bytes` begins with the header and holds
/// the whole payload.
bool is_sound_frame(const FrameHeader& header, ByteView bytes);

Bytes print_segment_header(const SegmentHeader& header);
/// Absent where it is none, or damaged.
std::optional<SegmentHeader> parse_segment_header(ByteView bytes);

// Payloads.

inline constexpr std::size_t kBlockPrefixBytes = sizeof(Space) + Hash::kSize;

/// A packed block is smaller than the same one raw.
inline constexpr std::size_t kBlockPayloadBytesMax = kBlockPrefixBytes + kBlockBytesMax;
inline constexpr std::size_t kPackedPrefixBytes = kBlockPrefixBytes + sizeof(std::uint32_t);

struct BlockPayload {
  BlockKey key;
  ByteView bytes;                               ///< as they are stored
  std::optional<std::uint32_t> unpacked_bytes;  ///< of a packed block: what it says its size is
};
/// What stands before the stored bytes of a block; the size where these are packed.
void append_block_prefix(Bytes& out, const BlockKey& key,
                         std::optional<std::uint32_t> unpacked_bytes);
/// Of a frame of either kind of block; the stored bytes are not looked at.
std::optional<BlockPayload> parse_block(FrameKind kind, ByteView payload);

/// One record of a change: absent value, removed.
struct RecordWrite {
  ByteView key;
  std::optional<ByteView> value;
};
void append_record(Bytes& out, const RecordWrite& write);
/// Takes one record off the front; absent where the payload is malformed.
std::optional<RecordWrite> take_record(ByteView& payload);

void append_removal(Bytes& out, Space space, const Hash* hashes, std::size_t count);
struct RemovalPayload {
  Space space = 0;
  ByteView hashes;  ///< one behind the other
};
std::optional<RemovalPayload> parse_removal(ByteView payload);

}  // namespace dialog::store
