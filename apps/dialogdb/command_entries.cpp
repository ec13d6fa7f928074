#include <memory>

#include "commands.hpp"
#include "range_options.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct PutOptions {
  std::string branch;
  std::string key;
  std::string value;
  std::string file;
  bool has_value = false;
  bool wants_revision = false;
  FormatOptions formats;
};

Result<Bytes> read_value(const Program& program, const PutOptions& options) {
  if (options.has_value == !options.file.empty()) {
    return fail(ErrorCode::invalid_argument,
                "give the value either as VALUE or with --file FILE ('-' for standard input)");
  }
  Bytes text = options.value;
  if (!options.has_value) {
    DIALOG_ASSIGN(const auto source, program.open_input(options.file));
    DIALOG_ASSIGN(text, read_whole(*source, 2 * kValueBytesMax));
  }
  auto value = decode(options.formats.value_or_text(), text);
  if (!value) return fail(ErrorCode::invalid_argument, "the value: " + value.error().message);
  return value;
}

// Only who wants the revision has it built.
Result<Repository::BuiltCommit> commit(Repository& repository, const std::string& branch,
                                       bool wants_revision, const char* verb,
                                       const Repository::TransactionFunction& change,
                                       const Context& context) {
  if (wants_revision) return repository.transact_built(branch, change, {verb, {}}, context);
  DIALOG_ASSIGN(const std::uint64_t version,
                repository.transact(branch, change, {verb, {}}, context));
  return Repository::BuiltCommit{version, {}};
}

void add_revision_option(Verb verb, bool& wants_revision) {
  verb.flag("--revision", wants_revision, "Build the revision at once, and tell it");
}

// Of a commit.
void tell(Program& program, bool wants_revision, const std::string& branch,
          const Repository::BuiltCommit& committed, Json document) {
  if (!program.output().json()) {
    if (wants_revision) program.output().line(committed.revision.hex());
    return;
  }
  document["branch"] = branch;
  document["version"] = committed.version;
  if (wants_revision) document["revision"] = committed.revision.hex();
  program.output().document(document);
}

Result<void> run_put(Program& program, const PutOptions& options) {
  DIALOG_ASSIGN(const Bytes key, key_argument(options.key, options.formats.key_or_text()));
  DIALOG_ASSIGN(const Bytes value, read_value(program, options));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const std::string branch, workspace->branch_or_default(options.branch));
  const Context context = program.context();
  const auto put = [&](Transaction& transaction) { return transaction.put(key, value, context); };
  DIALOG_ASSIGN(const auto committed, commit(workspace->repository(), branch,
                                             options.wants_revision, "put", put, context));
  Json document;
  set_bytes(document, "key", key, options.formats.key_or_text());
  tell(program, options.wants_revision, branch, committed, std::move(document));
  return {};
}

struct GetOptions {
  std::string branch;
  std::string at;
  std::string key;
  std::string out = "-";
  FormatOptions formats;
};

Result<void> write_value(Program& program, const GetOptions& options, ByteView value) {
  const std::string text = encode(options.formats.value_or_text(), value);
  if (options.out != "-") {
    DIALOG_ASSIGN(const auto sink, FileSink::create(program.resolve(options.out)));
    DIALOG_TRY(sink->write(text));
    return sink->finish();
  }
  program.output().raw(text);
  // A value is not a line; only a person wants the prompt on a new one.
  const bool is_encoded = options.formats.value_or_text() != ByteFormat::text;
  if (is_encoded || (program.surroundings().stdout_is_terminal && !text.ends_with('\n'))) {
    program.output().raw("\n");
  }
  return {};
}

Result<void> run_get(Program& program, const GetOptions& options) {
  DIALOG_ASSIGN(const Bytes key, key_argument(options.key, options.formats.key_or_text()));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Snapshot snapshot, open_snapshot(*workspace, options.branch, options.at));
  DIALOG_ASSIGN(const std::optional<Bytes> value, snapshot.get(key, program.context()));
  if (!value) {
    return fail(ErrorCode::not_found,
                "there is no key \"" + encode(ByteFormat::escaped, key) + "\"");
  }
  if (!program.output().json() || options.out != "-") {
    DIALOG_TRY(write_value(program, options, *value));
  }
  if (program.output().json()) {
    Json document;
    set_bytes(document, "key", key, options.formats.key_or_text());
    if (options.out == "-") set_bytes(document, "value", *value, options.formats.value_or_text());
    document["bytes"] = value->size();
    if (const auto version = snapshot.version()) {
      document["version"] = *version;
    } else {
      DIALOG_ASSIGN(const Revision revision, snapshot.revision(program.context()));
      document["revision"] = revision.hex();
    }
    program.output().document(document);
  }
  return {};
}

struct DelOptions {
  std::string branch;
  std::vector<std::string> keys;
  std::string prefix;
  bool has_prefix = false;
  bool ignore_missing = false;
  bool wants_revision = false;
  FormatOptions formats;
};

