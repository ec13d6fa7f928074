#pragma once

#include <memory>
#include <string>

#include "dialog/backends/lmdb_options.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog {

/// A repository in a folder: blocks and records in one LMDB database. Thread-safe, and safe between
/// processes; what another process has written is seen by the next call. Not to be used in a child
/// after `fork`: open it there anew. Not for network file systems.
///
/// `commit` and `flush` cost one disk sync, which calls that wait at the same time share. They wait
/// for the writers before them in all processes, `flush` for as long as its context allows. Readers
/// never wait for writers. Once a sync has failed, every write fails with `storage_failed` until
/// the store is opened anew: what the disk holds is then unknown, and only a fresh look tells.
class LmdbRepositoryStore final : public RepositoryStore {
 public:
  /// Opens or creates the store in `folder`, whose name outlives every write that is acknowledged
  /// later. Several objects for one folder may be open in one process: they share one database
  /// handle.
  ///
  /// `not_found`, `already_exists`: see `StoreOpen`. `malformed`: the folder holds something else;
  /// nothing in it was changed. `unsupported`: written by a newer version. `corrupt`: truncated or
  /// damaged; restore it, or clone the repository again. `invalid_argument`: a server's store.
  /// `busy`, `storage_full`, `storage_failed`.
  static Result<std::unique_ptr<LmdbRepositoryStore>> open(const std::string& folder,
                                                           const LmdbOptions& options = {});
  ~LmdbRepositoryStore() override;

  CollectableArchive& archive() override;
  HeadStore& heads() override;
  Result<std::unique_ptr<Archive>> make_quarantine() override;
  Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) override;
  /// Reads every page of the database first; where one is damaged, that is all that it tells.
  Result<std::uint64_t> check(const StoreCheck& options) override;

 private:
  struct State;
  explicit LmdbRepositoryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog
