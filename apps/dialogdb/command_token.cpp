#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "dialog/server/tokens.hpp"
#include "token_file.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

constexpr std::uint64_t kTokenDaysMax = 36500;
constexpr const char* kWhenItCounts =
    "A server that runs reads the file anew on SIGHUP, and when it is started again";

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
                      " already; choose another name, or revoke that one first");
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

Result<void> create(Program& program, const TokenOptions& options) {
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
    if (!options.tokens_file.empty()) output.note(kWhenItCounts);
  }
  wipe(made.secret);
  return {};
}

Json token_document(const server::Token& token, WallTime now) {
  Json document{{"name", token.name}};
  document["access"] = server::to_string(token.access);
  document["subjects"] = token.subjects ? Json(*token.subjects) : Json("all");
  document["expires"] = token.expires ? Json(readable_time(*token.expires)) : Json();
  document["expired"] = token.expires && now >= *token.expires;
  return document;
}

std::string token_row(const server::Token& token, WallTime now) {
  std::string row = token.name + "\t" + std::string(server::to_string(token.access)) + "\t";
  if (!token.subjects) row += "all subjects";
  for (const std::string& did : token.subjects.value_or(std::vector<std::string>{})) {
    row += (row.back() == '\t' ? "" : " ") + did;
  }
  if (!token.expires) return row;
  return row + "\t" + (now >= *token.expires ? "expired " : "until ") +
         readable_time(*token.expires);
}

Result<void> list(Program& program, const TokenOptions& options) {
  const std::string path = program.resolve(options.tokens_file);
  DIALOG_ASSIGN(const std::string text, read_small_file(path));
  const auto tokens = server::TokenSet::parse(text);
  if (!tokens) return fail(tokens.error().within(path));
  const WallTime now = system_clock().wall();
  for (const server::Token& token : tokens->tokens()) {
    program.output().json() ? program.output().document(token_document(token, now))
                            : program.output().line(token_row(token, now));
  }
  return {};
}

Result<void> revoke(Program& program, const TokenOptions& options) {
  const std::string path = program.resolve(options.tokens_file);
  // Opening it for writing would make it.
  DIALOG_ASSIGN(const bool is_present, is_there(path));
  if (!is_present) return fail(ErrorCode::not_found, "there is no token file " + path);
  DIALOG_ASSIGN(const auto tokens, TokenFile::open(path));
  DIALOG_TRY(tokens->remove(options.name));
  Output& output = program.output();
  if (output.json()) {
    output.document(Json{{"revoked", options.name}});
  } else {
    output.note(kWhenItCounts);
  }
  return {};
}

void add_tokens_option(Verb verb, TokenOptions& options) {
  verb.option("--tokens", options.tokens_file, "The server's token file").required().type("FILE");
}

void add_create_options(Verb verb, Program& program, const std::shared_ptr<TokenOptions>& options) {
  verb.option("--access", options->access, "read, write or admin")
      .one_of({"read", "write", "admin"})
      .show_default()
      .type("ACCESS");
  verb.option("--subject", options->subjects, "Only for this DID; may be repeated")
      .type("DID")
      .repeated();
  verb.option("--days", options->days, "Valid for so many days; by default for ever")
      .number({1, kTokenDaysMax})
      .type("N");
  verb.option("--tokens", options->tokens_file, "Add the line to the server's token file")
      .type("FILE");
  verb.option("--out", options->out, "Write the secret to a new file instead of showing it")
      .type("FILE");
  program.on(verb, [options](Program& running) { return create(running, *options); });
}

}  // namespace

void add_key_token(Verb key, Program& program) {
  auto options = std::make_shared<TokenOptions>();
  const Verb verb = key.verb(
      "token", "The same as 'dialogdb token create NAME'",
      {"dialogdb key token --name laptop --tokens server/tokens --out laptop.token",
       "dialogdb key token --name reader --access read --subject did:key:z6Mk... --days 30"});
  verb.option("--name", options->name, "Goes on record as the author of what it publishes")
      .required()
      .type("NAME");
  add_create_options(verb, program, options);
}

void add_token(Verb app, Program& program) {
  const Verb token =
      app.verb("token", "Make, list and revoke the tokens of a server",
               {"dialogdb token create laptop --tokens server/tokens --out laptop.token",
                "dialogdb token list --tokens server/tokens",
                "dialogdb token revoke laptop --tokens server/tokens"});
  token.require_verb(1);

  auto options = std::make_shared<TokenOptions>();
  Verb verb = token.verb(
      "create", "Make a token: a secret for the client, a line for the server",
      {"dialogdb token create laptop --tokens server/tokens --out laptop.token",
       "dialogdb token create root --access admin --tokens server/tokens --out root.token",
       "dialogdb token create reader --access read --subject did:key:z6Mk... --days 30"});
  verb.option("name", options->name, "Goes on record as the author of what it publishes")
      .required()
      .type("NAME");
  add_create_options(verb, program, options);

  verb = token.verb("list", "List the tokens, without their secrets",
                    {"dialogdb token list --tokens server/tokens --json"});
  add_tokens_option(verb, *options);
  program.on(verb, [options](Program& running) { return list(running, *options); });

  verb = token.verb("revoke", "Remove a token, so that nobody is let in with it",
                    {"dialogdb token revoke laptop --tokens server/tokens"});
  verb.option("name", options->name, "The token's name").required().type("NAME");
  add_tokens_option(verb, *options);
  program.on(verb, [options](Program& running) { return revoke(running, *options); });
}

}  // namespace dialog::cli
