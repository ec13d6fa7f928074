#include <memory>

#include "commands.hpp"
#include "dialog/identity/did.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct KeyOptions {
  std::string file;
  bool secret = false;
  bool force = false;
};

void show_new_key(Output& output, const std::string& did, const SecretKey& key) {
  std::string secret = key.to_text();
  if (output.json()) {
    output.document(Json{{"did", did}, {"secret", secret}});
  } else {
    output.line(secret);
    output.note(did);
  }
  wipe(secret);
}

void tell_key_file(Output& output, const std::string& did, const std::string& path) {
  if (output.json()) {
    output.document(Json{{"did", did}, {"file", path}});
  } else {
    output.line(did);
  }
}

Result<void> generate(Program& program, const KeyOptions& options) {
  const SecretKey key = SecretKey::generate();
  const std::string did = Did::of(key.public_key()).text();
  if (options.file == "-") {
    show_new_key(program.output(), did, key);
    return {};
  }
  DIALOG_TRY(write_key_file(program.resolve(options.file), key, Replace::no));
  tell_key_file(program.output(), did, options.file);
  return {};
}

Result<void> show(Program& program, const KeyOptions& options) {
  std::string path = program.resolve(options.file);
  if (options.file.empty()) {
    DIALOG_ASSIGN(const Location location, program.find_repository());
    path = location.key_file();
  }
  auto key = read_key_file(path);
  if (!key && key.error().code == ErrorCode::not_found && options.file.empty()) {
    return fail(ErrorCode::not_found,
                "this repository has no secret key; 'dialogdb status' shows "
                "its subject, 'dialogdb key import FILE' gives it a key");
  }
  if (!key) return fail(std::move(key).error());
  if (is_readable_by_others(path)) {
    program.output().warn("others on this machine can read this key: chmod 600 " + path);
  }
  const std::string did = Did::of(key->public_key()).text();
  if (program.output().json()) {
    Json document{{"did", did}, {"file", path}};
    if (options.secret) document["secret"] = key->to_text();
    program.output().document(document);
  } else {
    program.output().line(options.secret ? key->to_text() : did);
  }
  return {};
}

Result<void> import(Program& program, const KeyOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const auto source, program.open_input(options.file));
  DIALOG_ASSIGN(const SecretKey key, read_key_file(*source));
  const std::string did = Did::of(key.public_key()).text();
  const std::string path = workspace->location().key_file();
  auto written = write_key_file(path, key, options.force ? Replace::yes : Replace::no);
  if (!written && written.error().code == ErrorCode::already_exists) {
    return fail(ErrorCode::already_exists,
                "this repository has a key already; --force replaces it, and then the old one is "
                "gone for good");
  }
  DIALOG_TRY(std::move(written));
  if (did != workspace->repository().subject()) {
    program.output().warn("this is the key of " + did + ", but the repository's subject is " +
                          workspace->repository().subject());
  }
  tell_key_file(program.output(), did, path);
  return {};
}

}  // namespace

void add_key(Verb app, Program& program) {
  auto options = std::make_shared<KeyOptions>();
  const Verb key = app.verb("key", "Make and show keys and tokens",
                            {"dialogdb key show", "dialogdb key generate --out backup.key",
                             "dialogdb key import backup.key", "dialogdb key token --name laptop"});
  key.require_verb(1);

  Verb verb = key.verb("generate", "Make a key pair; shows its did:key",
                       {"dialogdb key generate --out my.key"});
  verb.option("--out", options->file, "A new file for the secret key; '-' shows it")
      .required()
      .type("FILE");
  program.on(verb, [options](Program& running) { return generate(running, *options); });

  verb = key.verb("show", "Show the did:key of the repository's key, or of a file", {});
  verb.option("file", options->file, "A secret key").type("FILE");
  verb.flag("--secret", options->secret, "Show the secret key itself");
  program.on(verb, [options](Program& running) { return show(running, *options); });

  verb = key.verb("import", "Give the repository a secret key", {});
  verb.option("file", options->file, "The secret key; '-' is standard input")
      .required()
      .type("FILE");
  verb.flag("--force", options->force, "Replace the key that is there");
  program.on(verb, [options](Program& running) { return import(running, *options); });
  add_key_token(key, program);
}

}  // namespace dialog::cli
