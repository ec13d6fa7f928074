#include "link_options.hpp"

#include <utility>

namespace dialog::cli {
namespace {

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<AuthMethod> authenticate(const Program& program, const SignatureSource& signature) {
  std::string path = signature.key_file;
  if (path.empty()) {
    DIALOG_ASSIGN(const Location location, program.find_repository());
    path = location.key_file();
  }
  auto key = read_key_file(path);
  if (!key) {
    return fail(ErrorCode::unauthorized,
                "the key that signs for this remote cannot be read: " + key.error().message);
  }
  if (signature.capability_file.empty()) return AuthMethod::did_key(*std::move(key));
  auto text = read_small_file(signature.capability_file);
  if (!text) {
    return fail(ErrorCode::unauthorized,
                "the capability for this remote cannot be read: " + text.error().message);
  }
  auto capability = Capability::from_text(*text);
  if (!capability) return fail(capability.error().within(signature.capability_file));
  if (capability->audience() != key->public_key()) {
    return fail(ErrorCode::unauthorized, signature.capability_file + " was given to " +
                                             Did::of(capability->audience()).text() +
                                             ", but the key that signs is that of " +
                                             Did::of(key->public_key()).text());
  }
  return AuthMethod::did_key(*std::move(key), *std::move(capability));
}

}  // namespace

Result<AuthMethod> authenticate(const Program& program, const TokenSource& token) {
  if (!token.variable.empty()) {
    const auto value = program.surroundings().variable(token.variable);
    if (!value || value->empty()) {
      return fail(ErrorCode::unauthorized,
                  "the token of this remote is taken from the environment "
                  "variable " +
                      token.variable + ", which is not set");
    }
    return AuthMethod::bearer(*value);
  }
  if (token.file.empty()) return AuthMethod::none();
  auto text = read_small_file(token.file);
  if (!text) {
    return fail(ErrorCode::unauthorized,
                "the token of this remote cannot be read: " + text.error().message);
  }
  const std::string secret = without_line_end(*std::move(text));
  if (secret.empty()) return fail(ErrorCode::unauthorized, token.file + " holds no token");
  return AuthMethod::bearer(secret);
}

Result<RestBackendConfig> configure(const Program& program, const std::string& url,
                                    const LinkOptions& options) {
  DIALOG_ASSIGN(AuthMethod auth, options.signature.on ? authenticate(program, options.signature)
                                                      : authenticate(program, options.token));
  RestBackendConfig config(url);
  config.with_auth(std::move(auth));
  // Where nothing is published, another web server would look the same.
  config.with_capabilities_required();
  if (options.allow_plain_http) config.with_plain_http_credentials();
  return config;
}

void add_link_options(Verb verb, LinkOptions& options) {
  const Option file =
      verb.option("--token-file", options.token.file,
                  "A file that holds the token; its path is remembered, not the token");
  file.type("FILE");
  const Option variable =
      verb.option("--token-env", options.token.variable,
                  "An environment variable that holds the token; its name is remembered");
  variable.type("VAR").excludes(file);
  const Option sign = verb.flag("--sign", options.signature.on,
                                "Sign every request instead, with the repository's key");
  sign.excludes(file).excludes(variable);
  verb.option("--key", options.signature.key_file,
              "Sign with the key in this file; its path is remembered")
      .type("FILE")
      .needs(sign);
  verb.option("--capability", options.signature.capability_file,
              "What 'dialogdb delegate' gave to that key; the file's path is remembered")
      .type("FILE")
      .needs(sign);
  verb.option("--ca-file", options.ca_file,
              "Trust the certificates in this file instead of the system's; its path is "
              "remembered")
      .type("FILE");
  verb.flag("--insecure-token", options.allow_plain_http,
            "Send the token over plain HTTP too, where everybody on the way can read it");
  verb.option("--archive", options.archive,
              "With a remote in etcd: where the blocks are, s3://BUCKET/PREFIX")
      .type("URL");
}

Result<void> settle(Program& program, LinkOptions& options) {
  for (std::string* const path :
       {&options.token.file, &options.ca_file, &options.signature.key_file,
        &options.signature.capability_file}) {
    if (path->empty()) continue;
    DIALOG_ASSIGN(*path, absolute_path(program.resolve(*path)));
  }
  const auto warn = [&](const std::string& path, const std::string& what) {
    if (path.empty() || !is_readable_by_others(path)) return;
    program.output().warn("others on this machine can read the " + what + ": chmod 600 " + path);
  };
  warn(options.token.file, "token");
  warn(options.signature.key_file, "key");
  return {};
}

Result<SecretKey> signing_key(Program& program, const std::string& path) {
  std::string file = program.resolve(path);
  if (path.empty()) {
    DIALOG_ASSIGN(const Location location, program.find_repository());
    file = location.key_file();
  }
  auto key = read_key_file(file);
  if (!key && key.error().code == ErrorCode::not_found && path.empty()) {
    return fail(ErrorCode::not_found,
                "this repository has no secret key; name one with --key FILE, or give the "
                "repository one with 'dialogdb key import FILE'");
  }
  if (!key) return fail(std::move(key).error());
  if (is_readable_by_others(file))
    program.output().warn("others on this machine can read this key: chmod 600 " + file);
  return key;
}

std::map<std::string, std::string> to_record(const LinkOptions& options) {
  std::map<std::string, std::string> record;
  if (!options.token.file.empty()) record["token_file"] = options.token.file;
  if (!options.token.variable.empty()) record["token_env"] = options.token.variable;
  if (!options.ca_file.empty()) record["ca_file"] = options.ca_file;
  if (options.allow_plain_http) record["insecure_token"] = "true";
  if (!options.archive.empty()) record["archive"] = options.archive;
  const SignatureSource& signature = options.signature;
  if (signature.on) record["sign"] = "true";
  if (!signature.key_file.empty()) record["key_file"] = signature.key_file;
  if (!signature.capability_file.empty()) record["capability_file"] = signature.capability_file;
  return record;
}

LinkOptions from_record(const std::map<std::string, std::string>& record) {
  LinkOptions options;
  const auto find = [&](const char* name) {
    const auto found = record.find(name);
    return found == record.end() ? std::string() : found->second;
  };
  options.token.file = find("token_file");
  options.token.variable = find("token_env");
  options.ca_file = find("ca_file");
  options.archive = find("archive");
  options.allow_plain_http = find("insecure_token") == "true";
  options.signature = {find("sign") == "true", find("key_file"), find("capability_file")};
  return options;
}

}  // namespace dialog::cli
