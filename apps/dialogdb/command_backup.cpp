#include <memory>
#include <optional>

#include "commands.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "new_repository_folder.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct BackupVerbOptions {
  std::string from;
  std::string to;
  bool is_server = false;
};

// Runs a copy with its progress shown.
template <class Store>
Result<LogBackup> copy(const Program& program, Store& store, const std::string& folder) {
  const auto progress = program.progress("copying", true);
  LogBackupOptions options;
  options.context = program.context();
  options.on_progress = [&](std::uint64_t bytes) {
    progress->update(bytes);
    return true;
  };
  return store.back_up(folder, options);
}

Result<void> copy_key(const Location& from, const std::string& to) {
  DIALOG_ASSIGN(const bool has_key, is_there(from.key_file()));
  if (!has_key) return {};
  DIALOG_ASSIGN(const SecretKey key, read_key_file(from.key_file()));
  return write_key_file(to, key, Replace::yes);
}

Result<LogBackup> copy_repository(const Program& program, Workspace& workspace, const Location& to,
                                  bool may_be_there) {
  const Location& from = workspace.location();
  DIALOG_ASSIGN(const bool is_here, is_there(to.state_folder()));
  if (may_be_there && is_here) {
    DIALOG_ASSIGN(const LogBackup backup, copy(program, workspace.store(), to.database()));
    DIALOG_TRY(copy_key(from, to.key_file()));
    return backup;
  }
  DIALOG_ASSIGN(NewRepositoryFolder folder, NewRepositoryFolder::make(to));
  DIALOG_ASSIGN(const LogBackup backup, copy(program, workspace.store(), folder.database()));
  DIALOG_TRY(copy_key(from, folder.key_file()));
  DIALOG_TRY(folder.publish());
  return backup;
}

Result<LogBackup> copy_server(const Program& program, const std::string& from,
                              const std::string& to, bool may_be_there) {
  DIALOG_ASSIGN(const bool is_here, is_there(to));
  if (!may_be_there && is_here) {
    return fail(ErrorCode::already_exists, to + " is there already; restore to a new folder");
  }
  DIALOG_ASSIGN(const auto store, LogServerStore::open(from, store_options(StoreOpen::existing)));
  DIALOG_TRY(make_folders(to));
  return copy(program, *store, to);
}

Result<void> report(Program& program, const char* verb, const std::string& to,
                    const LogBackup& backup) {
  if (program.output().json()) {
    program.output().document(Json{{"verb", verb},
                                   {"to", to},
                                   {"bytes", backup.bytes},
                                   {"new_bytes", backup.new_bytes},
                                   {"damaged_places", backup.damaged_places}});
  } else {
    program.output().line("Copied " + readable_bytes(backup.new_bytes) + " to " + to +
                          ", which holds " + readable_bytes(backup.bytes));
  }
  if (backup.damaged_places == 0) return {};
  return fail(ErrorCode::corrupt,
              to + " is complete but for " +
                  counted(backup.damaged_places, "damaged place", "damaged places") +
                  ", which the original has, too. Run 'dialogdb verify' there");
}

Result<void> run_backup(Program& program, const BackupVerbOptions& options) {
  if (options.is_server) {
    const std::string to = program.resolve(options.to);
    DIALOG_ASSIGN(const LogBackup backup,
                  copy_server(program, program.resolve(options.from), to, true));
    return report(program, "backup", to, backup);
  }
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Location to, Location::in(program.resolve(options.to)));
  DIALOG_ASSIGN(const LogBackup backup, copy_repository(program, *workspace, to, true));
  return report(program, "backup", to.folder(), backup);
}

Result<void> run_restore(Program& program, const BackupVerbOptions& options) {
  const std::string from = program.resolve(options.from);
  if (options.is_server) {
    const std::string to = program.resolve(options.to);
    DIALOG_ASSIGN(const LogBackup backup, copy_server(program, from, to, false));
    return report(program, "restore", to, backup);
  }
  DIALOG_ASSIGN(const Location place, Location::at(from));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program, place));
  DIALOG_ASSIGN(const Location to, Location::in(program.resolve(options.to)));
  DIALOG_ASSIGN(const LogBackup backup, copy_repository(program, *workspace, to, false));
  return report(program, "restore", to.folder(), backup);
}

}  // namespace

void add_backup(Verb app, Program& program) {
  auto options = std::make_shared<BackupVerbOptions>();
  const Verb verb = app.verb(
      "backup",
      "Copy the repository, with its key, while others use it; again to the same place, only what "
      "is new",
      {"dialogdb backup /mnt/disk/notes", "dialogdb backup --server ./server /mnt/disk/server"});
  verb.option("to", options->to, "The copy; a repository of its own, or a server's folder")
      .required()
      .type("DIR");
  verb.option("--server", options->from, "Copy a server's folder instead, while it serves or not")
      .type("DIR");
  program.on(verb, [options](Program& running) {
    options->is_server = !options->from.empty();
    return run_backup(running, *options);
  });
}

void add_restore(Verb app, Program& program) {
  auto options = std::make_shared<BackupVerbOptions>();
  const Verb verb = app.verb("restore", "Make a repository from a backup",
                             {"dialogdb restore /mnt/disk/notes notes",
                              "dialogdb restore --server /mnt/disk/server ./server"});
  verb.option("from", options->from, "The backup").required().type("BACKUP");
  verb.option("to", options->to, "A new folder").required().type("DIR");
  verb.flag("--server", options->is_server, "They are folders of a server");
  program.on(verb, [options](Program& running) { return run_restore(running, *options); });
}

}  // namespace dialog::cli
