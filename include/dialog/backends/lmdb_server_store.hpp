#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "dialog/backends/lmdb_options.hpp"
#include "dialog/remote/server_store.hpp"

namespace dialog {

/// A server's state in a folder: heads, their history and the blocks of all subjects in one LMDB
/// database. The same guarantees as `LmdbRepositoryStore`. Swaps and flushes that arrive together
/// share one disk sync.
class LmdbServerStore final : public ServerStore {
 public:
  /// As `LmdbRepositoryStore::open`; `invalid_argument` for a repository.
  static Result<std::unique_ptr<LmdbServerStore>> open(const std::string& folder,
                                                       const LmdbOptions& options = {});
  ~LmdbServerStore() override;

  /// Remembers the latest `LmdbOptions::history_kept` swaps of each subject. The author of a swap
  /// may have at most 4096 bytes (`too_large`).
  Register& head_register() override;

  std::shared_ptr<Archive> archive_for(const Subject& subject) override;
  [[nodiscard]] Result<void> check_writable() const override;
  /// The same archive with what garbage collection needs.
  std::shared_ptr<CollectableArchive> collectable_archive_for(const Subject& subject);

  struct Published {
    Subject subject;
    HeadRecord head;
  };
  /// The subjects that have a head, in the order of their ids, beyond `after` (zeros: from the
  /// start).
  Result<std::vector<Published>> published(const Hash& after, std::size_t limit);

  /// As `LmdbRepositoryStore::check`.
  Result<void> check();

 private:
  struct State;
  explicit LmdbServerStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
