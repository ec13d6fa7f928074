#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "diff_counts.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

// What a branch knows of one remote.
struct RemoteStatus {
  std::string name;
  bool is_upstream = false;
  RemoteTracking tracking;
  /// Since the last agreement; absent where blocks that a partial repository lacks hide it.
  std::optional<DiffCounts> ahead;
  std::optional<DiffCounts> behind;
};

std::optional<DiffCounts> counted_changes(const Repository& repository, const Revision& before,
                                          const Revision& after, const Context& context) {
  const auto counts = count_changes(repository, before, after, context);
  return counts ? std::optional(*counts) : std::nullopt;
}

std::vector<RemoteStatus> remote_states(const Repository& repository, const Branch& branch,
                                        const Revision& revision, const Context& context) {
  std::vector<std::string> names;
  for (const auto& [name, tracking] : branch.tracking) names.push_back(name);
  if (branch.upstream && !branch.tracking.contains(*branch.upstream)) {
    names.push_back(*branch.upstream);
  }
  std::vector<RemoteStatus> states;
  for (const std::string& name : names) {
    RemoteStatus& state = states.emplace_back();
    state.name = name;
    state.is_upstream = branch.upstream == name;
    state.tracking = branch.tracking_of(name);
    const Revision& origin = state.tracking.origin;
    state.ahead = counted_changes(repository, origin, revision, context);
    const Revision remote = state.tracking.fetched ? state.tracking.fetched->revision : origin;
    state.behind = counted_changes(repository, origin, remote, context);
  }
  return states;
}

Json intent_document(const SwapIntent& intent) {
  return Json{{"expected", intent.expected.hex()}, {"desired", intent.desired.hex()}};
}

Json remote_document(const RemoteStatus& state) {
  Json document{{"name", state.name},
                {"upstream", state.is_upstream},
                {"origin", state.tracking.origin.hex()}};
  if (state.tracking.fetched) {
    document["fetched"] = state.tracking.fetched->revision.hex();
    if (state.tracking.fetched->sequence) {
      document["fetched_sequence"] = *state.tracking.fetched->sequence;
    }
  }
  document["ahead"] = state.ahead ? to_json(*state.ahead) : Json(nullptr);
  document["behind"] = state.behind ? to_json(*state.behind) : Json(nullptr);
  Json& intents = document["outstanding_swaps"] = Json::array();
  for (const SwapIntent& intent : state.tracking.intents)
    intents.push_back(intent_document(intent));
  return document;
}

std::string described(const std::optional<DiffCounts>& counts) {
  if (!counts) return "not known: some blocks are not here";
  if (counts->added + counts->removed + counts->changed == 0) return "nothing";
  return to_text(*counts);
}

void print_remote(Output& output, const RemoteStatus& state) {
  output.line(fmt::format("{} {}", state.is_upstream ? "Upstream:" : "Remote:  ", state.name));
  const bool agreed = !state.tracking.origin.is_zero();
  output.line("  agreed on     " + (agreed ? state.tracking.origin.hex() : "nothing yet"));
  if (state.tracking.fetched) {
    output.line("  last fetched  " + state.tracking.fetched->revision.hex());
  }
  output.line("  to push       " + described(state.ahead));
  output.line("  to pull       " + described(state.behind) + " (as last fetched)");
  for (const SwapIntent& intent : state.tracking.intents) {
    output.line("  unsettled     a push of " + intent.desired.hex() +
                " got no answer; the next push or pull asks what became of it");
  }
}

Result<void> run_status(Program& program, const std::string& branch_name) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  const Repository& repository = workspace->repository();
  DIALOG_ASSIGN(const std::string name, workspace->branch_or_default(branch_name));
  DIALOG_ASSIGN(const Branch branch, repository.branch(name));
  DIALOG_ASSIGN(const Revision revision, repository.resolve(name, program.context()));
  const auto summary = repository.snapshot(revision).summary(program.context());
  const auto states = remote_states(repository, branch, revision, program.context());
  Output& output = program.output();
  if (output.json()) {
    Json document{{"repository", workspace->location().folder()},
                  {"subject", repository.subject()},
                  {"partial", repository.is_partial()},
                  {"branch", name},
                  {"revision", revision.hex()}};
    document["entries"] = summary ? Json(summary->size.entries) : Json(nullptr);
    document["upstream"] = branch.upstream ? Json(*branch.upstream) : Json(nullptr);
    Json& remotes = document["remotes"] = Json::array();
    for (const RemoteStatus& state : states) remotes.push_back(remote_document(state));
    output.document(document);
    return {};
  }
  output.line("Branch:   " + name +
              (summary ? ", " + counted(summary->size.entries, "entry", "entries") : ""));
  output.line("Revision: " + revision.hex());
  output.line("Subject:  " + repository.subject());
  if (repository.is_partial()) output.line("Partial:  blocks are fetched when they are read");
  if (!branch.upstream) output.line("Upstream: none ('dialogdb remote add origin URL')");
  for (const RemoteStatus& state : states) print_remote(output, state);
  return {};
}

struct LogOptions {
  std::string branch;
  std::size_t limit = 20;
};

Json revision_document(const std::optional<Revision>& revision) {
  return revision ? Json(revision->hex()) : Json(nullptr);
}

Result<void> run_log(Program& program, const LogOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const std::string name, workspace->branch_or_default(options.branch));
  Repository::LogRange range;
  range.limit = options.limit;
  DIALOG_ASSIGN(const std::vector<ReflogEntry> moves, workspace->repository().log(name, range));
  Output& output = program.output();
  std::size_t moves_ago = 0;
  for (const ReflogEntry& move : moves) {
    if (output.json()) {
      output.document(Json{{"sequence", move.sequence},
                           {"before", revision_document(move.before)},
                           {"after", revision_document(move.after)},
                           {"time", readable_time(move.time)},
                           {"what", move.what},
                           {"who", move.who}});
    } else {
      output.line(fmt::format("{}~{:<3} {} {:<64} {}", name, moves_ago, readable_time(move.time),
                              move.after ? move.after->hex() : "(no revision)", move.what));
    }
    ++moves_ago;
  }
  return {};
}

}  // namespace

void add_status(Verb app, Program& program) {
  auto branch = std::make_shared<std::string>();
  const Verb verb = app.verb("status", "Show where the branch stands; asks no remote",
                             {"dialogdb status", "dialogdb fetch && dialogdb status --json"});
  add_branch_option(verb, *branch);
  program.on(verb, [branch](Program& running) { return run_status(running, *branch); });
}

void add_log(Verb app, Program& program) {
  auto options = std::make_shared<LogOptions>();
  const Verb verb = app.verb("log", "Show the moves of a branch, the latest first",
                             {"dialogdb log", "dialogdb log --limit 1 --json"});
  verb.option("branch", options->branch, "The branch").type("BRANCH");
  verb.option("--limit", options->limit, "At most so many").number().type("N").show_default();
  program.on(verb, [options](Program& running) { return run_log(running, *options); });
}

}  // namespace dialog::cli
