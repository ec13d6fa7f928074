#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"

namespace dialog::cli {

/// How keys and values, which may hold any bytes, are written as text.
enum class ByteFormat {
  text,     ///< the bytes themselves
  hex,      ///< two digits per byte
  base64,   ///< RFC 4648, with padding
  escaped,  ///< text in which \\ \n \r \t and \xHH stand for what a line cannot show
};

inline constexpr std::array<std::string_view, 4> kByteFormatNames{"text", "hex", "base64",
                                                                  "escaped"};

/// Absent for a name that is none of `kByteFormatNames`.
std::optional<ByteFormat> byte_format_named(std::string_view name);

/// `malformed` says what was expected. `decode(f, encode(f, bytes))` gives `bytes` for every
/// format.
Result<Bytes> decode(ByteFormat format, std::string_view text);
std::string encode(ByteFormat format, ByteView bytes);

/// True where the bytes can stand in a JSON string and be read by a person: UTF-8 without control
/// characters other than tab and line ends.
bool is_plain_text(ByteView bytes);

}  // namespace dialog::cli
