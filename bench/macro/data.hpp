#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialog::bench {

/// Fixed-size records from one seeded stream, so that every contender of a run stores the same
/// bytes.
class Records {
 public:
  static constexpr std::size_t kKeyBytes = 16;
  static constexpr std::size_t kValueBytes = 64;

  Records(std::size_t count, std::uint64_t seed);

  [[nodiscard]] std::size_t size() const { return bytes_.size() / kRecordBytes; }
  [[nodiscard]] std::string_view key(std::size_t index) const {
    return {bytes_.data() + index * kRecordBytes, kKeyBytes};
  }
  [[nodiscard]] std::string_view value(std::size_t index) const {
    return {bytes_.data() + index * kRecordBytes + kKeyBytes, kValueBytes};
  }
  /// The same records in the order of their keys, as a stream of them would come.
  [[nodiscard]] Records in_order() const;
  /// Their indexes in that order.
  [[nodiscard]] std::vector<std::uint32_t> sorted() const;

 private:
  explicit Records(std::string bytes) : bytes_(std::move(bytes)) {}
  static constexpr std::size_t kRecordBytes = kKeyBytes + kValueBytes;
  std::string bytes_;
};

/// `count` distinct indexes below `bound`, in random order.
std::vector<std::uint32_t> distinct_indexes(std::size_t bound, std::size_t count,
                                            std::uint64_t seed);

/// Fresh values of `Records::kValueBytes` each.
std::vector<std::string> fresh_values(std::size_t count, std::uint64_t seed);

}  // namespace dialog::bench
