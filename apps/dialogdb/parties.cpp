#include "parties.hpp"

namespace dialog::cli {
namespace {

Result<std::string> choose_remote(const Repository& repository, const std::string& branch,
                                  const std::string& named) {
  if (!named.empty()) return named;
  DIALOG_ASSIGN(const Branch record, repository.branch(branch));
  if (record.upstream) return *record.upstream;
  return fail(ErrorCode::invalid_argument,
              "branch " + branch +
                  " has no upstream. Name a remote, add one with 'dialogdb remote "
                  "add origin URL', or choose one with 'dialogdb branch upstream NAME'");
}

}  // namespace

std::shared_ptr<SyncVerb> add_sync_arguments(Verb verb) {
  auto options = std::make_shared<SyncVerb>();
  verb.option("remote", options->remote, "The remote; by default the branch's upstream")
      .type("REMOTE");
  add_branch_option(verb, options->branch);
  add_stats_option(verb, options->options);
  return options;
}

Result<Parties> open_parties(const Program& program, const SyncVerb& verb) {
  Parties parties;
  DIALOG_ASSIGN(parties.workspace, Workspace::open(program));
  const Repository& repository = parties.workspace->repository();
  DIALOG_ASSIGN(parties.branch, parties.workspace->branch_or_default(verb.branch));
  DIALOG_ASSIGN(const std::string name, choose_remote(repository, parties.branch, verb.remote));
  DIALOG_ASSIGN(parties.remote, repository.remote(name));
  auto link = Link::open(program, parties.remote);
  if (!link) return fail(advised(std::move(link).error(), parties.remote, parties.branch));
  parties.link = std::move(*link);
  return parties;
}

Json with_parties(const char* verb, const Parties& parties, const Json& outcome) {
  Json document{{"verb", verb}, {"remote", parties.remote.name}, {"branch", parties.branch}};
  document.update(outcome);
  return document;
}

Result<void> pull(Program& program, const SyncVerb& verb, Parties& parties, bool fetch_only) {
  Repository& repository = parties.workspace->repository();
  SyncRun run(program, verb.options, *parties.link, fetch_only ? "fetching" : "pulling");
  const RemoteConnection connection = parties.link->connection();
  auto report = fetch_only ? repository.fetch(parties.branch, connection, run.options())
                           : repository.pull(parties.branch, connection, run.options());
  if (!report) return fail(advised(std::move(report).error(), parties.remote, parties.branch));
  print_result(program.output(), verb.options,
               with_parties(fetch_only ? "fetch" : "pull", parties, pull_document(report->outcome)),
               pull_text(report->outcome, parties.remote.name), run.moved(report->stats.traffic));
  return undecided_error(parties, report->outcome);
}

Result<void> undecided_error(const Parties& parties, const PullOutcome& outcome) {
  if (outcome.kind != PullOutcome::Kind::undecided) return {};
  return fail(ErrorCode::conflict,
              counted(outcome.merge.undecided, "conflict was", "conflicts were") +
                  " left undecided, and the branch was not moved. Look with 'dialogdb diff " +
                  parties.branch + " @" + parties.remote.name +
                  "', then pull again with --policy default, ours or theirs");
}

}  // namespace dialog::cli
