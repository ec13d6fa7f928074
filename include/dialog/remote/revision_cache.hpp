#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "dialog/remote/revision.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// What one backend object last saw of each subject; for implementations of `RevisionBackend`.
/// Thread-safe. A copy starts with the same content and goes its own way.
class RevisionCache {
 public:
  RevisionCache() = default;
  RevisionCache(const RevisionCache& other);
  RevisionCache& operator=(const RevisionCache& other);
  ~RevisionCache() = default;

  [[nodiscard]] std::optional<Revision> find(const Subject& subject) const;
  void store(const Subject& subject, const Revision& revision);
  /// For a subject that turns out to have no record.
  void forget(const Subject& subject);

 private:
  using Revisions = std::unordered_map<Subject, Revision>;
  [[nodiscard]] Revisions snapshot() const;

  mutable std::mutex mutex_;
  Revisions revisions_;
};

}  // namespace dialog
