#include "dialog/sync/state.hpp"

#include <algorithm>

namespace dialog {

std::optional<std::uint64_t> RemoteTracking::last_sequence() const {
  const std::optional<std::uint64_t> of_fetched = fetched ? fetched->sequence : std::nullopt;
  // An absent optional is less than any number.
  return std::max(sequence, of_fetched);
}

}  // namespace dialog
