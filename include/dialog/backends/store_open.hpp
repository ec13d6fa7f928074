#pragma once

#include <cstdint>

namespace dialog {

/// Whether the store must be there already.
enum class StoreOpen : std::uint8_t {
  existing,  ///< `not_found` where there is none
  create,    ///< `already_exists` where there is one, or the folder holds anything else
  ensure,    ///< opens what is there, or creates it
};

}  // namespace dialog
