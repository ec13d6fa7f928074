#pragma once

#include <string>
#include <string_view>

#include "dialog/base/result.hpp"

namespace dialog::lmdb {

/// What a code of LMDB or of the operating system means to a caller. `attempt` completes "cannot
/// ...".
Error failure(int code, std::string_view attempt, const std::string& folder);

/// True for the codes that say that the disk, the quota or the map has no room left.
bool is_full(int code);

}  // namespace dialog::lmdb
