#include <memory>

#include "commands.hpp"
#include "range_options.hpp"
#include "transfer_options.hpp"

namespace dialog::cli {
namespace {

struct ExportOptions {
  TransferOptions transfer;
  RangeOptions range;
  bool json_values = false;
};

Result<std::unique_ptr<ByteSink>> open_sink(Program& program, const std::string& file) {
  if (file == "-") return std::make_unique<OutputSink>(program.output());
  DIALOG_ASSIGN(auto sink, FileSink::create(program.resolve(file)));
  return sink;
}

Result<void> run_export(Program& program, const ExportOptions& options) {
  DIALOG_ASSIGN(const ScanRange range, make_range(options.range));
  DIALOG_ASSIGN(EntryOptions entry, entry_options(options.transfer, options.range.formats));
  entry.json_values = options.json_values;
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Snapshot snapshot,
                open_snapshot(*workspace, options.range.branch, options.range.at));
  DIALOG_ASSIGN(const auto sink, open_sink(program, options.transfer.file));
  DIALOG_ASSIGN(const auto writer, make_entry_writer(*sink, entry));
  DIALOG_ASSIGN(const TreeSummary summary, snapshot.summary(program.context()));
  std::uint64_t exported = 0;
  {
    const auto progress = program.progress("exporting");
    DIALOG_TRY(visit_entries(
        snapshot, range,
        [&](ByteView key, ByteView value) {
          progress->update(++exported, summary.size.entries);
          return writer->write(key, value);
        },
        program.context()));
  }
  DIALOG_TRY(sink->finish());
  if (options.transfer.file != "-" && program.output().json()) {
    DIALOG_ASSIGN(const Revision revision, snapshot.revision(program.context()));
    program.output().document(Json{{"exported", exported}, {"revision", revision.hex()}});
  } else {
    program.output().note("Exported " + counted(exported, "entry", "entries"));
  }
  return {};
}

}  // namespace

void add_export(Verb app, Program& program) {
  auto options = std::make_shared<ExportOptions>();
  const Verb verb =
      app.verb("export", "Write entries to a file that 'import' reads again",
               {"dialogdb export backup.ndjson", "dialogdb export --prefix user/ users.csv",
                "dialogdb export --at main~1 - | gzip > before.ndjson.gz",
                "dialogdb export --format csv --key-format hex --value-format base64 -"});
  add_transfer_options(verb, options->transfer);
  add_range_options(verb, options->range);
  add_value_format(verb, options->range.formats);
  verb.option("--limit", options->range.limit, "At most so many").number().type("N");
  verb.flag("--reverse", options->range.reverse, "The greatest key first");
  verb.flag("--json-values", options->json_values,
            "NDJSON: embed values that are JSON texts as JSON");
  program.on(verb, [options](Program& running) { return run_export(running, *options); });
}

}  // namespace dialog::cli
