#include <memory>

#include "commands.hpp"
#include "dialog/tree/proof.hpp"
#include "range_options.hpp"

namespace dialog::cli {
namespace {

/// One key, or a range of them.
struct ProofOptions {
  std::optional<std::string> key;
  RangeOptions range;
  std::string file;
  std::string revision;
};

Result<KeyBounds> make_bounds(const ProofOptions& options) {
  const RangeOptions& range = options.range;
  if (!options.key) {
    DIALOG_ASSIGN(const ScanRange wanted, make_range(range));
    return bounds_of(wanted);
  }
  if (range.from || range.to || !range.prefix.empty()) {
    return fail(ErrorCode::invalid_argument, "name a key or a range of keys, not both");
  }
  DIALOG_ASSIGN(const Bytes key, key_argument(*options.key, range.formats.key_or_text()));
  return range_of(key);
}

Result<void> run_prove(Program& program, const ProofOptions& options) {
  DIALOG_ASSIGN(const KeyBounds bounds, make_bounds(options));
  Output& output = program.output();
  if (program.surroundings().stdout_is_terminal && !output.json()) {
    return fail(ErrorCode::invalid_argument,
                "a proof is no text: write it to a file, as in 'dialogdb prove KEY > FILE'");
  }
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Snapshot snapshot,
                open_snapshot(*workspace, options.range.branch, options.range.at));
  DIALOG_ASSIGN(const Revision revision, snapshot.revision(program.context()));
  DIALOG_ASSIGN(const Bytes proof, prove_range(snapshot.source(), revision.root(), bounds,
                                               kProofBytesMax, program.context()));
  if (output.json()) {
    output.document(
        Json{{"revision", revision.hex()}, {"bytes", proof.size()}, {"proof", to_base64(proof)}});
    return {};
  }
  output.raw(proof);
  output.note("For revision " + revision.hex());
  return {};
}

// A value that the tree keeps apart is shown by its size and hash.
void show(Output& output, const TreeEntry& entry, const FormatOptions& formats) {
  const ValueView value = entry.value.view();
  const ByteView bytes = value.is_inline() ? value.inline_bytes() : ByteView();
  const ByteView* const shown = value.is_inline() ? &bytes : nullptr;
  if (output.json()) {
    Json document = entry_document(entry.key, shown, formats);
    if (shown == nullptr)
      document.update(Json{{"value_bytes", value.size()}, {"value_hash", value.hash().hex()}});
    output.document(document);
  } else {
    std::string line = entry_line(entry.key, shown, formats);
    if (shown == nullptr)
      line += "\t(" + std::to_string(value.size()) + " bytes, BLAKE3 " + value.hash().hex() + ")";
    output.line(line);
  }
}

Result<void> run_check(Program& program, const ProofOptions& options) {
  DIALOG_ASSIGN(const KeyBounds bounds, make_bounds(options));
  const auto revision = Revision::from_hex(options.revision);
  if (!revision) {
    return fail(ErrorCode::invalid_argument,
                "a proof is checked against a revision, which is 64 hex digits");
  }
  DIALOG_ASSIGN(const auto source, program.open_input(options.file));
  DIALOG_ASSIGN(const Bytes proof, read_whole(*source, kProofBytesMax));
  auto entries = verify_range(revision->root(), bounds, proof);
  if (!entries) return fail(std::move(entries).error().within(options.file));
  Output& output = program.output();
  for (const TreeEntry& entry : *entries) show(output, entry, options.range.formats);
  output.note("Shown: " + counted(entries->size(), "entry", "entries") + " there, and no other");
  return {};
}

}  // namespace

void add_prove(Verb app, Program& program) {
  auto options = std::make_shared<ProofOptions>();
  const Verb verb =
      app.verb("prove", "Show what is there, or not there, to whoever knows the revision alone",
               {"dialogdb prove user/7 > proof", "dialogdb prove --prefix user/ > proof",
                "dialogdb prove user/7 --at main~3 --json"});
  verb.option("key", options->key, "The key; without one a range").type("KEY");
  add_range_options(verb, options->range);
  program.on(verb, [options](Program& running) { return run_prove(running, *options); });
}

void add_check(Verb app, Program& program) {
  auto options = std::make_shared<ProofOptions>();
  const Verb verb = app.verb(
      "check", "Check what 'dialogdb prove' wrote, and list the entries that it shows",
      {"dialogdb check proof 5f0c...9a user/7", "dialogdb check - 5f0c...9a --prefix user/"});
  verb.option("proof", options->file, "The file of the proof; '-' reads it from standard input")
      .type("FILE")
      .required();
  verb.option("revision", options->revision, "The revision that the caller trusts, in hex")
      .type("REVISION")
      .required();
  verb.option("key", options->key, "The key; without one a range").type("KEY");
  add_bounds_options(verb, options->range);
  add_value_format(verb, options->range.formats);
  program.on(verb, [options](Program& running) { return run_check(running, *options); });
}

}  // namespace dialog::cli
