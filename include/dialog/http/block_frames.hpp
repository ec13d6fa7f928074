#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/limits.hpp"
#include "dialog/http/limits.hpp"

namespace dialog::wire {

/// A sequence of frames, one per block: the 32 bytes of the hash, the length as an unsigned 32-bit
/// number with its lowest byte first, the bytes. The length `kAbsentLength` says that the block is
/// absent; no bytes follow.
inline constexpr std::uint32_t kAbsentLength = 0xffffffffU;
inline constexpr std::size_t kFrameHeaderBytes = Hash::kSize + 4;

void append_frame(Bytes& out, const Block& block);
void append_absent_frame(Bytes& out, const Hash& hash);

/// How many bytes the frame of a block takes.
constexpr std::size_t frame_bytes(std::size_t block_bytes) {
  return kFrameHeaderBytes + block_bytes;
}

/// One frame as it came: nothing is checked but its bounds.
struct BlockFrame {
  Hash hash;
  /// Absent where the sender does not have the block. Valid until the next call of the reader; as
  /// long as the piece where the frame came whole in one.
  std::optional<ByteView> bytes;
};

/// Takes frames from bytes that arrive in pieces of any size. Holds at most one frame and the
/// latest piece. Not thread-safe. After an error every further call gives the same error.
class FrameReader {
 public:
  struct Limits {
    std::size_t block_bytes_max = kBlockBytesMax;
    std::size_t frames_max = kBatchHashesMax;
  };

  FrameReader() : FrameReader(Limits{}) {}
  explicit FrameReader(Limits limits) : limits_(limits) {}

  /// Adds a piece. It is read in place: it must stay until `next` gave no frame. Takes no piece
  /// before that.
  void feed(ByteView piece);

  /// The next frame; empty where more bytes are needed first. `too_large` where a frame or their
  /// number exceeds its limit, which is known before the bytes of the frame are.
  Result<std::optional<BlockFrame>> next();

  /// After the last piece: `malformed` where it ended within a frame.
  [[nodiscard]] Result<void> finish() const;

 private:
  Result<std::size_t> frame_size(ByteView header);
  bool carry_up_to(std::size_t size);

  Limits limits_;
  ByteView piece_;
  Bytes carry_;
  bool carry_is_spent_ = false;
  std::size_t frames_ = 0;
  std::optional<Error> error_;
};

/// Hashes one after the other, 32 bytes each.
Bytes print_hashes(std::span<const Hash> hashes);
/// `malformed` where the length is no multiple of 32, `too_large` above `hashes_max`.
Result<std::vector<Hash>> parse_hashes(ByteView body, std::size_t hashes_max = kBatchHashesMax);

/// One byte per asked hash, in order: 1 where the block is there, 0 where it is not.
Bytes print_presence(const std::vector<bool>& present);
/// `malformed` where the answer is not exactly `count` bytes of 0 and 1.
Result<std::vector<bool>> parse_presence(ByteView body, std::size_t count);

}  // namespace dialog::wire
