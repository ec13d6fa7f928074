#include "dialog/base/bytes.hpp"

#include <algorithm>
#include <array>

namespace dialog {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::uint8_t to_octet(char c) { return static_cast<std::uint8_t>(c); }

constexpr std::array<std::uint8_t, 256> values_of(std::string_view digits) {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[to_octet(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> hex_values() {
  auto values = values_of(kHexDigits);
  for (std::uint8_t i = 10; i < 16; ++i) values[static_cast<std::size_t>('A' + i - 10)] = i;
  return values;
}

constexpr auto kHexValues = hex_values();
constexpr auto kBase64Values = values_of(kBase64Digits);

char base64_digit(std::uint32_t bits) { return kBase64Digits[bits & 63U]; }

// The bytes that follow the first of a well-formed sequence, and the range its second byte must be
// in: the narrowed ranges are what excludes overlong forms, surrogates and values above U+10FFFF.
struct Utf8Lead {
  std::size_t followers;
  std::uint8_t second_min;
  std::uint8_t second_max;
};

std::optional<Utf8Lead> utf8_lead(std::uint8_t octet) {
  if (octet < 0x80) return Utf8Lead{0, 0, 0};
  if (octet >= 0xc2 && octet <= 0xdf) return Utf8Lead{1, 0x80, 0xbf};
  if (octet == 0xe0) return Utf8Lead{2, 0xa0, 0xbf};
  if (octet == 0xed) return Utf8Lead{2, 0x80, 0x9f};
  if (octet >= 0xe1 && octet <= 0xef) return Utf8Lead{2, 0x80, 0xbf};
  if (octet == 0xf0) return Utf8Lead{3, 0x90, 0xbf};
  if (octet >= 0xf1 && octet <= 0xf3) return Utf8Lead{3, 0x80, 0xbf};
  if (octet == 0xf4) return Utf8Lead{3, 0x80, 0x8f};
  return std::nullopt;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text;
  append_hex(text, bytes);
  return text;
}

void append_hex(std::string& out, ByteView bytes) {
  const std::size_t before = out.size();
  out.resize(before + bytes.size() * 2);
  char* digit = out.data() + before;
  for (const char c : bytes) {
    *digit++ = kHexDigits[to_octet(c) >> 4U];
    *digit++ = kHexDigits[to_octet(c) & 15U];
  }
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = kHexValues[to_octet(text[i])];
    const std::uint8_t low = kHexValues[to_octet(text[i + 1])];
    if (high == kNoDigit || low == kNoDigit) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4U | low));
  }
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (j < count ? to_octet(bytes[i + j]) : 0U);
    }
    text.push_back(base64_digit(group >> 18U));
    text.push_back(base64_digit(group >> 12U));
    text.push_back(count > 1 ? base64_digit(group >> 6U) : '=');
    text.push_back(count > 2 ? base64_digit(group) : '=');
  }
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::string_view digits = text.substr(0, text.size() - padding);

  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const char c : digits) {
    const std::uint8_t value = kBase64Values[to_octet(c)];
    if (value == kNoDigit) return std::nullopt;
    pending = pending << 6U | value;
    pending_bits += 6;
    if (pending_bits >= 8) {
      pending_bits -= 8;
      bytes.push_back(static_cast<char>(pending >> pending_bits & 0xffU));
    }
  }
  // Bits that no byte uses must be zero: two texts must never stand for the same bytes.
  if ((pending & ((1U << pending_bits) - 1U)) != 0) return std::nullopt;
  return bytes;
}

bool is_utf8(ByteView bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const auto lead = utf8_lead(to_octet(bytes[i]));
    if (!lead || bytes.size() - i <= lead->followers) return false;
    for (std::size_t j = 1; j <= lead->followers; ++j) {
      const std::uint8_t octet = to_octet(bytes[i + j]);
      const std::uint8_t min = j == 1 ? lead->second_min : std::uint8_t{0x80};
      const std::uint8_t max = j == 1 ? lead->second_max : std::uint8_t{0xbf};
      if (octet < min || octet > max) return false;
    }
    i += 1 + lead->followers;
  }
  return true;
}

}  // namespace dialog
