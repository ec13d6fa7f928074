#include "program.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "arguments.hpp"
#include "commands.hpp"
#include "dialog/base/limits.hpp"

namespace dialog::cli {
namespace {

constexpr const char* kDescription =
    "A key-value database that synchronizes like git.\n"
    "Keys and values are any bytes; everything works offline; 'dialogdb VERB --help' shows "
    "examples.";

constexpr const char* kFooter =
    "Begin:\n"
    "  dialogdb init && dialogdb put greeting hello && dialogdb ls\n"
    "  dialogdb serve --listen 127.0.0.1:8440 --data ./server &\n"
    "  dialogdb remote add origin http://127.0.0.1:8440 && dialogdb push\n"
    "An argument that starts with '-' goes behind '--'.";

void add_verbs(Verb app, Program& program) {
  for (const auto add :
       {add_init,   add_put,      add_get,       add_del,    add_ls,     add_count,   add_import,
        add_export, add_prove,    add_check,     add_diff,   add_status, add_log,     add_branch,
        add_remote, add_clone,    add_fetch,     add_pull,   add_push,   add_sync,    add_watch,
        add_verify, add_gc,       add_retention, add_repair, add_backup, add_restore, add_key,
        add_token,  add_delegate, add_revoke,    add_serve,  add_admin,  add_version}) {
    add(app, program);
  }
}

}  // namespace

Program::Program(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}

Context Program::context() const {
  Context context;
  if (surroundings_.requests != nullptr) context.cancel = surroundings_.requests->stopping();
  return context;
}

std::unique_ptr<Progress> Program::progress(std::string label, bool counts_bytes) const {
  const bool visible = surroundings_.stderr_is_terminal && !output_.json() && !output_.quiet();
  return std::make_unique<Progress>(visible, std::move(label), counts_bytes);
}

std::string Program::resolve(const std::string& path) const {
  if (folder_.empty() || path == "-") return path;
  return (std::filesystem::path(folder_) / path).lexically_normal().string();
}

Result<std::unique_ptr<FileSource>> Program::open_input(const std::string& path) const {
  const int stop = surroundings_.requests != nullptr ? surroundings_.requests->stop_descriptor()
                                                     : FileSource::kNeverStops;
  return FileSource::open(resolve(path), stop);
}

Result<Location> Program::find_repository() const {
  if (!repository_.empty()) return Location::at(resolve(repository_));
  if (folder_.empty()) {
    if (const auto variable = surroundings_.variable("DIALOGDB_REPO");
        variable && !variable->empty()) {
      auto found = Location::at(*variable);
      return found ? std::move(found) : fail(found.error().within("DIALOGDB_REPO"));
    }
  }
  return Location::find_above(folder_);
}

void Program::on(Verb verb, Work work) {
  // The callback of an inner verb runs before that of the verb it belongs to.
  verb.on_chosen([this, work = std::move(work)] {
    if (!work_) work_ = work;
  });
}

void Program::add_globals(Verb app) {
  app.option("-C", folder_, "Work as if started in DIR").type("DIR");
  app.option("--repo", repository_,
             "The repository's folder. Without it: DIALOGDB_REPO, else the present folder or the "
             "first above it that holds .dialogdb")
      .type("DIR");
  app.flag("--json", output_options_.json, "Results and errors as JSON (docs/cli.md)");
  app.flag("-q,--quiet", output_options_.quiet, "Only results and errors");
}

int Program::run(std::vector<std::string> arguments) {
  Arguments known({.name = "dialogdb",
                   .description = kDescription,
                   .footer = kFooter,
                   .version = "dialogdb " DIALOGDB_VERSION});
  add_globals(known.program());
  add_verbs(known.program(), *this);
  // Before the options are read: how to tell that they cannot be.
  const auto end_of_options = std::find(arguments.begin(), arguments.end(), "--");
  output_.configure(
      {.json = std::find(arguments.begin(), end_of_options, "--json") != end_of_options});
  if (arguments.empty()) {
    output_.note(known.help());
    return error_row(ErrorCode::invalid_argument).exit_code;
  }
  const Arguments::Reading reading = known.read(std::move(arguments));
  switch (reading.outcome) {
    case Arguments::Outcome::help:
      output_.raw(reading.text);
      return finish({});
    case Arguments::Outcome::version:
      output_.line(reading.text);
      return finish({});
    case Arguments::Outcome::wrong:
      return finish(fail(ErrorCode::invalid_argument, reading.text));
    case Arguments::Outcome::taken:
      break;
  }
  output_.configure(output_options_);
  auto found = check_folder();
  return finish(found ? work_(*this) : found);
}

Result<void> Program::check_folder() const {
  if (folder_.empty()) return {};
  DIALOG_ASSIGN(const bool is_here, is_folder(folder_));
  if (is_here) return {};
  return fail(ErrorCode::not_found, "-C " + in_quotes(folder_) + ": there is no such folder");
}

int Program::finish(const Result<void>& result) {
  const Result<void> flushed = output_.finish();
  if (output_.reader_is_gone()) return exit_code_;
  // Where results could not be written, the verb itself ended because of that.
  const Result<void>& shown = flushed ? result : flushed;
  if (!shown) {
    output_.error(shown.error());
    return error_row(shown.error().code).exit_code;
  }
  return exit_code_;
}

namespace {

void add_format(Verb verb, const std::string& name, std::optional<ByteFormat>& format,
                const std::string& what) {
  static const std::map<std::string, ByteFormat> kNames{{"text", ByteFormat::text},
                                                        {"hex", ByteFormat::hex},
                                                        {"base64", ByteFormat::base64},
                                                        {"escaped", ByteFormat::escaped}};
  verb.option(
          name, [&format](const std::string& value) { format = kNames.at(value); },
          "How " + what + " are written: text (the bytes themselves), hex, base64 or escaped")
      .one_of({"text", "hex", "base64", "escaped"})
      .type("FORMAT");
}

}  // namespace

void add_key_format(Verb verb, FormatOptions& options) {
  add_format(verb, "--key-format", options.key, "keys");
}

void add_value_format(Verb verb, FormatOptions& options) {
  add_format(verb, "--value-format", options.value, "values");
}

Result<Bytes> key_argument(const std::string& text, ByteFormat format) {
  auto key = decode(format, text);
  if (!key)
    return fail(ErrorCode::invalid_argument,
                "the key " + in_quotes(text) + ": " + key.error().message);
  if (key->size() > kKeyBytesMax) {
    return fail(ErrorCode::too_large, "the key has " + std::to_string(key->size()) +
                                          " bytes; at most " + std::to_string(kKeyBytesMax) +
                                          " are allowed");
  }
  return key;
}

void add_branch_option(Verb verb, std::string& branch) {
  verb.option("-b,--branch", branch, "The branch; without it the one of 'branch switch'")
      .type("NAME");
}

}  // namespace dialog::cli
