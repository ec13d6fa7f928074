#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dialog/backends/log_backup.hpp"
#include "dialog/backends/log_options.hpp"
#include "dialog/remote/server_store.hpp"

namespace dialog {

/// A server's state in a folder: heads, their history and the blocks of all subjects in one log.
/// The same guarantees as `LogRepositoryStore`. Swaps and flushes that arrive together, of whatever
/// subjects, share one disk sync.
class LogServerStore final : public ServerStore {
 public:
  /// As `LogRepositoryStore::open`; `invalid_argument` for a repository.
  static Result<std::unique_ptr<LogServerStore>> open(const std::string& folder,
                                                      const LogOptions& options = {});
  ~LogServerStore() override;

  /// Remembers the latest `LogOptions::history_kept` swaps of each subject. The author of a swap
  /// may have at most 4096 bytes (`too_large`).
  Register& head_register() override;
  std::shared_ptr<Archive> archive_for(const Subject& subject) override;
  RevocationStore* revocations() override;
  [[nodiscard]] Result<void> check_writable() const override;
  [[nodiscard]] bool answers_at_once() const override { return true; }
  Result<bool> remove(const Subject& subject, const Context& context) override;
  Result<Usage> usage(const Subject& subject, const Context& context) override;
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override;
  Result<void> set_default_quota(const Quota& quota) override;
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context) override;
  Result<Quota> quota(const Subject& subject, const Context& context) override;

  /// Waits until the blocks of removed subjects are removed too, which otherwise happens in the
  /// background, also of those that were removed before this store was opened. The room that they
  /// take comes back when the log's segments are compacted, which runs by itself.
  Result<void> finish_removals(const Context& context = {});

  /// Reads the whole log and its index, then every head and swap, and tells of all that is damaged
  /// (`corrupt`). A block that is found damaged can be put again. Says nothing of the trees: a
  /// register takes any revision. Others may write meanwhile.
  Result<Checked> check(const std::function<void(Error fault)>& on_fault, const Context& context);

  /// As `LogRepositoryStore::back_up`.
  Result<LogBackup> back_up(const std::string& folder, const LogBackupOptions& options = {});

  /// As `LogRepositoryStore::check_records`.
  [[nodiscard]] Result<void> check_records();

  /// As `LogRepositoryStore::rebuild_index`.
  static Result<LogRebuilt> rebuild_index(const std::string& folder, LoseDamaged lose);

 private:
  struct State;
  explicit LogServerStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
