#include "dialog/tree/format.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dialog/tree/node.hpp"
#include "layout.hpp"

namespace dialog {
namespace {

// Beyond the minimum, the chance that a node ends within the next byte grows with the distance x
// from the minimum: rate(x) = 2 pi x / T^2, which makes the mean size of a node T. Over an entry
// that spans from x0 to x1 that adds up to pi (x1^2 - x0^2) / T^2. The hash of the key, as a
// fraction of 2^64, is compared with that.
constexpr std::uint64_t kPiTimesTwoTo60 = 3'622'009'729'038'561'421;
static_assert(kTreeFormat.node_bytes_target == 4096, "the shift below is 2 * log2(T) - 4");
constexpr std::uint64_t kRate = kPiTimesTwoTo60 >> 20;  // floor(pi 2^64 / T^2)
constexpr std::uint64_t kSpanCertain = UINT64_MAX / kRate;

// One child cannot end an inner node, so that every inner node but the last of its level has two,
// and each level has at most about half as many nodes as the one below.
static_assert(detail::kHeaderBytes + 2 + 2 + kKeyBytesMax + Hash::kSize + 10 + 10 <
              kTreeFormat.cut_bytes_min());
static_assert(kNodeBytesMax <= kBlockBytesMax);
static_assert(kNodeBytesMax < 0x10000, "offsets within a node have 16 bits");

}  // namespace

bool ends_node(std::uint8_t level, ByteView key, std::size_t before, std::size_t after) {
  constexpr std::uint64_t kMin = kTreeFormat.cut_bytes_min();
  if (after < kMin) return false;
  if (after >= kTreeFormat.cut_bytes_max()) return true;
  const std::uint64_t from = before > kMin ? before - kMin : 0;
  const std::uint64_t to = after - kMin;
  const std::uint64_t span = to * to - from * from;
  if (span > kSpanCertain) return true;
  return XXH3_64bits_withSeed(key.data(), key.size(), level) < span * kRate;
}

}  // namespace dialog
