#include <memory>

#include "commands.hpp"
#include "dialog/http/head_watch.hpp"
#include "parties.hpp"

namespace dialog::cli {
namespace {

struct WatchOptions {
  std::shared_ptr<SyncVerb> sync;
  std::uint64_t count = 0;  // 0: no end
  bool pull = false;
};

Json event_document(const Parties& parties, const wire::WatchEvent& event) {
  Json document{{"verb", "watch"},
                {"remote", parties.remote.name},
                {"event", event.kind == wire::WatchEvent::Kind::reset ? "reset" : "head"}};
  const auto& record = event.record;
  document["revision"] = record ? Json(record->revision.hex()) : Json(nullptr);
  if (!record) return document;
  document.update(Json{{"previous", record->previous.hex()},
                       {"sequence", record->sequence},
                       {"time", readable_time(record->time)},
                       {"author", record->author}});
  return document;
}

std::string event_line(const wire::WatchEvent& event) {
  const std::string reset = event.kind == wire::WatchEvent::Kind::reset ? "\treset" : "";
  if (!event.record) return "0\t" + Revision().hex() + "\t-\t" + reset;
  return std::to_string(event.record->sequence) + "\t" + event.record->revision.hex() + "\t" +
         readable_time(event.record->time) + "\t" + event.record->author + reset;
}

Result<void> run_watch(Program& program, const WatchOptions& options) {
  DIALOG_ASSIGN(Parties parties, open_parties(program, *options.sync));
  if (!is_server(parties.remote.url)) {
    return fail(ErrorCode::unsupported, parties.remote.name + " is at " + parties.remote.url +
                                            ", which tells no changes; only a server does");
  }
  DIALOG_ASSIGN(const RestBackendConfig config,
                configure(program, parties.remote.url, from_record(parties.remote.options)));
  Output& output = program.output();
  std::uint64_t told = 0;
  Result<void> outcome;
  const auto on_event = [&](const wire::WatchEvent& event) {
    if (output.json()) {
      output.document(event_document(parties, event));
    } else {
      output.line(event_line(event));
    }
    if (options.pull && event.record) outcome = pull(program, *options.sync, parties, false);
    // Whoever reads this waits for it.
    if (outcome) outcome = output.finish();
    return outcome && output.takes_more() && ++told != options.count;
  };
  const auto ended = watch_head(config, parties.link->transport(), parties.link->subject(),
                                std::nullopt, on_event, program.context());
  if (!outcome) return outcome;
  // Somebody ends it: that is how a watch without a count ends.
  if (!ended && ended.error().code == ErrorCode::cancelled) return {};
  if (!ended) return fail(advised(ended.error(), parties.remote, parties.branch));
  return {};
}

}  // namespace

void add_watch(Verb app, Program& program) {
  const Verb verb = app.verb(
      "watch", "Tell each change of the remote as it happens",
      {"dialogdb watch", "dialogdb watch --pull", "dialogdb watch backup --count 1 --json"});
  auto options = std::make_shared<WatchOptions>();
  options->sync = add_sync_arguments(verb);
  add_policy_option(verb, options->sync->options);
  verb.flag("--pull", options->pull, "Pull after each change, and first what is there");
  verb.option("--count", options->count,
              "End after so many changes; the first is what the remote holds now")
      .type("N")
      .number({1, UINT64_MAX});
  program.on(verb, [options](Program& running) { return run_watch(running, *options); });
}

}  // namespace dialog::cli
