#pragma once

#include <memory>
#include <string>

#include "dialog/backends/log_backup.hpp"
#include "dialog/backends/log_options.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog {

/// A repository in a folder: blocks and records in one append-only log, with an index beside it
/// (docs/format/store.md). Thread-safe, and safe between processes; what another process has
/// committed is seen by the next call. Not to be used in a child after `fork`: open it there anew.
/// Not for network file systems.
///
/// Whatever waits to become durable at the same time shares one sync of the log. One process writes
/// at a time, the others wait for it; readers never wait. Once a sync has failed, every write fails
/// with `storage_failed` until the store is opened anew.
class LogRepositoryStore final : public RepositoryStore {
 public:
  /// Opens or creates the store in `folder`. Several objects for one folder may be open in one
  /// process.
  ///
  /// `not_found`, `already_exists`: see `StoreOpen`. `malformed`: the folder holds something else;
  /// nothing in it was changed. `unsupported`: written by a newer version. `corrupt`: truncated or
  /// damaged; restore it, or clone the repository again. `invalid_argument`: a server's store.
  /// `busy`, `storage_full`, `storage_failed`.
  static Result<std::unique_ptr<LogRepositoryStore>> open(const std::string& folder,
                                                          const LogOptions& options = {});
  ~LogRepositoryStore() override;

  CollectableArchive& archive() override;
  HeadStore& heads() override;
  Result<std::unique_ptr<Archive>> make_quarantine() override;
  Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) override;
  /// Reads the whole log and its index. A block that is found damaged can be put again.
  Result<std::uint64_t> check(const StoreCheck& options) override;

  /// Copies what is durable now to another folder, which is a store like this one afterwards. Where
  /// it holds an earlier backup only what is new is copied; nobody may have it open meanwhile
  /// (`busy` where somebody writes to it). Others go on with this one. After an error a new folder
  /// is incomplete, and one with an earlier backup needs to be backed up to once more before it is
  /// used. `already_exists` where the folder holds anything else.
  Result<LogBackup> back_up(const std::string& folder, const LogBackupOptions& options = {});

  /// Reads every record. `corrupt` where one is damaged: `rebuild_index` may find it in the log.
  [[nodiscard]] Result<void> check_records();

  /// Makes the index anew from the log, where it is lost or damaged. Only while nobody has the
  /// store open (`busy` where somebody writes). `corrupt` where commits would be lost by it that
  /// are damaged in the log, unless that is allowed.
  static Result<LogRebuilt> rebuild_index(const std::string& folder, LoseDamaged lose);

 private:
  struct State;
  explicit LogRepositoryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
