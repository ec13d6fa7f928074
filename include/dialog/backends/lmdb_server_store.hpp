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
  RevocationStore* revocations() override;
  [[nodiscard]] Result<void> check_writable() const override;
  /// In one transaction, which takes some memory for each block that there is.
  Result<bool> remove(const Subject& subject, const Context& context) override;
  Result<Usage> usage(const Subject& subject, const Context& context) override;
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;
  Result<void> set_default_quota(const Quota& quota) override;
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context) override;
  Result<Quota> quota(const Subject& subject, const Context& context) override;
  /// Reads the whole database, pages first, then every head, swap, block and revocation: `corrupt`
  /// names the first thing that is damaged. Says nothing of the trees: a register takes any
  /// revision. Others may write meanwhile.
  Result<Checked> check();

 private:
  struct State;
  class SubjectArchive;
  explicit LmdbServerStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
