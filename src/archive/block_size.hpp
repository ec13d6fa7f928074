#pragma once

#include <cstddef>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

/// `too_large` above `kBlockBytesMax`.
Result<void> check_block_size(const Hash& hash, std::size_t size);

}  // namespace dialog
