#include "dialog/archive/memory_archive.hpp"

namespace dialog {

std::size_t MemoryArchive::block_count() const {
  const std::lock_guard lock(mutex_);
  return blocks_.size();
}

std::size_t MemoryArchive::byte_count() const {
  const std::lock_guard lock(mutex_);
  return byte_count_;
}

Result<std::vector<std::optional<Block>>> MemoryArchive::do_get(std::span<const Hash> hashes,
                                                                const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  std::vector<std::optional<Block>> found;
  found.reserve(hashes.size());
  const std::lock_guard lock(mutex_);
  for (const Hash& hash : hashes) {
    const auto at = blocks_.find(hash);
    if (at == blocks_.end()) {
      found.emplace_back();
    } else {
      found.emplace_back(at->second);
    }
  }
  return found;
}

Result<void> MemoryArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_TRY(check_block_sizes(blocks));
  const std::lock_guard lock(mutex_);
  for (const Block& block : blocks) {
    if (blocks_.try_emplace(block.hash(), block).second) byte_count_ += block.size();
  }
  return {};
}

Result<std::vector<bool>> MemoryArchive::do_has(std::span<const Hash> hashes,
                                                const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  std::vector<bool> present;
  present.reserve(hashes.size());
  const std::lock_guard lock(mutex_);
  for (const Hash& hash : hashes) present.push_back(blocks_.contains(hash));
  return present;
}

Result<void> MemoryArchive::do_flush(const Context& context) {
  return check_context(context, clock_);
}

Result<void> MemoryArchive::for_each(const std::function<bool(const Hash&, ByteView)>& visit) {
  // Copies share the bytes, and a visitor may call this archive.
  std::vector<Block> snapshot;
  {
    const std::lock_guard lock(mutex_);
    snapshot.reserve(blocks_.size());
    for (const auto& [hash, block] : blocks_) snapshot.push_back(block);
  }
  for (const Block& block : snapshot) {
    if (!visit(block.hash(), block.bytes())) break;
  }
  return {};
}

Result<void> MemoryArchive::remove(std::span<const Hash> hashes) {
  const std::lock_guard lock(mutex_);
  for (const Hash& hash : hashes) {
    const auto at = blocks_.find(hash);
    if (at == blocks_.end()) continue;
    byte_count_ -= at->second.size();
    blocks_.erase(at);
  }
  return {};
}

}  // namespace dialog
