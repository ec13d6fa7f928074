#include "dialog/http/block_frames.hpp"

#include <algorithm>

#include "dialog/base/check.hpp"

namespace dialog::wire {
namespace {

void append_u32(Bytes& out, std::uint32_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>(number >> shift & 0xffU));
}

std::uint32_t read_u32(ByteView bytes) {
  std::uint32_t number = 0;
  for (unsigned i = 0; i < 4; ++i) {
    number |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
  }
  return number;
}

std::uint32_t frame_length(ByteView header) { return read_u32(header.substr(Hash::kSize, 4)); }

Hash frame_hash(ByteView header) { return *Hash::from_bytes(header.substr(0, Hash::kSize)); }

}  // namespace

void append_frame(Bytes& out, const Block& block) {
  DIALOG_CHECK(block.size() < kAbsentLength, "a block that no frame can hold");
  out.append(block.hash().bytes());
  append_u32(out, static_cast<std::uint32_t>(block.size()));
  out.append(block.bytes());
}

void append_absent_frame(Bytes& out, const Hash& hash) {
  out.append(hash.bytes());
  append_u32(out, kAbsentLength);
}

void FrameReader::feed(ByteView piece) {
  DIALOG_CHECK(piece_.empty(), "a piece while the one before is not read yet");
  piece_ = piece;
}

Result<std::optional<BlockFrame>> FrameReader::next() {
  if (error_) return fail(*error_);
  if (carry_is_spent_) {
    carry_.clear();
    carry_is_spent_ = false;
  }
  // A frame that lies in the piece as a whole is read there. One that began in an earlier piece is
  // completed in `carry_`.
  if (carry_.empty() && piece_.size() >= kFrameHeaderBytes) {
    DIALOG_ASSIGN(const std::size_t size, frame_size(piece_));
    if (piece_.size() >= size) {
      const ByteView frame = piece_.substr(0, size);
      piece_.remove_prefix(size);
      BlockFrame result{frame_hash(frame), std::nullopt};
      if (frame_length(frame) != kAbsentLength) result.bytes = frame.substr(kFrameHeaderBytes);
      ++frames_;
      return result;
    }
  }
  if (!carry_up_to(kFrameHeaderBytes)) return std::nullopt;
  DIALOG_ASSIGN(const std::size_t size, frame_size(carry_));
  if (!carry_up_to(size)) return std::nullopt;
  carry_is_spent_ = true;
  ++frames_;
  BlockFrame result{frame_hash(carry_), std::nullopt};
  if (frame_length(carry_) != kAbsentLength)
    result.bytes = ByteView(carry_).substr(kFrameHeaderBytes);
  return result;
}

Result<void> FrameReader::finish() const {
  if (error_) return fail(*error_);
  if (!piece_.empty() || (!carry_.empty() && !carry_is_spent_)) {
    return fail(ErrorCode::malformed, "the blocks end within a frame");
  }
  return {};
}

Result<std::size_t> FrameReader::frame_size(ByteView header) {
  if (frames_ >= limits_.frames_max) {
    error_ = Error{
        ErrorCode::too_large, "more than " + std::to_string(limits_.frames_max) + " blocks", {}};
    return fail(*error_);
  }
  const std::uint32_t length = frame_length(header);
  if (length == kAbsentLength) return kFrameHeaderBytes;
  if (length > limits_.block_bytes_max) {
    error_ = Error{ErrorCode::too_large,
                   "a block of " + std::to_string(length) + " bytes exceeds the limit of " +
                       std::to_string(limits_.block_bytes_max),
                   {}};
    return fail(*error_);
  }
  return frame_bytes(length);
}

bool FrameReader::carry_up_to(std::size_t size) {
  if (carry_.size() < size) {
    const std::size_t taken = std::min(size - carry_.size(), piece_.size());
    carry_.append(piece_.substr(0, taken));
    piece_.remove_prefix(taken);
  }
  return carry_.size() >= size;
}

Bytes print_hashes(std::span<const Hash> hashes) {
  Bytes body;
  body.reserve(hashes.size() * Hash::kSize);
  for (const Hash& hash : hashes) body.append(hash.bytes());
  return body;
}

Result<std::vector<Hash>> parse_hashes(ByteView body, std::size_t hashes_max) {
  if (body.size() % Hash::kSize != 0) {
    return fail(ErrorCode::malformed, "a list of hashes must be a multiple of 32 bytes long");
  }
  const std::size_t count = body.size() / Hash::kSize;
  if (count > hashes_max) {
    return fail(ErrorCode::too_large, std::to_string(count) + " hashes exceed the limit of " +
                                          std::to_string(hashes_max) + " per request");
  }
  std::vector<Hash> hashes;
  hashes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    hashes.push_back(*Hash::from_bytes(body.substr(i * Hash::kSize, Hash::kSize)));
  }
  return hashes;
}

Bytes print_presence(const std::vector<bool>& present) {
  Bytes body;
  body.reserve(present.size());
  for (const bool there : present) body.push_back(there ? '\1' : '\0');
  return body;
}

Result<std::vector<bool>> parse_presence(ByteView body, std::size_t count) {
  if (body.size() != count) {
    return fail(ErrorCode::malformed, "asked about " + std::to_string(count) + " blocks and got " +
                                          std::to_string(body.size()) + " answers");
  }
  std::vector<bool> present;
  present.reserve(count);
  for (const char c : body) {
    if (c != '\0' && c != '\1')
      return fail(ErrorCode::malformed, "an answer about a block is neither 0 nor 1");
    present.push_back(c == '\1');
  }
  return present;
}

}  // namespace dialog::wire
