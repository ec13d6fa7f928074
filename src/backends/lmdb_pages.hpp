#pragma once

#include <cstdint>
#include <string>

#include "dialog/base/result.hpp"

namespace dialog::lmdb {

enum class PageScope : std::uint8_t {
  tables,  ///< the few pages that say where the tables are
  all,
};

/// Reads the pages of the state that transaction `snapshot` left, from the file and not through the
/// map: a page that is missing or damaged is an answer (`corrupt`) and not a crash. Checks that
/// each lies within the file, is what its parent takes it for, keeps its nodes inside and its keys
/// in order, and is used once. A reader must hold the snapshot. `busy` where that state is no
/// longer on record.
Result<void> check_pages(int file, const std::string& name, std::uint64_t snapshot,
                         PageScope scope);

}  // namespace dialog::lmdb
