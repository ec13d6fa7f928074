#include "dialog/identity/base58.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace dialog {
namespace {

constexpr std::string_view kDigits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<std::uint8_t>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kDigitValues = digit_values();

// A number to a base that fits a machine word, least significant digit first, without leading
// zeros.
using Number = std::vector<std::uint32_t>;

// number = number * factor + summand
void multiply_add(Number& number, std::uint64_t base, std::uint32_t factor, std::uint32_t summand) {
  std::uint64_t carry = summand;
  for (std::uint32_t& digit : number) {
    carry += std::uint64_t{digit} * factor;
    digit = static_cast<std::uint32_t>(carry % base);
    carry /= base;
  }
  if (carry != 0) number.push_back(static_cast<std::uint32_t>(carry));
}

constexpr std::uint64_t kWord = std::uint64_t{1} << 32U;
// 58^5 is the greatest power of 58 below 2^32.
constexpr std::uint64_t kFiveDigits = 58ULL * 58 * 58 * 58 * 58;

std::size_t leading(std::string_view text, char zero) {
  return std::min(text.find_first_not_of(zero), text.size());
}

}  // namespace

std::string to_base58(ByteView bytes) {
  const std::size_t zeros = leading(bytes, '\0');
  Number number;
  for (const char c : bytes.substr(zeros)) {
    multiply_add(number, kFiveDigits, 256, static_cast<std::uint8_t>(c));
  }

  std::string reversed;
  for (std::uint32_t group : number) {
    for (int i = 0; i < 5; ++i, group /= 58) reversed.push_back(kDigits[group % 58]);
  }
  while (!reversed.empty() && reversed.back() == kDigits[0]) reversed.pop_back();
  reversed.append(zeros, kDigits[0]);
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

std::optional<Bytes> from_base58(std::string_view text) {
  const std::size_t zeros = leading(text, kDigits[0]);
  Number number;
  for (const char c : text.substr(zeros)) {
    const std::uint8_t value = kDigitValues[static_cast<std::uint8_t>(c)];
    if (value == kNoDigit) return std::nullopt;
    multiply_add(number, kWord, 58, value);
  }

  Bytes reversed;
  for (std::uint32_t word : number) {
    for (int i = 0; i < 4; ++i, word >>= 8U) reversed.push_back(static_cast<char>(word & 0xffU));
  }
  while (!reversed.empty() && reversed.back() == '\0') reversed.pop_back();
  reversed.append(zeros, '\0');
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

}  // namespace dialog
