#pragma once

#include <cstddef>
#include <string_view>

#include "dialog/base/result.hpp"

namespace dialog {

inline constexpr std::size_t kNameBytesMax = 200;

/// A name of a branch or a remote: 1 to `kNameBytesMax` bytes of UTF-8 without control characters,
/// spaces, `:`, `@`,
/// `~`, `^` and `\`, which neither begins nor ends with `/`, has no `//` in it, does not begin with
/// `-`, and is not 64 hex digits. `invalid_argument` says which of these it breaks.
Result<void> check_name(std::string_view name);

}  // namespace dialog
