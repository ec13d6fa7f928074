#include "sync_report.hpp"

#include <fmt/format.h>
#include <map>
#include <utility>

namespace dialog::cli {
namespace {

constexpr std::size_t kOpenConflictsShown = 20;

std::unique_ptr<ConflictPolicy> make_policy(const std::string& name) {
  if (name == "ours") return std::make_unique<OursPolicy>();
  if (name == "theirs") return std::make_unique<TheirsPolicy>();
  if (name == "report") return std::make_unique<ReportPolicy>();
  return nullptr;
}

std::string_view to_string(ConflictKind kind) {
  switch (kind) {
    case ConflictKind::both_updated:
      return "both_updated";
    case ConflictKind::both_added:
      return "both_added";
    case ConflictKind::update_delete:
      return "update_delete";
    case ConflictKind::delete_update:
      return "delete_update";
  }
  return "unknown";
}

Json merge_document(const MergeCounts& merge) {
  return Json{{"local_changes", merge.local_changes}, {"conflicts", merge.conflicts()},
              {"both_updated", merge.both_updated},   {"both_added", merge.both_added},
              {"update_delete", merge.update_delete}, {"delete_update", merge.delete_update},
              {"took_local", merge.took_local},       {"took_remote", merge.took_remote},
              {"undecided", merge.undecided}};
}

}  // namespace

void add_stats_option(Verb verb, SyncVerbOptions& options) {
  verb.flag("--stats{text}", options.stats,
            "Show what moved: --stats, --stats=text or --stats=json")
      .one_of({"text", "json"});
}

void add_policy_option(Verb verb, SyncVerbOptions& options) {
  verb.option("--policy", options.policy,
              "Who wins where both sides changed a key: default (an update beats a deletion, "
              "else the greater BLAKE3, the same on every replica), ours, theirs, or report "
              "(change nothing, list the conflicts)")
      .one_of({"default", "ours", "theirs", "report"})
      .type("POLICY");
  verb.option("--ambiguous", options.ambiguous,
              "Where nobody can tell any more whether an earlier push arrived: keep local "
              "changes, assume that it was accepted, or refuse")
      .one_of({"keep", "accepted", "refuse"})
      .type("CHOICE");
}

SyncRun::SyncRun(Program& program, const SyncVerbOptions& options, Link& link,
                 const std::string& label)
    : options_(options),
      link_(link),
      context_(program.context()),
      progress_(program.progress(label, true)),
      policy_(make_policy(options.policy)),
      started_(system_clock().now()) {}

SyncOptions SyncRun::options() {
  SyncOptions options;
  options.pull.policy = policy_.get();
  if (options_.ambiguous == "accepted") options.pull.ambiguous = AmbiguousSwap::assume_accepted;
  if (options_.ambiguous == "refuse") options.pull.ambiguous = AmbiguousSwap::refuse;
  options.on_progress = [this](const SyncStats& stats) {
    progress_->update(stats.traffic.fetched_bytes + stats.traffic.uploaded_bytes);
  };
  options.context = context_;
  return options;
}

Moved SyncRun::moved(const BlockTraffic& blocks) const {
  return {link_.transfer(), blocks,
          std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().now() - started_)};
}

Json to_json(const Moved& moved) {
  return Json{
      {"round_trips", moved.transfer.round_trips}, {"requests", moved.transfer.requests},
      {"bytes_up", moved.transfer.bytes_up},       {"bytes_down", moved.transfer.bytes_down},
      {"blocks_up", moved.blocks.uploaded},        {"blocks_down", moved.blocks.fetched},
      {"milliseconds", moved.duration.count()}};
}

void print_result(Output& output, const SyncVerbOptions& options, Json document,
                  const std::string& text, const Moved& moved) {
  if (output.json()) {
    if (!options.stats.empty()) document["stats"] = to_json(moved);
    output.document(document);
    return;
  }
  output.line(text);
  if (options.stats == "json") output.document(Json{{"stats", to_json(moved)}});
  if (options.stats == "text") {
    output.line(fmt::format("{}, {}; {} up, {} down; blocks: {} up, {} down; {} ms",
                            counted(moved.transfer.round_trips, "round trip", "round trips"),
                            counted(moved.transfer.requests, "request", "requests"),
                            readable_bytes(moved.transfer.bytes_up),
                            readable_bytes(moved.transfer.bytes_down), moved.blocks.uploaded,
                            moved.blocks.fetched, moved.duration.count()));
  }
}

