#include <memory>

#include "commands.hpp"
#include "parties.hpp"

namespace dialog::cli {
namespace {

Result<void> run_pull(Program& program, const SyncVerb& verb, bool fetch_only) {
  DIALOG_ASSIGN(Parties parties, open_parties(program, verb));
  return pull(program, verb, parties, fetch_only);
}

Json push_document(const PushOutcome& outcome) {
  Json document{{"outcome", to_string(outcome.kind)},
                {"before", outcome.before.hex()},
                {"after", outcome.after.hex()}};
  document["actual"] = outcome.actual ? Json(outcome.actual->revision.hex()) : Json(nullptr);
  document["ambiguous"] = outcome.ambiguous;
  return document;
}

std::string push_text(const PushOutcome& outcome, const std::string& remote) {
  switch (outcome.kind) {
    case PushOutcome::Kind::up_to_date:
      return remote + " has everything";
    case PushOutcome::Kind::accepted:
      return "Published " + outcome.after.hex() + " at " + remote;
    case PushOutcome::Kind::rejected:
      return remote + " has moved on; nothing was published";
  }
  return "";
}

Result<void> run_push(Program& program, const SyncVerb& verb) {
  DIALOG_ASSIGN(Parties parties, open_parties(program, verb));
  SyncRun run(program, verb.options, *parties.link, "pushing");
  auto report = parties.workspace->repository().push(parties.branch, parties.link->connection(),
                                                     run.options());
  if (!report) return fail(advised(std::move(report).error(), parties.remote, parties.branch));
  print_result(program.output(), verb.options,
               with_parties("push", parties, push_document(report->outcome)),
               push_text(report->outcome, parties.remote.name), run.moved(report->stats.traffic));
  if (report->outcome.kind == PushOutcome::Kind::rejected) {
    return fail(ErrorCode::conflict, parties.remote.name +
                                         " holds changes that are not here. Run 'dialogdb pull', "
                                         "then push again; 'dialogdb sync' does both");
  }
  return {};
}

Result<void> run_sync(Program& program, const SyncVerb& verb) {
  DIALOG_ASSIGN(Parties parties, open_parties(program, verb));
  SyncRun run(program, verb.options, *parties.link, "synchronizing");
  auto report = parties.workspace->repository().sync(parties.branch, parties.link->connection(),
                                                     run.options());
  if (!report) return fail(advised(std::move(report).error(), parties.remote, parties.branch));
  Json outcome{{"pull", pull_document(report->pull)},
               {"push", push_document(report->push)},
               {"rounds", report->rounds}};
  std::string text = pull_text(report->pull, parties.remote.name);
  if (report->pull.kind != PullOutcome::Kind::undecided) {
    text += "\n" + push_text(report->push, parties.remote.name);
  }
  print_result(program.output(), verb.options, with_parties("sync", parties, outcome), text,
               run.moved(report->stats.traffic));
  return undecided_error(parties, report->pull);
}

}  // namespace

void add_fetch(Verb app, Program& program) {
  const Verb verb = app.verb("fetch", "Get what the remote has, and leave the branch where it is",
                             {"dialogdb fetch", "dialogdb fetch && dialogdb diff main @origin"});
  const auto options = add_sync_arguments(verb);
  program.on(verb, [options](Program& running) { return run_pull(running, *options, true); });
}

void add_pull(Verb app, Program& program) {
  const Verb verb =
      app.verb("pull", "Get what the remote has, and merge it into the branch",
               {"dialogdb pull", "dialogdb pull --policy report", "dialogdb pull backup --stats"});
  const auto options = add_sync_arguments(verb);
  add_policy_option(verb, options->options);
  program.on(verb, [options](Program& running) { return run_pull(running, *options, false); });
}

void add_push(Verb app, Program& program) {
  const Verb verb = app.verb("push", "Publish the branch at the remote",
                             {"dialogdb push", "dialogdb push --stats=json"});
  const auto options = add_sync_arguments(verb);
  program.on(verb, [options](Program& running) { return run_push(running, *options); });
}

void add_sync(Verb app, Program& program) {
  const Verb verb = app.verb("sync", "Pull, then push; again where somebody else was faster",
                             {"dialogdb sync", "dialogdb sync --stats"});
  const auto options = add_sync_arguments(verb);
  add_policy_option(verb, options->options);
  program.on(verb, [options](Program& running) { return run_sync(running, *options); });
}

}  // namespace dialog::cli
