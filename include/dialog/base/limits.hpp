#pragma once

#include <cstddef>

namespace dialog {

/// Bounds that every replica and server shares; a peer that exceeds one is refused.
inline constexpr std::size_t kKeyBytesMax = 1024;
inline constexpr std::size_t kBlockBytesMax = std::size_t{256} * 1024;
inline constexpr std::size_t kValueBytesMax = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t kSubjectBytesMax = 2048;

}  // namespace dialog