std::string_view to_string(PullOutcome::Kind kind) {
  switch (kind) {
    case PullOutcome::Kind::up_to_date:
      return "up_to_date";
    case PullOutcome::Kind::fetched:
      return "fetched";
    case PullOutcome::Kind::fast_forward:
      return "fast_forward";
    case PullOutcome::Kind::merged:
      return "merged";
    case PullOutcome::Kind::undecided:
      return "undecided";
  }
  return "unknown";
}

std::string_view to_string(PushOutcome::Kind kind) {
  switch (kind) {
    case PushOutcome::Kind::up_to_date:
      return "up_to_date";
    case PushOutcome::Kind::accepted:
      return "accepted";
    case PushOutcome::Kind::rejected:
      return "rejected";
  }
  return "unknown";
}

Json pull_document(const PullOutcome& outcome) {
  Json document{{"outcome", to_string(outcome.kind)},
                {"before", outcome.before.hex()},
                {"after", outcome.after.hex()}};
  document["remote_revision"] =
      outcome.remote ? Json(outcome.remote->revision.hex()) : Json(nullptr);
  if (outcome.remote && outcome.remote->sequence) document["sequence"] = *outcome.remote->sequence;
  document["merge"] = merge_document(outcome.merge);
  Json& open = document["open_conflicts"] = Json::array();
  for (const OpenConflict& conflict : outcome.open) {
    Json row{{"kind", to_string(conflict.kind)}};
    set_bytes(row, "key", conflict.key, ByteFormat::text);
    open.push_back(std::move(row));
  }
  document["seen_before"] = outcome.seen_before;
  document["ambiguous_swaps"] = outcome.ambiguous.size();
  return document;
}

std::string pull_text(const PullOutcome& outcome, const std::string& remote) {
  static const std::map<PullOutcome::Kind, std::string> kWords{
      {PullOutcome::Kind::up_to_date, "Nothing new at "},
      {PullOutcome::Kind::fetched, "Fetched from "},
      {PullOutcome::Kind::fast_forward, "Moved forward to "},
      {PullOutcome::Kind::merged, "Merged with "},
      {PullOutcome::Kind::undecided, "Fetched, but not merged with "}};
  std::string text = kWords.at(outcome.kind) + remote;
  if (outcome.remote) text += " at " + outcome.remote->revision.hex();
  const MergeCounts& merge = outcome.merge;
  if (merge.conflicts() > 0) {
    text +=
        fmt::format("\n{} in conflict: kept ours {} times, took theirs {} times",
                    counted(merge.conflicts(), "key", "keys"), merge.took_local, merge.took_remote);
    if (merge.undecided > 0) text += fmt::format(", left {} undecided", merge.undecided);
    text += fmt::format(
        "\n  changed on both sides {}, added on both {}, changed here and deleted "
        "there {}, deleted here and changed there {}",
        merge.both_updated, merge.both_added, merge.update_delete, merge.delete_update);
  }
  for (std::size_t i = 0; i < outcome.open.size() && i < kOpenConflictsShown; ++i) {
    text += "\n  undecided: " + encode(ByteFormat::escaped, outcome.open[i].key);
  }
  if (outcome.open.size() > kOpenConflictsShown) text += "\n  and more; --json lists all";
  if (outcome.seen_before) {
    text +=
        "\nThe remote shows a revision that it had shown before: somebody undid a change, or it "
        "was rolled back";
  }
  if (!outcome.ambiguous.empty()) {
    text += "\nNobody can tell whether an earlier push arrived; see --ambiguous";
  }
  return text;
}

Error at_remote(Error error, const Remote& remote) {
  error = error.within(remote.name + " (" + remote.url + ")");
  if (error.code == ErrorCode::indeterminate) {
    error.message += ". Run the same command again: it asks the remote what became of it";
  }
  return error;
}

Error advised(Error error, const Remote& remote, const std::string& branch) {
  error = at_remote(std::move(error), remote);
  const std::string forget =
      "'dialogdb branch upstream --forget -b " + branch + " " + remote.name + "' forgets";
  switch (error.code) {
    case ErrorCode::remote_reset:
      error.message += ". 'dialogdb remote show " + remote.name + "' shows the address, " + forget;
      break;
    case ErrorCode::rollback:
      error.message += ". " + forget;
      break;
    case ErrorCode::unauthorized:
      // What opens a bucket, the error says itself.
      if (is_server(remote.url)) {
        error.message +=
            ". Name a token with 'dialogdb remote set " + remote.name + " --token-file FILE'";
      }
      break;
    default:
      break;
  }
  return error;
}

}  // namespace dialog::cli
