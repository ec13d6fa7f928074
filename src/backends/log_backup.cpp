#include "log_backup.hpp"

#include <filesystem>
#include <utility>

#include "dialog/backends/native_disk.hpp"
#include "folder.hpp"

namespace dialog {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNewIndex = "/index.new";

Result<void> remove_all(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return fail(system_failure(error.value(), "remove " + path));
  return {};
}

// Makes an index of the log in a folder, beside the one that may be there.
Result<store::Engine::Rebuilt> make_index(const std::string& folder, lmdb::Purpose purpose,
                                          Clock& clock) {
  DIALOG_TRY(remove_all(folder + kNewIndex));
  LmdbOptions options;
  options.open = StoreOpen::create;
  DIALOG_ASSIGN(auto environment, lmdb::Environment::open(folder + kNewIndex, purpose, options));
  lmdb::LogIndex index(std::move(environment));
  DIALOG_ASSIGN(const auto coordinator, NativeCoordinator::open(folder + LogFolder::kControlName));
  return store::Engine::rebuild({native_disk(), folder, index, *coordinator, clock});
}

Result<void> replace_index(const std::string& folder) {
  const std::string name = folder + LogFolder::kIndexName;
  DIALOG_TRY(remove_all(name));
  DIALOG_TRY(native_disk().rename(folder + kNewIndex, name));
  return sync_folder(folder);
}

}  // namespace

Result<LogBackup> back_up(LogFolder& from, const std::string& folder, lmdb::Purpose purpose,
                          const LogBackupOptions& options) {
  DIALOG_TRY(make_folder(folder));
  std::error_code ignored;
  if (fs::equivalent(folder, from.path(), ignored)) {
    return fail(ErrorCode::invalid_argument,
                folder + " is the store itself, and no place for a copy of it");
  }
  DIALOG_TRY(LogFolder::check_names(folder));
  DIALOG_ASSIGN(const FileLock lock,
                FileLock::take(folder + LogFolder::kLeaseName, FileLock::Kind::exclusive));
  DIALOG_ASSIGN(const auto copied,
                from.engine().copy_log(folder, {options.on_progress, options.context}));
  LogBackup backup;
  backup.bytes = copied.bytes;
  backup.new_bytes = copied.new_bytes;
  DIALOG_ASSIGN(const auto rebuilt, make_index(folder, purpose, from.clock()));
  backup.damaged_places = rebuilt.damaged_blocks + rebuilt.damaged_places;
  DIALOG_TRY(replace_index(folder));
  return backup;
}

Result<LogRebuilt> rebuild_index(const std::string& folder, lmdb::Purpose purpose,
                                 LoseDamaged lose) {
  DIALOG_ASSIGN(const FileLock lock,
                FileLock::take(folder + LogFolder::kLeaseName, FileLock::Kind::exclusive));
  DIALOG_ASSIGN(const auto rebuilt, make_index(folder, purpose, system_clock()));
  if (rebuilt.log_bytes == 0) {
    static_cast<void>(remove_all(folder + kNewIndex));
    return fail(ErrorCode::not_found, "there is no log in " + folder);
  }
  if (rebuilt.damaged_places > 0 && lose == LoseDamaged::no) {
    static_cast<void>(remove_all(folder + kNewIndex));
    return fail(ErrorCode::corrupt, "the log in " + folder + " is damaged in " +
                                        std::to_string(rebuilt.damaged_places) +
                                        " places that may have held commits; nothing was changed");
  }
  DIALOG_TRY(replace_index(folder));
  return LogRebuilt{rebuilt.log_bytes, rebuilt.damaged_blocks, rebuilt.damaged_places};
}

}  // namespace dialog
