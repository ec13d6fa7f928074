#include "dialog/remote/revision_cache.hpp"

#include <utility>

namespace dialog {

RevisionCache::RevisionCache(const RevisionCache& other) : revisions_(other.snapshot()) {}

RevisionCache& RevisionCache::operator=(const RevisionCache& other) {
  if (this == &other) return *this;
  Revisions revisions = other.snapshot();
  const std::lock_guard lock(mutex_);
  revisions_ = std::move(revisions);
  return *this;
}

std::optional<Revision> RevisionCache::find(const Subject& subject) const {
  const std::lock_guard lock(mutex_);
  const auto found = revisions_.find(subject);
  return found == revisions_.end() ? std::nullopt : std::optional<Revision>(found->second);
}

void RevisionCache::store(const Subject& subject, const Revision& revision) {
  const std::lock_guard lock(mutex_);
  revisions_.insert_or_assign(subject, revision);
}

void RevisionCache::forget(const Subject& subject) {
  const std::lock_guard lock(mutex_);
  revisions_.erase(subject);
}

RevisionCache::Revisions RevisionCache::snapshot() const {
  const std::lock_guard lock(mutex_);
  return revisions_;
}

}  // namespace dialog
