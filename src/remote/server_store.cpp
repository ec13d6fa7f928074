#include "dialog/remote/server_store.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/remote/memory_backend.hpp"

namespace dialog {

struct MemoryServerStore::State {
  MemoryRegister head_register;
  MemoryRevocationStore revocations;
  mutable std::mutex mutex;
  std::unordered_map<Hash, std::shared_ptr<MemoryArchive>> archives;
  std::size_t prune_at = 1024;
};

MemoryServerStore::MemoryServerStore() : state_(std::make_unique<State>()) {}
MemoryServerStore::~MemoryServerStore() = default;

Register& MemoryServerStore::head_register() { return state_->head_register; }
RevocationStore* MemoryServerStore::revocations() { return &state_->revocations; }

std::shared_ptr<Archive> MemoryServerStore::archive_for(const Subject& subject) {
  const std::lock_guard lock(state_->mutex);
  auto& archive = state_->archives[subject.id()];
  if (archive) return archive;
  archive = std::make_shared<MemoryArchive>();
  const std::shared_ptr<Archive> made = archive;
  // Reading an unknown subject makes an empty archive; those that nobody holds go again, or
  // requests for invented subjects would fill the memory.
  if (state_->archives.size() >= state_->prune_at) {
    std::erase_if(state_->archives, [](const auto& entry) {
      return entry.second.use_count() == 1 && entry.second->block_count() == 0;
    });
    state_->prune_at = std::max<std::size_t>(1024, 2 * state_->archives.size());
  }
  return made;
}

std::size_t MemoryServerStore::subject_count() const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<std::size_t>(
      std::count_if(state_->archives.begin(), state_->archives.end(),
                    [](const auto& entry) { return entry.second->block_count() > 0; }));
}

}  // namespace dialog
