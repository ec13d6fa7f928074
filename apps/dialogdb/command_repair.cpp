#include <memory>
#include <optional>

#include "commands.hpp"
#include "dialog/archive/memory_archive.hpp"
#include "dialog/backends/log_server_store.hpp"
#include "link.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct RepairOptions {
  std::string remote;
  std::string server;
  bool lose_damaged = false;
};

LoseDamaged lose(const RepairOptions& options) {
  return options.lose_damaged ? LoseDamaged::yes : LoseDamaged::no;
}

Error with_way_out(Error error) {
  if (error.code == ErrorCode::corrupt) {
    error.message +=
        ". Restore a backup or clone again; or keep a copy of the folder and give up what is "
        "damaged with --lose-damaged";
  }
  return error;
}

// Opens a store; where that fails for damage, makes its index anew first.
template <class Store>
Result<std::optional<LogRebuilt>> make_openable(const std::string& folder,
                                                const RepairOptions& options) {
  std::optional<LogRebuilt> rebuilt;
  Result<void> sound;
  {
    auto store = Store::open(folder, store_options(LogOpen::existing));
    if (!store) sound = fail(std::move(store).error());
  }
  if (sound) return rebuilt;
  const ErrorCode code = sound.error().code;
  if (code != ErrorCode::corrupt && code != ErrorCode::not_found && code != ErrorCode::malformed) {
    return fail(sound.error());
  }
  auto made = Store::rebuild_index(folder, lose(options));
  if (!made) return fail(with_way_out(std::move(made).error()));
  rebuilt = *made;
  return rebuilt;
}

// The remote to get blocks from: the one that was named, the upstream, or the only one.
Result<std::optional<Remote>> find_remote(const Workspace& workspace, const std::string& named) {
  const Repository& repository = workspace.repository();
  if (!named.empty()) {
    DIALOG_ASSIGN(Remote remote, repository.remote(named));
    return remote;
  }
  DIALOG_ASSIGN(const std::string name, repository.default_branch());
  DIALOG_ASSIGN(const Branch branch, repository.branch(name));
  DIALOG_ASSIGN(const std::vector<Remote> remotes, repository.remotes());
  for (const Remote& remote : remotes) {
    if (branch.upstream ? remote.name == *branch.upstream : remotes.size() == 1) return remote;
  }
  return std::optional<Remote>();
}

Result<MendReport> mend(const Program& program, Workspace& workspace,
                        const std::optional<Remote>& remote) {
  MemoryArchive nothing;
  std::unique_ptr<Link> link;
  if (remote) {
    DIALOG_ASSIGN(link, Link::open(program, *remote));
  }
  const auto progress = program.progress("looking at blocks");
  MendOptions options;
  options.context = program.context();
  options.on_progress = [&](std::uint64_t blocks) {
    progress->update(blocks);
    return true;
  };
  return workspace.repository().mend(link ? link->blocks() : nothing, options);
}

void print(Output& output, const std::optional<LogRebuilt>& rebuilt) {
  if (!rebuilt) return;
  output.line("Made the index anew from " + readable_bytes(rebuilt->bytes) + " of the log" +
              (rebuilt->damaged_places > 0
                   ? "; commits may have been lost in " +
                         counted(rebuilt->damaged_places, "damaged place", "damaged places")
                   : ""));
}

Json rebuilt_document(const std::optional<LogRebuilt>& rebuilt) {
  if (!rebuilt) return nullptr;
  return Json{{"bytes", rebuilt->bytes},
              {"damaged_blocks", rebuilt->damaged_blocks},
              {"damaged_places", rebuilt->damaged_places}};
}

void print(Output& output, const std::optional<LogRebuilt>& rebuilt, const MendReport& report,
           const std::optional<Remote>& remote) {
  if (output.json()) {
    output.document(Json{{"index", rebuilt_document(rebuilt)},
                         {"remote", remote ? Json(remote->name) : Json(nullptr)},
                         {"mended_blocks", report.mended_blocks},
                         {"mended_bytes", report.mended_bytes},
                         {"fault_count", report.rest.fault_count}});
    return;
  }
  print(output, rebuilt);
  if (report.mended_blocks > 0) {
    output.line("Got " + counted(report.mended_blocks, "block", "blocks") + " of " +
                readable_bytes(report.mended_bytes) + " from " + remote->name);
  }
  output.line(report.rest.sound()
                  ? "Everything is sound"
                  : counted(report.rest.fault_count, "fault is", "faults are") + " left");
}

Result<void> run_repair_server(Program& program, const RepairOptions& options) {
  const std::string folder = program.resolve(options.server);
  DIALOG_ASSIGN(const auto rebuilt, make_openable<LogServerStore>(folder, options));
  if (program.output().json()) {
    program.output().document(Json{{"index", rebuilt_document(rebuilt)}});
  } else if (rebuilt) {
    print(program.output(), rebuilt);
  } else {
    program.output().line("The index is sound; see 'dialogdb verify --server " + options.server +
                          "' for the rest");
  }
  return {};
}

Result<void> run_repair(Program& program, const RepairOptions& options) {
  if (!options.server.empty()) return run_repair_server(program, options);
  DIALOG_ASSIGN(const Location location, program.find_repository());
  DIALOG_ASSIGN(const auto rebuilt,
                make_openable<LogRepositoryStore>(location.database(), options));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program, location));
  DIALOG_ASSIGN(const auto remote, find_remote(*workspace, options.remote));
  DIALOG_ASSIGN(const MendReport report, mend(program, *workspace, remote));
  print(program.output(), rebuilt, report, remote);
  if (report.rest.sound()) return {};
  return fail(ErrorCode::corrupt,
              counted(report.rest.fault_count, "fault is", "faults are") + " left in " +
                  location.folder() + (remote ? "" : ", and no remote is known that could help") +
                  ". See 'dialogdb verify'; what no branch needs goes with 'dialogdb gc'");
}

}  // namespace

void add_repair(CLI::App& app, Program& program) {
  auto options = std::make_shared<RepairOptions>();
  CLI::App* const verb = program.verb(
      app, "repair",
      "Make a lost or damaged index anew, and get damaged and missing blocks from a remote",
      {"dialogdb repair", "dialogdb repair backup", "dialogdb repair --server ./server"});
  CLI::Option* const remote = verb->add_option(
      "remote", options->remote, "Where to get blocks from; by default the branch's upstream");
  remote->type_name("REMOTE");
  verb->add_option("--server", options->server, "A server's folder, while it does not serve")
      ->type_name("DIR")
      ->excludes(remote);
  verb->add_flag("--lose-damaged", options->lose_damaged,
                 "Give up commits that are damaged where nothing else has them");
  program.on(verb, [options](Program& running) { return run_repair(running, *options); });
}

}  // namespace dialog::cli
