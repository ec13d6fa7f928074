#include "dialog/backends/log_server_store.hpp"

#include <utility>

#include "log_backup.hpp"
#include "log_folder.hpp"
#include "log_list.hpp"
#include "log_register.hpp"
#include "log_removals.hpp"
#include "log_revocations.hpp"
#include "log_subjects.hpp"

namespace dialog {

struct LogServerStore::State {
  State(std::unique_ptr<LogFolder> opened, const LogOptions& options)
      : folder(std::move(opened)),
        heads(folder->engine(), options.history_kept, folder->clock()),
        subjects(folder->engine()),
        removals(folder->engine(), subjects),
        revocations(folder->engine(), folder->clock()) {}
  [[nodiscard]] store::Engine& engine() const { return folder->engine(); }
  const std::unique_ptr<LogFolder> folder;
  LogRegister heads;
  LogSubjects subjects;
  LogRemovals removals;
  LogRevocations revocations;
};

LogServerStore::LogServerStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogServerStore::~LogServerStore() = default;

Result<std::unique_ptr<LogServerStore>> LogServerStore::open(const std::string& folder,
                                                             const LogOptions& options) {
  DIALOG_ASSIGN(auto opened, LogFolder::open(folder, lmdb::Purpose::server_index, options));
  auto state = std::make_unique<State>(std::move(opened), options);
  DIALOG_TRY(state->removals.begin());
  return std::unique_ptr<LogServerStore>(new LogServerStore(std::move(state)));
}

Register& LogServerStore::head_register() { return state_->heads; }
RevocationStore* LogServerStore::revocations() { return &state_->revocations; }

std::shared_ptr<Archive> LogServerStore::archive_for(const Subject& subject) {
  return std::make_shared<LogSubjectArchive>(state_->folder->engine(), state_->subjects, subject,
                                             state_->folder->clock());
}

Result<bool> LogServerStore::remove(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, state_->folder->clock()));
  return state_->removals.remove(subject, context);
}

Result<void> LogServerStore::finish_removals(const Context& context) {
  return state_->removals.finish(context);
}

Result<Usage> LogServerStore::usage(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, state_->folder->clock()));
  DIALOG_ASSIGN(const auto space, state_->subjects.find(subject.id()));
  if (!space) return Usage{};
  DIALOG_ASSIGN(const store::SpaceUse use, state_->engine().use_of(*space));
  return Usage{use.blocks, use.bytes};
}

Result<ServerStore::Page> LogServerStore::list(const std::optional<Hash>& after, std::size_t limit,
                                               const Context& context) {
  DIALOG_TRY(check_context(context, state_->folder->clock()));
  return list_subjects(state_->engine(), after, limit);
}

Result<void> LogServerStore::set_default_quota(const Quota& quota) {
  state_->subjects.set_default_quota(quota);
  return {};
}

Result<void> LogServerStore::set_quota(const Subject& subject, const std::optional<Quota>& quota,
                                       const Context& context) {
  DIALOG_TRY(check_context(context, state_->folder->clock()));
  return state_->subjects.set_quota(subject, quota, context);
}

Result<Quota> LogServerStore::quota(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, state_->folder->clock()));
  return state_->subjects.quota(subject.id());
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
