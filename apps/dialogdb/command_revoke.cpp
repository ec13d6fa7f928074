#include <memory>

#include "commands.hpp"
#include "dialog/http/revocation_client.hpp"
#include "link.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct RevokeOptions {
  std::string what;
  std::string remote;
  std::string key_file;
  bool list = false;
};

Result<wire::RevokeMessage> message_of(const Program& program, const std::string& what) {
  wire::RevokeMessage message;
  message.id = Hash::from_hex(what);
  if (message.id) return message;
  DIALOG_ASSIGN(const std::string text, read_small_file(program.resolve(what)));
  auto capability = Capability::from_text(text);
  if (!capability) return fail(capability.error().within(what));
  message.capability = capability->text();
  return message;
}

Json revocation_document(const Revocation& revocation) {
  return Json{{"id", revocation.capability.hex()}, {"until", readable_time(revocation.expires)}};
}

Result<Remote> chosen_remote(const Repository& repository, const std::string& name) {
  if (!name.empty()) return repository.remote(name);
  DIALOG_ASSIGN(const std::optional<Remote> remote, default_remote(repository));
  if (!remote) return fail(ErrorCode::invalid_argument, "which remote? Name it with --remote NAME");
  return *remote;
}

Result<void> list(Program& program, const RestBackendConfig& config, const Link& link) {
  DIALOG_ASSIGN(const auto revocations,
                fetch_revocations(config, link.transport(), link.subject(), program.context()));
  for (const Revocation& revocation : revocations) {
    if (program.output().json()) {
      program.output().document(revocation_document(revocation));
    } else {
      program.output().line(revocation.capability.hex() + "\t" + readable_time(revocation.expires));
    }
  }
  return {};
}

Result<void> run_revoke(Program& program, const RevokeOptions& options) {
  if (options.list != options.what.empty()) {
    return fail(ErrorCode::invalid_argument,
                "name a capability by its file or its id, or say --list");
  }
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Remote remote, chosen_remote(workspace->repository(), options.remote));
  DIALOG_ASSIGN(const auto link, Link::open(program, remote));
  DIALOG_ASSIGN(RestBackendConfig config,
                configure(program, remote.url, from_record(remote.options)));
  if (!options.key_file.empty() ||
      (!config.auth().signing_key() && !config.auth().bearer_token())) {
    DIALOG_ASSIGN(SecretKey key, signing_key(program, options.key_file));
    config.with_auth(AuthMethod::did_key(std::move(key)));
  }
  if (options.list) return list(program, config, *link);
  DIALOG_ASSIGN(const auto message, message_of(program, options.what));
  DIALOG_ASSIGN(const Revocation revocation,
                revoke(config, link->transport(), link->subject(), message, program.context()));
  if (program.output().json()) {
    program.output().document(revocation_document(revocation));
  } else {
    program.output().line("Revoked " + revocation.capability.hex() + " at " + remote.url);
  }
  return {};
}

}  // namespace

void add_revoke(Verb app, Program& program) {
  auto options = std::make_shared<RevokeOptions>();
  const Verb verb = app.verb("revoke", "Take back at a remote what 'dialogdb delegate' gave",
                             {"dialogdb revoke reader.cap",
                              "dialogdb revoke 3f0c5a...   # the id that 'dialogdb delegate' told",
                              "dialogdb revoke --list"});
  verb.option("capability", options->what, "Its file or its id").type("FILE|ID");
  verb.option("--remote", options->remote, "Where; by default at the upstream").type("NAME");
  verb.option("--key", options->key_file,
              "The key that signs; by default the one that signs for the remote, or the "
              "repository's")
      .type("FILE");
  verb.flag("--list", options->list, "Show what is revoked there");
  program.on(verb, [options](Program& running) { return run_revoke(running, *options); });
}

}  // namespace dialog::cli
