#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dialog {

/// Owned bytes. Any value may occur, NUL included.
using Bytes = std::string;

/// Borrowed bytes. Compares as unsigned bytes from the left, which is the order of keys in a tree.
using ByteView = std::string_view;

/// Lowercase hex digits, two per byte.
std::string to_hex(ByteView bytes);
/// Appends the same.
void append_hex(std::string& out, ByteView bytes);

/// Accepts upper and lower case. Absent where the length is odd or a character is no hex digit.
std::optional<Bytes> from_hex(std::string_view text);

/// Standard alphabet (RFC 4648, section 4) with padding.
std::string to_base64(ByteView bytes);

/// Strict: padded, canonical, no white space. Absent for anything else.
std::optional<Bytes> from_base64(std::string_view text);

/// True where `bytes` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(ByteView bytes);

}  // namespace dialog
