#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "commands.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "dialog/identity/did.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct VerifyOptionsOfVerb {
  bool quick = false;
  std::string server;
};

// What to do about a fault.
std::string advice(const RepositoryFault& fault) {
  if (fault.error.code == ErrorCode::missing_blocks) {
    return "pull from a remote that has it, or restore a backup";
  }
  return "keep a copy of the repository, then clone it again or restore a backup";
}

Result<void> check_key(const Workspace& workspace, VerifyRepositoryReport& report) {
  const std::string path = workspace.location().key_file();
  DIALOG_ASSIGN(const bool has_key, is_there(path));
  if (!has_key) return {};
  const auto key = read_key_file(path);
  if (key) return {};
  if (key.error().code == ErrorCode::storage_failed) return fail(key.error());
  ++report.fault_count;
  report.faults.push_back({"file " + path, key.error()});
  return {};
}

// What a folder of a repository may hold.
struct OwnNames {
  std::string folder;
  std::set<std::string> names;
  std::string prefix;  ///< of what is there for a moment
};

// Files that are none of ours are no fault, but whoever put them there should know.
void note_foreign_files(Output& output, const OwnNames& own) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (fs::directory_iterator at(own.folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (own.names.contains(name) || name.starts_with(own.prefix)) continue;
    output.warn(at->path().string() + " is not part of the repository, and is left alone");
  }
}

Json fault_document(const RepositoryFault& fault) {
  return Json{{"where", fault.where},
              {"code", error_row(fault.error.code).name},
              {"message", fault.error.message},
              {"advice", advice(fault)}};
}

Json fault_documents(const VerifyRepositoryReport& report) {
  Json faults = Json::array();
  for (const RepositoryFault& fault : report.faults) faults.push_back(fault_document(fault));
  return faults;
}

void print_faults(Output& output, const VerifyRepositoryReport& report) {
  for (const RepositoryFault& fault : report.faults) {
    output.line(fault.where + ": " + fault.error.message + "\n  " + advice(fault));
  }
}

std::string verdict(const VerifyRepositoryReport& report) {
  if (report.sound()) return "everything is sound";
  return counted(report.fault_count, "fault", "faults");
}

void print_report(Output& output, const VerifyRepositoryReport& report) {
  if (output.json()) {
    output.document(Json{{"sound", report.sound()},
                         {"roots", report.roots},
                         {"blocks", report.blocks},
                         {"absent", report.absent},
                         {"fault_count", report.fault_count},
                         {"faults", fault_documents(report)}});
    return;
  }
  print_faults(output, report);
  output.line(counted(report.roots, "tree", "trees") + ", " +
              counted(report.blocks, "block", "blocks") + " looked at; " + verdict(report));
}

void print_report(Output& output, const ServerStore::Checked& checked,
                  const VerifyRepositoryReport& report) {
  if (output.json()) {
    output.document(Json{{"sound", report.sound()},
                         {"subjects", checked.subjects},
                         {"swaps", checked.swaps},
                         {"blocks", checked.blocks},
                         {"bytes", checked.bytes},
                         {"fault_count", report.fault_count},
                         {"faults", fault_documents(report)}});
    return;
  }
  print_faults(output, report);
  output.line(counted(checked.subjects, "subject", "subjects") + ", " +
              counted(checked.swaps, "swap", "swaps") + ", " +
              counted(checked.blocks, "block", "blocks") + " of " + readable_bytes(checked.bytes) +
              " looked at; " + verdict(report));
}

Result<void> verify_server(Program& program, const std::string& folder) {
  DIALOG_ASSIGN(const auto store,
                LogServerStore::open(program.resolve(folder), store_options(StoreOpen::existing)));
  VerifyRepositoryReport report;
  const std::size_t faults_max = VerifyRepositoryOptions{}.faults_max;
  DIALOG_ASSIGN(const ServerStore::Checked checked,
                store->check(
                    [&](Error error) {
                      if (++report.fault_count > faults_max) return;
                      report.faults.push_back({"server " + folder, std::move(error)});
                    },
                    program.context()));
  print_report(program.output(), checked, report);
  if (report.sound()) return {};
  return fail(ErrorCode::corrupt, "the server's folder " + folder + " is damaged");
}

