#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// The archives of all subjects, in a place that a server may share with others. Thread-safe.
class SharedArchives {
 public:
  SharedArchives() = default;
  SharedArchives(const SharedArchives&) = delete;
  SharedArchives& operator=(const SharedArchives&) = delete;
  virtual ~SharedArchives() = default;

  /// As `ServerStore::archive_for`.
  [[nodiscard]] virtual std::shared_ptr<Archive> archive_for(const Subject& subject) = 0;

  /// Whether anything is kept of a subject.
  [[nodiscard]] virtual Result<bool> any(const Subject& subject, const Context& context) = 0;
  /// Removes all that is kept of a subject when it is called. After an error a part may be gone.
  [[nodiscard]] virtual Result<void> remove(const Subject& subject, const Context& context) = 0;

  /// As `ServerStore::usage`.
  [[nodiscard]] virtual Result<Usage> usage(const Subject& subject, const Context& context) = 0;

  struct Listed {
    Hash id;          ///< `Subject::id`
    std::string did;  ///< empty where it is not on record
    Usage usage;
    std::optional<Quota> quota;  ///< its own, where it has one
  };
  struct Page {
    std::vector<Listed> entries;
    bool complete = true;  ///< false: there may be more behind the last entry
  };
  /// The subjects of which anything is kept, in the order of their ids, at most `limit` (at least
  /// 1), those behind `after` where that is given. A page without entries is complete.
  [[nodiscard]] virtual Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                                          const Context& context) = 0;

  /// As those of `ServerStore`. As they stand here there are no quotas.
  [[nodiscard]] virtual Result<void> set_default_quota(const Quota& quota);
  [[nodiscard]] virtual Result<void> set_quota(const Subject& subject,
                                               const std::optional<Quota>& quota,
                                               const Context& context);
  [[nodiscard]] virtual Result<Quota> quota(const Subject& subject, const Context& context);
};

}  // namespace dialog
