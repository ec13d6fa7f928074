#pragma once

#include <cstdint>

#include "dialog/tree/node.hpp"

namespace dialog::detail {

enum class NodeEnd : std::uint8_t {
  proper,    ///< at the first entry where the rule ends a node
  open,      ///< before any such entry: only the last node of a level may
  too_late,  ///< after such an entry
};

/// Where a node ends, compared with where the rule says.
NodeEnd find_end(const Node& node);

}  // namespace dialog::detail
