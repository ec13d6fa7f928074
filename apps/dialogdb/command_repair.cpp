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

// Opens a store; where that, or reading its records, fails for damage, makes its index anew first.
template <class Store>
Result<std::optional<LogRebuilt>> make_openable(const std::string& folder,
                                                const RepairOptions& options) {
  std::optional<LogRebuilt> rebuilt;
  Result<void> sound;
  {
    auto store = Store::open(folder, store_options(StoreOpen::existing));
    sound = store ? (*store)->check_records() : fail(std::move(store).error());
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

Result<std::optional<Remote>> find_remote(const Repository& repository, const std::string& named) {
  if (named.empty()) return default_remote(repository);
  DIALOG_ASSIGN(Remote remote, repository.remote(named));
  return remote;
}

Result<MendReport> mend(const Program& program, Workspace& workspace,
                        const std::optional<Remote>& remote, bool loses_damaged) {
  MemoryArchive nothing;
  std::unique_ptr<Link> link;
  if (remote) {
    DIALOG_ASSIGN(link, Link::open(program, *remote));
  }
  const auto progress = program.progress("looking at blocks");
  MendOptions options;
  options.lose_damaged = loses_damaged;
  options.note.what = "repair --lose-damaged";
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

Json branch_document(const IncompleteBranch& branch) {
  Json lost = Json::array();
  for (const ReflogEntry& commit : branch.lost) {
    const bool is_known = !commit.what.empty();
    lost.push_back(Json{{"version", commit.sequence},
                        {"time", is_known ? Json(readable_time(commit.time)) : Json(nullptr)},
                        {"what", is_known ? Json(commit.what) : Json(nullptr)},
                        {"who", is_known ? Json(commit.who) : Json(nullptr)}});
  }
  const auto& revision = branch.given_up_to;
  return Json{{"branch", branch.branch},
              {"whole_version", branch.whole_version},
              {"revision", revision ? Json(revision->hex()) : Json(nullptr)},
              {"lost", std::move(lost)}};
}

void print(Output& output, const IncompleteBranch& branch) {
  const std::string version = "version " + std::to_string(branch.whole_version);
  output.line(branch.given_up_to
                  ? "Branch " + branch.branch + " is back at " + version + "; given up:"
                  : "Branch " + branch.branch + " is whole up to " + version +
                        " only; what comes after it would be lost:");
  for (const ReflogEntry& commit : branch.lost) {
    std::string line = "  version " + std::to_string(commit.sequence);
    if (!commit.what.empty()) line += "  " + readable_time(commit.time) + "  " + commit.what;
    if (!commit.who.empty()) line += "  " + commit.who;
    output.line(line);
  }
}

void print(Output& output, const std::optional<LogRebuilt>& rebuilt, const MendReport& report,
           const std::optional<Remote>& remote) {
  if (output.json()) {
    Json branches = Json::array();
    for (const auto& branch : report.incomplete_branches)
      branches.push_back(branch_document(branch));
    output.document(Json{{"index", rebuilt_document(rebuilt)},
                         {"incomplete_branches", std::move(branches)},
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
  for (const IncompleteBranch& branch : report.incomplete_branches) print(output, branch);
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

Error left_over(const MendReport& report, const std::optional<Remote>& remote,
                const Location& location, bool loses_damaged) {
  std::string message =
      counted(report.rest.fault_count, "fault is", "faults are") + " left in " + location.folder();
  if (!remote) message += ", and no remote is known that could help";
  message += ". See 'dialogdb verify'; what no branch needs goes with 'dialogdb gc'";
  for (const IncompleteBranch& branch : report.incomplete_branches) {
    if (branch.given_up_to) continue;
    message += ". Branch " + branch.branch + " cannot be read: restore a backup or clone again";
    message += loses_damaged
                   ? ". Its version " + std::to_string(branch.whole_version) +
                         " cannot be built as long as blocks of its tree are damaged or missing"
                   : "; or keep a copy of the folder and give up what comes after version " +
                         std::to_string(branch.whole_version) + " with --lose-damaged";
  }
  return {ErrorCode::corrupt, std::move(message), {}};
}

Result<void> run_repair(Program& program, const RepairOptions& options) {
  if (!options.server.empty()) return run_repair_server(program, options);
  DIALOG_ASSIGN(const Location location, program.find_repository());
  DIALOG_ASSIGN(const auto rebuilt,
                make_openable<LogRepositoryStore>(location.database(), options));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program, location));
  DIALOG_ASSIGN(const auto remote, find_remote(workspace->repository(), options.remote));
  DIALOG_ASSIGN(const MendReport report, mend(program, *workspace, remote, options.lose_damaged));
  print(program.output(), rebuilt, report, remote);
  if (report.rest.sound()) return {};
  return fail(left_over(report, remote, location, options.lose_damaged));
}

}  // namespace

void add_repair(Verb app, Program& program) {
  auto options = std::make_shared<RepairOptions>();
  const Verb verb = app.verb(
      "repair",
      "Make a lost or damaged index anew, and get damaged and missing blocks from a remote",
      {"dialogdb repair", "dialogdb repair backup", "dialogdb repair --server ./server"});
  const Option remote = verb.option("remote", options->remote,
                                    "Where to get blocks from; by default the branch's upstream");
  remote.type("REMOTE");
  verb.option("--server", options->server, "A server's folder, while it does not serve")
      .type("DIR")
      .excludes(remote);
  verb.flag("--lose-damaged", options->lose_damaged,
            "Give up commits that are damaged where nothing else has them, and what came after "
            "them on their branch");
  program.on(verb, [options](Program& running) { return run_repair(running, *options); });
}

}  // namespace dialog::cli
