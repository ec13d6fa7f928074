#include "frame.hpp"

#include <array>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // of what the processor has, the widest
#else
#define XXH_INLINE_ALL
#include <xxhash.h>
#endif

namespace dialog::store {
namespace {

constexpr std::string_view kSegmentMagic = "dialoglg";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kRemoved = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kChecksumBytes = sizeof(std::uint64_t);

template <class Number>
void set_number(char* at, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    at[i] = static_cast<char>(number >> (8 * i) & 0xffU);
  }
}

template <class Number>
void append_number(Bytes& out, Number number) {
  std::array<char, sizeof number> bytes{};
  set_number(bytes.data(), number);
  out.append(bytes.data(), bytes.size());
}

template <class Number>
Number number_at(ByteView bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number |= static_cast<Number>(static_cast<Number>(static_cast<std::uint8_t>(bytes[at + i]))
                                  << (8 * i));
  }
  return number;
}

bool is_kind(std::uint8_t kind) { return kind >= 1 && kind <= 4; }

}  // namespace

std::uint64_t checksum_of(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::size_t frame_bytes(std::size_t payload_bytes) {
  const std::size_t whole = kFrameHeaderBytes + payload_bytes;
  return (whole + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

void append_frame(Bytes& out, FrameHeader& header, Payload payload) {
  header.length = static_cast<std::uint32_t>(payload.size());
  const std::size_t start = out.size();
  std::array<char, kFrameHeaderBytes> head{};
  set_number(head.data() + 8, header.previous);
  set_number(head.data() + 16, header.sequence);
  set_number(head.data() + 24, header.durable);
  set_number(head.data() + 32, header.length);
  set_number(head.data() + 36, static_cast<std::uint32_t>(header.kind));
  out.append(head.data(), head.size());
  out.append(payload.first);
  out.append(payload.second);
  header.checksum = checksum_of(ByteView(out).substr(start + kChecksumBytes));
  set_number(out.data() + start, header.checksum);
  out.append(start + frame_bytes(payload.size()) - out.size(), '\0');
}

std::optional<FrameHeader> parse_frame_header(ByteView bytes) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const auto kind = number_at<std::uint32_t>(bytes, 36);
  if (kind > 0xff || !is_kind(static_cast<std::uint8_t>(kind))) return std::nullopt;
  FrameHeader header;
  header.checksum = number_at<std::uint64_t>(bytes, 0);
  header.previous = number_at<std::uint64_t>(bytes, 8);
  header.sequence = number_at<std::uint64_t>(bytes, 16);
  header.durable = number_at<std::uint64_t>(bytes, 24);
  header.length = number_at<std::uint32_t>(bytes, 32);
  header.kind = static_cast<FrameKind>(kind);
  if (header.sequence == 0 || header.durable >= header.sequence) return std::nullopt;
  return header;
}

bool is_sound_frame(const FrameHeader& header, ByteView bytes) {
  const std::size_t covered = kFrameHeaderBytes - kChecksumBytes + header.length;
  return bytes.size() >= kChecksumBytes + covered &&
         checksum_of(bytes.substr(kChecksumBytes, covered)) == header.checksum;
}

Bytes print_segment_header(const SegmentHeader& header) {
  Bytes out(kSegmentMagic);
  append_number(out, kVersion);
  append_number(out, header.segment);
  append_number(out, header.before.end.segment);
  append_number(out, header.before.end.offset);
  append_number(out, header.before.sequence);
  append_number(out, header.before.checksum);
  out.append(kSegmentHeaderBytes - kChecksumBytes - out.size(), '\0');
  append_number(out, checksum_of(out));
  return out;
}

std::optional<SegmentHeader> parse_segment_header(ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic)) return std::nullopt;
  constexpr std::size_t kCovered = kSegmentHeaderBytes - kChecksumBytes;
  if (number_at<std::uint64_t>(bytes, kCovered) != checksum_of(bytes.substr(0, kCovered))) {
    return std::nullopt;
  }
  if (number_at<std::uint32_t>(bytes, 8) != kVersion) return std::nullopt;
  SegmentHeader header;
  header.segment = number_at<std::uint32_t>(bytes, 12);
  header.before.end.segment = number_at<std::uint32_t>(bytes, 16);
  header.before.end.offset = number_at<std::uint32_t>(bytes, 20);
  header.before.sequence = number_at<std::uint64_t>(bytes, 24);
  header.before.checksum = number_at<std::uint64_t>(bytes, 32);
  return header;
}

void append_block_prefix(Bytes& out, const BlockKey& key,
                         std::optional<std::uint32_t> unpacked_bytes) {
  append_number(out, key.space);
  out.append(key.hash.bytes());
  if (unpacked_bytes) append_number(out, *unpacked_bytes);
}

std::optional<BlockPayload> parse_block(FrameKind kind, ByteView payload) {
  const bool is_packed = kind == FrameKind::packed_block;
  const std::size_t prefix = is_packed ? kPackedPrefixBytes : kBlockPrefixBytes;
  if (payload.size() < prefix) return std::nullopt;
  BlockPayload block;
  block.key.space = number_at<Space>(payload, 0);
  block.key.hash = *Hash::from_bytes(payload.substr(sizeof(Space), Hash::kSize));
  if (is_packed) block.unpacked_bytes = number_at<std::uint32_t>(payload, kBlockPrefixBytes);
  block.bytes = payload.substr(prefix);
  return block;
}

void append_record(Bytes& out, const RecordWrite& write) {
  append_number(out, static_cast<std::uint32_t>(write.key.size()));
  append_number(out, write.value ? static_cast<std::uint32_t>(write.value->size()) : kRemoved);
  out.append(write.key);
  if (write.value) out.append(*write.value);
}

std::optional<RecordWrite> take_record(ByteView& payload) {
  constexpr std::size_t kLengths = 2 * sizeof(std::uint32_t);
  if (payload.size() < kLengths) return std::nullopt;
  const auto key_bytes = number_at<std::uint32_t>(payload, 0);
  const auto value_bytes = number_at<std::uint32_t>(payload, sizeof key_bytes);
  payload.remove_prefix(kLengths);
  if (payload.size() < key_bytes) return std::nullopt;
  RecordWrite write{payload.substr(0, key_bytes), std::nullopt};
  payload.remove_prefix(key_bytes);
  if (value_bytes == kRemoved) return write;
  if (payload.size() < value_bytes) return std::nullopt;
  write.value = payload.substr(0, value_bytes);
  payload.remove_prefix(value_bytes);
  return write;
}

void append_removal(Bytes& out, Space space, const Hash* hashes, std::size_t count) {
  append_number(out, space);
  for (std::size_t i = 0; i < count; ++i) out.append(hashes[i].bytes());
}

std::optional<RemovalPayload> parse_removal(ByteView payload) {
  if (payload.size() < sizeof(Space) || (payload.size() - sizeof(Space)) % Hash::kSize != 0) {
    return std::nullopt;
  }
  return RemovalPayload{number_at<Space>(payload, 0), payload.substr(sizeof(Space))};
}

}  // namespace dialog::store