Result<std::uint64_t> erase_keys(Transaction& transaction, const std::vector<Bytes>& keys,
                                 bool ignore_missing, const Context& context) {
  std::uint64_t erased = 0;
  for (const Bytes& key : keys) {
    DIALOG_ASSIGN(const std::optional<Bytes> value, transaction.get(key, context));
    if (!value && !ignore_missing) {
      return fail(ErrorCode::not_found, "there is no key \"" + encode(ByteFormat::escaped, key) +
                                            "\"; nothing was deleted (--ignore-missing lets it "
                                            "pass)");
    }
    if (!value) continue;
    DIALOG_TRY(transaction.erase(key, context));
    ++erased;
  }
  return erased;
}

Result<std::uint64_t> erase_prefix(const Snapshot& before, Transaction& transaction,
                                   const Bytes& prefix, const Context& context) {
  std::uint64_t erased = 0;
  ScanRange range;
  range.prefix = prefix;
  Result<void> result;
  DIALOG_TRY(before.scan(
      range,
      [&](ByteView key, const EntryValue&) {
        result = transaction.erase(key, context);
        ++erased;
        return result.has_value();
      },
      context));
  DIALOG_TRY(std::move(result));
  return erased;
}

Result<void> run_del(Program& program, const DelOptions& options) {
  const ByteFormat format = options.formats.key_or_text();
  std::vector<Bytes> keys;
  for (const std::string& text : options.keys) {
    DIALOG_ASSIGN(keys.emplace_back(), key_argument(text, format));
  }
  if (keys.empty() == !options.has_prefix) {
    return fail(ErrorCode::invalid_argument, "give either keys or --prefix");
  }
  DIALOG_ASSIGN(const Bytes prefix, key_argument(options.prefix, format));
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  Repository& repository = workspace->repository();
  DIALOG_ASSIGN(const std::string branch, workspace->branch_or_default(options.branch));
  const Context context = program.context();
  std::uint64_t erased = 0;
  const auto erase = [&](Transaction& transaction) -> Result<void> {
    if (options.has_prefix) {
      DIALOG_ASSIGN(erased, erase_prefix(transaction.base(), transaction, prefix, context));
    } else {
      DIALOG_ASSIGN(erased, erase_keys(transaction, keys, options.ignore_missing, context));
    }
    return {};
  };
  DIALOG_ASSIGN(const auto committed,
                commit(repository, branch, options.wants_revision, "del", erase, context));
  if (!program.output().json()) program.output().note("Deleted " + counted(erased, "key", "keys"));
  tell(program, options.wants_revision, branch, committed, Json{{"deleted", erased}});
  return {};
}

}  // namespace

void add_put(Verb app, Program& program) {
  auto options = std::make_shared<PutOptions>();
  const Verb verb = app.verb(
      "put", "Set the value of a key",
      {"dialogdb put color red", "dialogdb put photo --file cat.jpg",
       "date | dialogdb put now --file -", "dialogdb put --key-format hex 00ff 'any bytes'"});
  verb.option("key", options->key, "The key, at most 1,024 bytes").required().type("KEY");
  verb.option(
          "value",
          [options](const std::string& value) {
            options->value = value;
            options->has_value = true;
          },
          "The value")
      .type("VALUE");
  verb.option("--file", options->file, "Take the value from a file; '-' is standard input")
      .type("FILE");
  add_revision_option(verb, options->wants_revision);
  add_branch_option(verb, options->branch);
  add_key_format(verb, options->formats);
  add_value_format(verb, options->formats);
  program.on(verb, [options](Program& running) { return run_put(running, *options); });
}

void add_get(Verb app, Program& program) {
  auto options = std::make_shared<GetOptions>();
  const Verb verb =
      app.verb("get", "Show the value of a key",
               {"dialogdb get color", "dialogdb get photo --out cat.jpg",
                "dialogdb get color --at main~1", "dialogdb get --value-format hex color"});
  verb.option("key", options->key, "The key").required().type("KEY");
  verb.option("--out", options->out, "Write the value to a file").type("FILE");
  add_branch_option(verb, options->branch);
  add_at_option(verb, options->at);
  add_key_format(verb, options->formats);
  add_value_format(verb, options->formats);
  program.on(verb, [options](Program& running) { return run_get(running, *options); });
}

void add_del(Verb app, Program& program) {
  auto options = std::make_shared<DelOptions>();
  const Verb verb =
      app.verb("del", "Delete keys",
               {"dialogdb del color", "dialogdb del a b c", "dialogdb del --prefix cache/"});
  verb.option("keys", options->keys, "The keys").type("KEY");
  verb.option(
          "--prefix",
          [options](const std::string& prefix) {
            options->prefix = prefix;
            options->has_prefix = true;
          },
          "Delete every key that starts with this")
      .type("PREFIX");
  verb.flag("-f,--ignore-missing", options->ignore_missing, "Let absent keys pass");
  add_revision_option(verb, options->wants_revision);
  add_branch_option(verb, options->branch);
  add_key_format(verb, options->formats);
  program.on(verb, [options](Program& running) { return run_del(running, *options); });
}

}  // namespace dialog::cli
