#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialog/base/bytes.hpp"

namespace dialog {

/// Base58 in Bitcoin's alphabet, as multibase's `z` means it. Takes time that grows with the square
/// of the size: bound what comes from outside.
std::string to_base58(ByteView bytes);

/// Each text stands for different bytes, so that what decodes is canonical. Absent where a
/// character is not in the alphabet.
std::optional<Bytes> from_base58(std::string_view text);

}  // namespace dialog
