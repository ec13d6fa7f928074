#pragma once

#include <cstdint>
#include <string>

#include "dialog/replica/repository.hpp"
#include "output.hpp"

namespace dialog::cli {

/// How many keys differ between two revisions, by kind.
struct DiffCounts {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
};

Result<DiffCounts> count_changes(const Repository& repository, const Revision& before,
                                 const Revision& after, const Context& context);
Json to_json(const DiffCounts& counts);
std::string to_text(const DiffCounts& counts);

}  // namespace dialog::cli
