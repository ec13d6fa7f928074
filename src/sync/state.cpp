#include "dialog/sync/state.hpp"

namespace dialog {

std::optional<Head> RemoteTracking::newest_head() const {
  std::optional<Head> newest;
  for (const std::optional<Head>& head : {std::optional(Head{origin, sequence}), fetched, shown}) {
    if (!head || !head->sequence) continue;
    if (!newest || *head->sequence > *newest->sequence) newest = head;
  }
  return newest;
}

}  // namespace dialog