Result<void> run_verify(Program& program, const VerifyOptionsOfVerb& options) {
  if (!options.server.empty()) return verify_server(program, options.server);
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  const Location& location = workspace->location();
  note_foreign_files(program.output(), {location.state_folder(), {"db", "key"}, "import-"});
  note_foreign_files(program.output(),
                     {location.database(), {"index", "control", "lease", "scratch"}, "log-"});
  VerifyRepositoryReport report;
  {
    const auto progress = program.progress("verifying blocks");
    VerifyRepositoryOptions verify;
    verify.blocks = !options.quick;
    verify.context = program.context();
    verify.on_progress = [&](std::uint64_t blocks) {
      progress->update(blocks);
      return true;
    };
    DIALOG_ASSIGN(report, workspace->repository().verify(verify));
  }
  DIALOG_TRY(check_key(*workspace, report));
  print_report(program.output(), report);
  if (report.sound()) return {};
  return fail(ErrorCode::corrupt, "the repository " + location.folder() + " has " +
                                      counted(report.fault_count, "fault", "faults"));
}

Result<void> run_gc(Program& program, bool dry_run) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  CollectOptions options;
  options.dry_run = dry_run;
  options.context = program.context();
  auto report = workspace->repository().collect_garbage(options);
  if (!report && report.error().code == ErrorCode::busy) {
    return fail(ErrorCode::busy,
                "another process is writing to this repository; nothing was "
                "removed. Try again when it is done");
  }
  if (!report) return fail(std::move(report).error());
  if (program.output().json()) {
    program.output().document(Json{{"dry_run", dry_run},
                                   {"forgotten_moves", report->forgotten_moves},
                                   {"kept_blocks", report->kept_blocks},
                                   {"removed_blocks", report->removed_blocks},
                                   {"removed_bytes", report->removed_bytes},
                                   {"reclaimed_bytes", report->reclaimed_bytes}});
  } else {
    if (report->forgotten_moves > 0) {
      program.output().line(std::string(dry_run ? "Would forget " : "Forgot ") +
                            counted(report->forgotten_moves, "move", "moves"));
    }
    program.output().line(std::string(dry_run ? "Would remove " : "Removed ") +
                          counted(report->removed_blocks, "block", "blocks") + " of " +
                          readable_bytes(report->removed_bytes) + "; " +
                          counted(report->kept_blocks, "block is", "blocks are") + " in use");
  }
  return {};
}

}  // namespace

void add_verify(Verb app, Program& program) {
  auto options = std::make_shared<VerifyOptionsOfVerb>();
  const Verb verb =
      app.verb("verify", "Check every record, tree and block of the repository",
               {"dialogdb verify", "dialogdb verify --quick --json",
                "dialogdb verify --server ./server   # what 'serve --data ./server' keeps"});
  const Option quick = verb.flag("--quick", options->quick, "Only the trees that branches need");
  verb.option("--server", options->server,
              "Check a server's folder instead, while it serves or not")
      .type("DIR")
      .excludes(quick);
  program.on(verb, [options](Program& running) { return run_verify(running, *options); });
}

void add_gc(Verb app, Program& program) {
  auto dry_run = std::make_shared<bool>(false);
  const Verb verb =
      app.verb("gc", "Remove blocks that no branch, kept move or remote's state needs any more",
               {"dialogdb gc --dry-run", "dialogdb gc"});
  verb.flag("--dry-run", *dry_run, "Only count");
  program.on(verb, [dry_run](Program& running) { return run_gc(running, *dry_run); });
}

}  // namespace dialog::cli
