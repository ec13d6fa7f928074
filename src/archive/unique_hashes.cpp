#include "dialog/archive/unique_hashes.hpp"

#include <unordered_map>

namespace dialog {

UniqueHashes::UniqueHashes(std::span<const Hash> given) {
  std::unordered_map<Hash, std::size_t> known;
  positions.reserve(given.size());
  for (const Hash& hash : given) {
    const auto [entry, added] = known.try_emplace(hash, hashes.size());
    if (added) hashes.push_back(hash);
    positions.push_back(entry->second);
  }
}

}  // namespace dialog
