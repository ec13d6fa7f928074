#pragma once

#include <cstdint>
#include <memory>
#include <string>

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
  /// Reads the whole database, pages first, then every head, swap and block: `corrupt` names the
  /// first thing that is damaged. Says nothing of the trees: a register takes any revision. Others
  /// may write meanwhile.
  Result<Checked> check();

 private:
  struct State;
  explicit LmdbServerStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
