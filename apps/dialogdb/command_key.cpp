#include <memory>

#include "commands.hpp"
#include "dialog/identity/did.hpp"
#include "dialog/server/tokens.hpp"
#include "range_options.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct KeyOptions {
  std::string file;
  bool secret = false;
  bool force = false;
};

Result<void> write_secret(Program& program, const std::string& path, std::string text,
                          Replace replace) {
  Result<void> result;
  if (path == "-") {
    program.output().line(text);
  } else {
    result = write_secret_file(program.resolve(path), text + "\n", replace);
  }
  wipe(text);
  return result;
}

Result<void> generate(Program& program, const KeyOptions& options) {
  const SecretKey key = SecretKey::generate();
  DIALOG_TRY(write_secret(program, options.file, key.to_text(), Replace::no));
  const std::string did = Did::of(key.public_key()).text();
  if (program.output().json()) {
    if (options.file != "-") program.output().document(Json{{"did", did}, {"file", options.file}});
  } else if (options.file != "-") {
    program.output().line(did);
  } else {
    program.output().note(did);
  }
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
  DIALOG_ASSIGN(const SecretKey key, read_key_file(program.resolve(options.file)));
  const std::string did = Did::of(key.public_key()).text();
  const std::string path = workspace->location().key_file();
  auto written =
      write_secret(program, path, key.to_text(), options.force ? Replace::yes : Replace::no);
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
  std::string out;
};

Result<void> append_token_line(const std::string& path, const std::string& line) {
  std::string content;
  if (auto present = read_small_file(path)) {
    content = *std::move(present);
  } else if (present.error().code != ErrorCode::not_found) {
    return fail(std::move(present).error());
  }
  if (!content.empty() && content.back() != '\n') content += '\n';
  content += line + "\n";
  // What the server would refuse must not get there.
  if (auto parsed = server::TokenSet::parse(content); !parsed) {
    return fail(parsed.error().within(path));
  }
  return write_secret_file(path, content, Replace::yes);
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
  if (!options.out.empty()) {
    DIALOG_TRY(write_secret(program, options.out, made.secret, Replace::no));
  }
  if (!options.tokens_file.empty()) {
    DIALOG_TRY(append_token_line(program.resolve(options.tokens_file), made.line));
  }
  Output& output = program.output();
  if (output.json()) {
    Json document{{"name", options.name}, {"line", made.line}};
    if (options.out.empty()) document["secret"] = made.secret;
    output.document(document);
  } else {
    if (options.tokens_file.empty()) output.line("For the server's token file: " + made.line);
    if (options.out.empty()) output.line("For the client, shown only once: " + made.secret);
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
      ->check(CLI::Range(1, 36500))
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
