#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "dialog/identity/did.hpp"
#include "dialog/server/tokens.hpp"
#include "token_file.hpp"
#include "usage.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

constexpr std::uint64_t kTokenDaysMax = 36500;

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

Result<void> generate(Program& program, const KeyOptions& options) {
  const SecretKey key = SecretKey::generate();
  const std::string did = Did::of(key.public_key()).text();
  if (options.file == "-") {
    show_new_key(program.output(), did, key);
    return {};
  }
  DIALOG_TRY(write_key_file(program.resolve(options.file), key, Replace::no));
  program.output().json() ? program.output().document(Json{{"did", did}, {"file", options.file}})
                          : program.output().line(did);
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
  program.output().json() ? program.output().document(Json{{"did", did}, {"file", path}})
                          : program.output().line(did);
  return {};
}

struct TokenOptions {
  std::string name;
  std::string access = "write";
  std::vector<std::string> subjects;
  unsigned days = 0;
  std::string tokens_file;
  std::string out = "-";
  [[nodiscard]] bool shows_secret() const { return out == "-"; }
};

// Of the line and the secret's file either both are there afterwards or none.
Result<void> store_token(const Program& program, const TokenOptions& options,
                         const server::NewToken& made) {
  std::unique_ptr<TokenFile> tokens;
  if (!options.tokens_file.empty()) {
    DIALOG_ASSIGN(tokens, TokenFile::open(program.resolve(options.tokens_file)));
    if (tokens->has_token(options.name)) {
      return fail(ErrorCode::invalid_argument,
                  options.tokens_file + " holds a token named " + in_quotes(options.name) +
                      " already; choose another name, or remove its line first");
    }
  }
  const bool has_file = !options.shows_secret();
  const std::string file = program.resolve(options.out);
  if (has_file) DIALOG_TRY(write_secret_file(file, made.secret + "\n", Replace::no));
  if (!tokens) return {};
  auto appended = tokens->append(made.line);
  if (!appended && has_file) std::remove(file.c_str());
  return appended;
}

Result<void> make_token(Program& program, const TokenOptions& options) {
  server::Token token;
  token.name = options.name;
  token.access = *server::parse_access(options.access);
  if (!options.subjects.empty()) token.subjects = options.subjects;
  if (options.days > 0) {
    // In whole seconds, as the line tells it.
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(system_clock().wall());
    token.expires = now + std::chrono::hours(24) * options.days;
  }
  DIALOG_ASSIGN(server::NewToken made, server::make_token(std::move(token)));
  DIALOG_TRY(store_token(program, options, made));
  Output& output = program.output();
  if (output.json()) {
    Json document{{"name", options.name}, {"line", made.line}};
    if (options.shows_secret()) document["secret"] = made.secret;
    output.document(document);
  } else {
    if (options.tokens_file.empty()) output.line("For the server's token file: " + made.line);
    if (options.shows_secret()) output.line("For the client, shown only once: " + made.secret);
  }
  wipe(made.secret);
  return {};
}

void add_token(CLI::App& key, Program& program) {
  auto options = std::make_shared<TokenOptions>();
  CLI::App* const verb = program.verb(
      key, "token", "Make a token for a server: a secret for the client, a line for the server",
      {"dialogdb key token --name laptop --tokens server/tokens --out laptop.token",
       "dialogdb key token --name reader --access read --subject did:key:z6Mk... --days 30"});
  verb->add_option("--name", options->name, "Goes on record as the author of what it publishes")
      ->required()
      ->type_name("NAME");
  verb->add_option("--access", options->access, "read, write or admin")
      ->check(CLI::IsMember({"read", "write", "admin"}))
      ->capture_default_str()
      ->type_name("ACCESS");
  verb->add_option("--subject", options->subjects, "Only for this DID; may be repeated")
      ->type_name("DID")
      ->expected(1)
      ->take_all();
  verb->add_option("--days", options->days, "Valid for so many days; by default for ever")
      ->transform(whole_number(1, kTokenDaysMax))
      ->type_name("N");
  verb->add_option("--tokens", options->tokens_file, "Add the line to the server's token file")
      ->type_name("FILE");
  verb->add_option("--out", options->out, "Write the secret to a new file instead of showing it")
      ->type_name("FILE");
  program.on(verb, [options](Program& running) { return make_token(running, *options); });
}

}  // namespace

void add_key(CLI::App& app, Program& program) {
  auto options = std::make_shared<KeyOptions>();
  CLI::App* const key =
      program.verb(app, "key", "Make and show keys and tokens",
                   {"dialogdb key show", "dialogdb key generate --out backup.key",
                    "dialogdb key import backup.key", "dialogdb key token --name laptop"});
  key->require_subcommand(1);

  CLI::App* verb = program.verb(*key, "generate", "Make a key pair; shows its did:key",
                                {"dialogdb key generate --out my.key"});
  verb->add_option("--out", options->file, "A new file for the secret key; '-' shows it")
      ->required()
      ->type_name("FILE");
  program.on(verb, [options](Program& running) { return generate(running, *options); });

  verb = program.verb(*key, "show", "Show the did:key of the repository's key, or of a file", {});
  verb->add_option("file", options->file, "A secret key")->type_name("FILE");
  verb->add_flag("--secret", options->secret, "Show the secret key itself");
  program.on(verb, [options](Program& running) { return show(running, *options); });

  verb = program.verb(*key, "import", "Give the repository a secret key", {});
  verb->add_option("file", options->file, "The secret key; '-' is standard input")
      ->required()
      ->type_name("FILE");
  verb->add_flag("--force", options->force, "Replace the key that is there");
  program.on(verb, [options](Program& running) { return import(running, *options); });
  add_token(*key, program);
}

}  // namespace dialog::cli
