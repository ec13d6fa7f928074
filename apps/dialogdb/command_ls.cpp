#include <memory>

#include "commands.hpp"
#include "dialog/tree/order.hpp"
#include "range_options.hpp"

namespace dialog::cli {
namespace {

struct LsOptions {
  RangeOptions range;
  bool keys_only = false;
};

Result<void> run_ls(Program& program, const LsOptions& options) {
  DIALOG_ASSIGN(const ScanRange range, make_range(options.range));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Snapshot snapshot,
                open_snapshot(*workspace, options.range.branch, options.range.at));
  Output& output = program.output();
  const FormatOptions& formats = options.range.formats;
  const auto show = [&](ByteView key, const ByteView* value) {
    if (output.json()) {
      output.document(entry_document(key, value, formats));
    } else {
      output.line(entry_line(key, value, formats));
    }
    return output.takes_more();
  };
  if (options.keys_only) {
    return snapshot.scan(
        range, [&](ByteView key, const EntryValue&) { return show(key, nullptr); },
        program.context());
  }
  const auto visit = [&](ByteView key, ByteView value) -> Result<void> {
    if (show(key, &value)) return {};
    return fail(ErrorCode::cancelled, "standard output takes no more");
  };
  return visit_entries(snapshot, range, visit, program.context());
}

Result<void> run_count(Program& program, const RangeOptions& options) {
  DIALOG_ASSIGN(const ScanRange range, make_range(options));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Snapshot snapshot, open_snapshot(*workspace, options.branch, options.at));
  DIALOG_ASSIGN(const Revision revision, snapshot.revision(program.context()));
  DIALOG_ASSIGN(const TreeSize size, measure_range(snapshot.source(), revision.root(),
                                                   bounds_of(range), program.context()));
  if (program.output().json()) {
    program.output().document(
        Json{{"count", size.entries}, {"bytes", size.bytes}, {"revision", revision.hex()}});
  } else {
    program.output().line(std::to_string(size.entries));
  }
  return {};
}

}  // namespace

void add_ls(Verb app, Program& program) {
  auto options = std::make_shared<LsOptions>();
  const Verb verb =
      app.verb("ls", "List entries in the order of their keys, as KEY, tab, VALUE",
               {"dialogdb ls", "dialogdb ls --prefix user/ --limit 10",
                "dialogdb ls --from m --to n --reverse", "dialogdb ls --keys-only --json"});
  add_range_options(verb, options->range);
  add_value_format(verb, options->range.formats);
  verb.option("--limit", options->range.limit, "At most so many").number().type("N");
  verb.flag("--reverse", options->range.reverse, "The greatest key first");
  verb.flag("--keys-only", options->keys_only, "No values");
  program.on(verb, [options](Program& running) { return run_ls(running, *options); });
}

void add_count(Verb app, Program& program) {
  auto options = std::make_shared<RangeOptions>();
  const Verb verb =
      app.verb("count", "Count entries", {"dialogdb count", "dialogdb count --prefix user/"});
  add_range_options(verb, *options);
  program.on(verb, [options](Program& running) { return run_count(running, *options); });
}

}  // namespace dialog::cli
