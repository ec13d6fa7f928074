#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dialog/base/bytes.hpp"

namespace dialog::detail {

// Unsigned integers in groups of seven bits, the lowest first; the top bit of a byte says that more
// follow.

inline std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

inline void put_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

/// Takes a varint off the front of `in`; absent where it is cut short, too long, or not the
/// shortest form.
inline std::optional<std::uint64_t> take_varint(ByteView& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(in[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      if (byte == 0 && i > 0) return std::nullopt;
      in.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

/// The same from bytes that were checked before.
inline std::uint64_t take_checked_varint(const char*& at) {
  auto byte = static_cast<std::uint8_t>(*at++);
  if (byte < 0x80) return byte;
  std::uint64_t value = byte & 0x7fU;
  for (unsigned shift = 7;; shift += 7) {
    byte = static_cast<std::uint8_t>(*at++);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
}

inline std::size_t get_u16(const char* at) {
  return static_cast<std::size_t>(static_cast<std::uint8_t>(at[0])) |
         static_cast<std::size_t>(static_cast<std::uint8_t>(at[1])) << 8;
}

inline void put_u16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<char>(value & 0xff));
  out.push_back(static_cast<char>(value >> 8 & 0xff));
}

}  // namespace dialog::detail
