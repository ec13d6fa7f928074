#include "dialog/backends/log_server_store.hpp"

#include <utility>

#include "log_backup.hpp"
#include "log_folder.hpp"
#include "log_register.hpp"
#include "log_revocations.hpp"
#include "log_subjects.hpp"

namespace dialog {

struct LogServerStore::State {
  State(std::unique_ptr<LogFolder> opened, const LogOptions& options)
      : folder(std::move(opened)),
        heads(folder->engine(), options.history_kept, folder->clock()),
        subjects(folder->engine()),
        revocations(folder->engine(), folder->clock()) {}
  const std::unique_ptr<LogFolder> folder;
  LogRegister heads;
  LogSubjects subjects;
  LogRevocations revocations;
};

LogServerStore::LogServerStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogServerStore::~LogServerStore() = default;

Result<std::unique_ptr<LogServerStore>> LogServerStore::open(const std::string& folder,
                                                             const LogOptions& options) {
  DIALOG_ASSIGN(auto opened, LogFolder::open(folder, lmdb::Purpose::server_index, options));
  auto state = std::make_unique<State>(std::move(opened), options);
  return std::unique_ptr<LogServerStore>(new LogServerStore(std::move(state)));
}

Register& LogServerStore::head_register() { return state_->heads; }
RevocationStore* LogServerStore::revocations() { return &state_->revocations; }

std::shared_ptr<Archive> LogServerStore::archive_for(const Subject& subject) {
  return std::make_shared<LogSubjectArchive>(state_->folder->engine(), state_->subjects,
                                             subject.id(), state_->folder->clock());
}

Result<void> LogServerStore::check_writable() const {
  return state_->folder->engine().check_writable();
}

Result<LogBackup> LogServerStore::back_up(const std::string& folder,
                                          const LogBackupOptions& options) {
  return dialog::back_up(*state_->folder, folder, lmdb::Purpose::server_index, options);
}

Result<void> LogServerStore::check_records() { return state_->folder->engine().check_records(); }

Result<LogRebuilt> LogServerStore::rebuild_index(const std::string& folder, LoseDamaged lose) {
  return dialog::rebuild_index(folder, lmdb::Purpose::server_index, lose);
}

Result<ServerStore::Checked> LogServerStore::check(const std::function<void(Error fault)>& on_fault,
                                                   const Context& context) {
  store::Engine::CheckOptions options;
  options.on_fault = [&](const std::optional<store::BlockKey>&, Error error) {
    on_fault(std::move(error));
  };
  options.context = context;
  DIALOG_ASSIGN(const auto stored, state_->folder->engine().check(options));
  DIALOG_ASSIGN(Checked checked, state_->heads.check(on_fault));
  checked.blocks = stored.blocks;
  checked.bytes = stored.block_bytes;
  return checked;
}

}  // namespace dialog
