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
/// characters (U+0000 to U+001F, U+007F to U+009F) other than tab and line ends.
bool is_plain_text(ByteView bytes);

/// Text for a terminal, on lines of its own: what could steer the terminal, and what is no UTF-8,
/// becomes \xHH.
std::string without_controls(std::string_view text);

/// Foreign text within a message: in quotes, escaped, and cut where it is long.
std::string in_quotes(ByteView bytes);

}  // namespace dialog::cli
