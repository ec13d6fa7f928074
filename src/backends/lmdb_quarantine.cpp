#include "lmdb_quarantine.hpp"

namespace dialog::lmdb {

Archive* Quarantine::spilled() const {
  const std::lock_guard lock(mutex_);
  return spill_.archive.get();
}

Result<Archive*> Quarantine::spill() {
  const std::lock_guard lock(mutex_);
  if (!spill_.archive) {
    DIALOG_ASSIGN(spill_.folder, ScratchFolder::make(folder_));
    DIALOG_ASSIGN(auto environment, Environment::open_scratch(spill_.folder->path(), options_));
    spill_.archive = std::make_unique<BlockArchive>(std::move(environment), Bytes(),
                                                    options_.buffered_bytes_max, *options_.clock);
  }
  return spill_.archive.get();
}

Result<std::vector<std::optional<Block>>> Quarantine::do_get(std::span<const Hash> hashes,
                                                             const Context& context) {
  DIALOG_ASSIGN(auto found, memory_.get(hashes, context));
  Archive* const disk = spilled();
  if (disk == nullptr) return found;
  std::vector<Hash> others;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (found[i]) continue;
    others.push_back(hashes[i]);
    places.push_back(i);
  }
  DIALOG_ASSIGN(auto on_disk, disk->get(others, context));
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move(on_disk[i]);
  return found;
}

Result<void> Quarantine::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_block_sizes(blocks));
  std::size_t in_memory = 0;
  std::size_t bytes = memory_.byte_count();
  while (in_memory < blocks.size() &&
         bytes + blocks[in_memory].size() <= options_.quarantine_bytes_max) {
    bytes += blocks[in_memory].size();
    ++in_memory;
  }
  DIALOG_TRY(memory_.put(blocks.first(in_memory), context));
  if (in_memory == blocks.size()) return {};
  DIALOG_ASSIGN(Archive* const disk, spill());
  return disk->put(blocks.subspan(in_memory), context);
}

Result<std::vector<bool>> Quarantine::do_has(std::span<const Hash> hashes, const Context& context) {
  DIALOG_ASSIGN(auto present, memory_.has(hashes, context));
  Archive* const disk = spilled();
  if (disk == nullptr) return present;
  DIALOG_ASSIGN(const auto on_disk, disk->has(hashes, context));
  for (std::size_t i = 0; i < present.size(); ++i) present[i] = present[i] || on_disk[i];
  return present;
}

Result<void> Quarantine::do_flush(const Context& context) {
  return check_context(context, *options_.clock);
}

}  // namespace dialog::lmdb
