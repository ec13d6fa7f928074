#include "dialog/backends/log_repository_store.hpp"

#include <utility>

#include "lease.hpp"
#include "lmdb_quarantine.hpp"
#include "log_archive.hpp"
#include "log_backup.hpp"
#include "log_folder.hpp"
#include "log_head_store.hpp"

namespace dialog {

struct LogRepositoryStore::State {
  State(std::unique_ptr<LogFolder> opened, const LogOptions& chosen)
      : options(chosen),
        folder(std::move(opened)),
        archive(folder->engine(), 0, folder->clock()),
        heads(folder->engine()) {}
  const LogOptions options;
  const std::unique_ptr<LogFolder> folder;
  LogArchive archive;
  LogHeadStore heads;
};

LogRepositoryStore::LogRepositoryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogRepositoryStore::~LogRepositoryStore() = default;

Result<std::unique_ptr<LogRepositoryStore>> LogRepositoryStore::open(const std::string& folder,
                                                                     const LogOptions& options) {
  DIALOG_ASSIGN(auto opened, LogFolder::open(folder, lmdb::Purpose::repository_index, options));
  auto state = std::make_unique<State>(std::move(opened), options);
  return std::unique_ptr<LogRepositoryStore>(new LogRepositoryStore(std::move(state)));
}

CollectableArchive& LogRepositoryStore::archive() { return state_->archive; }
HeadStore& LogRepositoryStore::heads() { return state_->heads; }

Result<std::unique_ptr<Archive>> LogRepositoryStore::make_quarantine() {
  LmdbOptions options;
  options.quarantine_bytes_max = state_->options.quarantine_bytes_max;
  options.clock = state_->options.clock;
  return std::make_unique<lmdb::Quarantine>(state_->folder->path(), options);
}

Result<std::unique_ptr<StoreLease>> LogRepositoryStore::lease(LeaseKind kind) {
  return take_lease(state_->folder->path() + LogFolder::kLeaseName, kind);
}

Result<LogBackup> LogRepositoryStore::back_up(const std::string& folder,
                                              const LogBackupOptions& options) {
  return dialog::back_up(*state_->folder, folder, lmdb::Purpose::repository_index, options);
}

Result<void> LogRepositoryStore::check_records() {
  return state_->folder->engine().check_records();
}

Result<LogRebuilt> LogRepositoryStore::rebuild_index(const std::string& folder, LoseDamaged lose) {
  return dialog::rebuild_index(folder, lmdb::Purpose::repository_index, lose);
}

Result<std::uint64_t> LogRepositoryStore::check(const StoreCheck& options) {
  store::Engine::CheckOptions check;
  check.on_fault = [&](const std::optional<store::BlockKey>& block, Error error) {
    options.on_fault({block ? std::optional(block->hash) : std::nullopt, std::move(error)});
  };
  check.on_progress = options.on_progress;
  check.context = options.context;
  DIALOG_ASSIGN(const auto checked, state_->folder->engine().check(check));
  return checked.blocks;
}

}  // namespace dialog
