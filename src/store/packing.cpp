#include "packing.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <zstd.h>

#include "dialog/base/check.hpp"
#include "dialog/base/limits.hpp"

namespace dialog::store {
namespace {

constexpr int kLevel = 1;
constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";
// Below this few blocks of text become so much smaller, and each costs some microseconds.
constexpr std::size_t kPackedFrom = 256;
// What has to be saved of a payload: one part in so many.
constexpr std::size_t kSavedPart = 8;

// What the glance looks at: a few runs of bytes, from the whole block.
constexpr std::size_t kRuns = 8;
constexpr std::size_t kRunBytes = 16;
static_assert(kRuns * kRunBytes <= kPackedFrom && kRuns * kRunBytes <= 256);

struct Packer {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), ZSTD_freeCCtx};
  Bytes out;
};

// Whether two bytes of the block are equal at least twice as often as random ones are. Where they
// are not, a byte holds more than 7 bits by the collision entropy, and coding each byte by itself
// would not save an eighth.
bool looks_packable(ByteView block) {
  const std::size_t stride = (block.size() - kRunBytes) / (kRuns - 1);
  std::array<std::uint8_t, 256> seen{};
  std::size_t equal_pairs = 0;
  for (std::size_t i = 0; i < kRuns; ++i) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(block.data() + i * stride);
    for (std::size_t j = 0; j < kRunBytes; ++j) equal_pairs += seen[bytes[j]]++;
  }
  constexpr std::size_t kCount = kRuns * kRunBytes;
  return equal_pairs * 256 >= kCount * (kCount - 1);
}

}  // namespace

std::optional<Bytes> pack(ByteView block) {
  if (block.size() < kPackedFrom || !looks_packable(block)) return std::nullopt;
  thread_local Packer packer;
  DIALOG_CHECK(packer.context, "no memory");
  packer.out.resize(std::max(packer.out.size(), ZSTD_compressBound(block.size())));
  const std::size_t count =
      ZSTD_compressCCtx(packer.context.get(), packer.out.data(), packer.out.size(), block.data(),
                        block.size(), kLevel);
  if (ZSTD_isError(count) != 0) return std::nullopt;
  const std::size_t raw_payload = kBlockPrefixBytes + block.size();
  if (kPackedPrefixBytes + count > raw_payload - raw_payload / kSavedPart) return std::nullopt;
  return packer.out.substr(0, count);
}

std::optional<Bytes> unpack(const BlockPayload& block) {
  const std::size_t size = block.unpacked_bytes.value_or(0);
  const ByteView frame = block.bytes;
  // One frame of this kind and no other, with nothing behind it.
  if (size > kBlockBytesMax || !frame.starts_with(kMagic) ||
      ZSTD_getFrameContentSize(frame.data(), frame.size()) != size ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return std::nullopt;
  }
  thread_local std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(),
                                                                            ZSTD_freeDCtx};
  DIALOG_CHECK(context, "no memory");
  Bytes bytes(size, '\0');
  const std::size_t count =
      ZSTD_decompressDCtx(context.get(), bytes.data(), size, frame.data(), frame.size());
  if (count != size) return std::nullopt;
  return bytes;
}

}  // namespace dialog::store
