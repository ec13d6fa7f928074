#include "data.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <unordered_set>

#include "dialog/base/random.hpp"

namespace dialog::bench {
namespace {

void fill(SeededRandom& random, char* out, std::size_t size) {
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(out + at, &word, std::min(size - at, sizeof word));
  }
}

}  // namespace

Records::Records(std::size_t count, std::uint64_t seed) : bytes_(count * kRecordBytes, '\0') {
  SeededRandom random(seed);
  fill(random, bytes_.data(), bytes_.size());
}

std::vector<std::uint32_t> Records::sorted() const {
  std::vector<std::uint32_t> order(size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  return order;
}

Records Records::in_order() const {
  std::string bytes;
  bytes.reserve(bytes_.size());
  for (const std::uint32_t index : sorted())
    bytes.append(bytes_, index * kRecordBytes, kRecordBytes);
  return Records(std::move(bytes));
}

std::vector<std::uint32_t> distinct_indexes(std::size_t bound, std::size_t count,
                                            std::uint64_t seed) {
  SeededRandom random(seed);
  std::unordered_set<std::uint32_t> seen;
  std::vector<std::uint32_t> out;
  out.reserve(count);
  while (out.size() < count) {
    const auto index = static_cast<std::uint32_t>(random.below(bound));
    if (seen.insert(index).second) out.push_back(index);
  }
  return out;
}

std::vector<std::string> fresh_values(std::size_t count, std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<std::string> out(count, std::string(Records::kValueBytes, '\0'));
  for (std::string& value : out) fill(random, value.data(), value.size());
  return out;
}

}  // namespace dialog::bench
