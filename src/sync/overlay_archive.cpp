#include "overlay_archive.hpp"

#include <cstddef>
#include <utility>

namespace dialog {

Result<std::vector<std::optional<Block>>> OverlayArchive::do_get(std::span<const Hash> hashes,
                                                                 const Context& context) {
  DIALOG_ASSIGN(auto found, upper_.get(hashes, context));
  std::vector<Hash> rest;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (found[i]) continue;
    rest.push_back(hashes[i]);
    places.push_back(i);
  }
  if (rest.empty()) return found;
  DIALOG_ASSIGN(auto below, lower_.get(rest, context));
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move(below[i]);
  return found;
}

Result<void> OverlayArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(upper_.put(blocks, context));
  const std::lock_guard lock(mutex_);
  for (const Block& block : blocks) written_.push_back(block.hash());
  return {};
}

Result<std::vector<bool>> OverlayArchive::do_has(std::span<const Hash> hashes,
                                                 const Context& context) {
  DIALOG_ASSIGN(auto found, upper_.has(hashes, context));
  DIALOG_ASSIGN(auto below, lower_.has(hashes, context));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (below[i]) found[i] = true;
  }
  return found;
}

// What is below was not written through here.
Result<void> OverlayArchive::do_flush(const Context& context) { return upper_.flush(context); }

}  // namespace dialog
