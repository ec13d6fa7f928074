#include <memory>

#include "commands.hpp"
#include "dialog/identity/did.hpp"
#include "dialog/remote/backend_error.hpp"
#include "sync_report.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct RemoteOptions {
  std::string name;
  std::string url;
  std::string subject;
  LinkOptions link;
  bool no_token = false;
  bool no_sign = false;
  bool offline = false;
};

Json remote_document(const Remote& remote) {
  const LinkOptions link = from_record(remote.options);
  Json document{{"name", remote.name}, {"url", remote.url}, {"subject", remote.subject}};
  if (!link.token.file.empty()) document["token_file"] = link.token.file;
  if (!link.token.variable.empty()) document["token_env"] = link.token.variable;
  if (!link.ca_file.empty()) document["ca_file"] = link.ca_file;
  if (link.allow_plain_http) document["insecure_token"] = true;
  if (!link.archive.empty()) document["archive_url"] = link.archive;
  const SignatureSource& signature = link.signature;
  if (signature.on) document["sign"] = true;
  if (!signature.key_file.empty()) document["key_file"] = signature.key_file;
  if (!signature.capability_file.empty()) document["capability_file"] = signature.capability_file;
  return document;
}

Result<void> apply_url(Remote& remote, const RemoteOptions& options) {
  if (!options.url.empty()) {
    DIALOG_ASSIGN(const RemoteAddress address, parse_address(options.url));
    remote.url = address.url;
    if (address.subject) remote.subject = *address.subject;
  }
  if (!options.subject.empty()) remote.subject = options.subject;
  if (remote.subject.empty()) {
    return fail(ErrorCode::invalid_argument,
                "this repository has no subject of its own; name one with --subject DID");
  }
  DIALOG_TRY(Did::parse(remote.subject));
  return {};
}

// A remote gets a token or signatures: what is given now replaces what was; the rest stays.
Result<void> apply_link(Program& program, Remote& remote, const RemoteOptions& options) {
  LinkOptions given = options.link;
  DIALOG_TRY(settle(program, given));
  LinkOptions link = from_record(remote.options);
  const bool has_token = !given.token.file.empty() || !given.token.variable.empty();
  const bool has_credentials = has_token || given.signature.on;
  if (has_credentials || options.no_token) link.token = given.token;
  if (has_credentials || options.no_sign) link.signature = given.signature;
  if (has_credentials || options.no_token || given.allow_plain_http)
    link.allow_plain_http = given.allow_plain_http;
  if (!given.archive.empty()) link.archive = given.archive;
  if (!given.ca_file.empty()) link.ca_file = given.ca_file;
  remote.options = to_record(link);
  return {};
}

Result<void> add(Program& program, const RemoteOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  Repository& repository = workspace->repository();
  Remote remote;
  remote.name = options.name;
  remote.subject = repository.subject();
  DIALOG_TRY(apply_url(remote, options));
  DIALOG_TRY(apply_link(program, remote, options));
  DIALOG_TRY(check_places(remote));
  DIALOG_TRY(repository.add_remote(remote));
  DIALOG_ASSIGN(const std::string name, repository.default_branch());
  DIALOG_ASSIGN(const Branch branch, repository.branch(name));
  if (!branch.upstream) {
    DIALOG_TRY(repository.set_upstream(name, remote.name));
    program.output().note("Branch " + name + " now has the upstream " + remote.name);
  }
  if (program.output().json()) program.output().document(remote_document(remote));
  return {};
}

Result<void> change(Program& program, const RemoteOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(Remote remote, workspace->repository().remote(options.name));
  DIALOG_TRY(apply_url(remote, options));
  DIALOG_TRY(apply_link(program, remote, options));
  DIALOG_TRY(check_places(remote));
  DIALOG_TRY(workspace->repository().update_remote(remote));
  if (program.output().json()) program.output().document(remote_document(remote));
  return {};
}

Result<void> remove(Program& program, const RemoteOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_TRY(workspace->repository().remove_remote(options.name));
  if (program.output().json()) program.output().document(Json{{"removed", options.name}});
  return {};
}

Result<void> list(Program& program) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const std::vector<Remote> remotes, workspace->repository().remotes());
  for (const Remote& remote : remotes) {
    if (program.output().json()) {
      program.output().document(remote_document(remote));
    } else {
      program.output().line(remote.name + "\t" + remote.url + "\t" + remote.subject);
    }
  }
  return {};
}

// What the remote itself says: its head, and whether it keeps blocks.
Result<void> ask(Program& program, const Remote& remote, Json& document) {
  DIALOG_ASSIGN(const auto link, Link::open(program, remote));
  auto head = link->backend().fetch_head(link->subject(), program.context());
  if (head) {
    document["revision"] = head->revision.hex();
    if (head->sequence) document["sequence"] = *head->sequence;
  } else if (Error error = head.error().to_error(); error.code == ErrorCode::not_found) {
    document["revision"] = nullptr;
  } else {
    return fail(std::move(error));
  }
  DIALOG_ASSIGN(const auto capabilities, link->capabilities(program.context()));
  document["archive"] = capabilities ? Json(capabilities->archive) : Json(nullptr);
  document["history"] = capabilities ? Json(capabilities->history) : Json(nullptr);
  document["signatures"] = capabilities ? Json(capabilities->signatures) : Json(nullptr);
  return {};
}

Result<void> show(Program& program, const RemoteOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Remote remote, workspace->repository().remote(options.name));
  Json document = remote_document(remote);
  if (!options.offline) {
    if (auto asked = ask(program, remote, document); !asked) {
      DIALOG_ASSIGN(const std::string branch, workspace->repository().default_branch());
      return fail(advised(std::move(asked).error(), remote, branch));
    }
  }
  if (program.output().json()) {
    program.output().document(document);
    return {};
  }
  for (const auto& [name, value] : document.members()) {
    program.output().line(name + ": " + value.to_plain());
  }
  return {};
}

Verb add_named(Verb parent, const std::string& name, const std::string& description,
               const std::shared_ptr<RemoteOptions>& options,
               const std::vector<std::string>& examples) {
  const Verb verb = parent.verb(name, description, examples);
  verb.option("name", options->name, "The remote's name here").required().type("NAME");
  return verb;
}

}  // namespace

void add_remote(Verb app, Program& program) {
  auto options = std::make_shared<RemoteOptions>();
  const Verb remote =
      app.verb("remote", "Add, change, remove, list and look at remotes",
               {"dialogdb remote add origin http://127.0.0.1:8440",
                "dialogdb remote add origin https://example.org/register --token-file ~/.token",
                "dialogdb remote add origin https://example.org --sign",
                "dialogdb remote add backup s3://bucket/prefix?region=eu-central-1",
                "dialogdb remote add shared etcd://10.0.0.1/notes --archive s3://bucket/notes",
                "dialogdb remote show origin"});
  remote.require_verb(0, 1);
  program.on(remote, list);
  program.on(remote.verb("list", "List the remotes", {}), list);

  Verb verb = add_named(remote, "add", "Add a remote", options,
                        {"dialogdb remote add origin http://127.0.0.1:8440",
                         "dialogdb remote add other https://example.org/did:key:z6Mk...",
                         "dialogdb remote add team https://db.org --sign --capability t.cap"});
  verb.option("url", options->url, "Its address, maybe with a DID behind it")
      .required()
      .type("URL");
  verb.option("--subject", options->subject, "The DID; by default the repository's own")
      .type("DID");
  add_link_options(verb, options->link);
  program.on(verb, [options](Program& running) { return add(running, *options); });

  verb = add_named(remote, "set", "Change a remote", options,
                   {"dialogdb remote set origin --url https://example.org",
                    "dialogdb remote set origin --token-env MY_TOKEN"});
  verb.option("--url", options->url, "Its new address").type("URL");
  verb.option("--subject", options->subject, "Its new DID").type("DID");
  verb.flag("--no-token", options->no_token, "Send no token any more");
  verb.flag("--no-sign", options->no_sign, "Sign no requests any more");
  add_link_options(verb, options->link);
  program.on(verb, [options](Program& running) { return change(running, *options); });

  verb = add_named(remote, "remove", "Remove a remote and what is known of it", options, {});
  program.on(verb, [options](Program& running) { return remove(running, *options); });

  verb = add_named(remote, "show", "Show a remote, and ask it for its head", options, {});
  verb.flag("--offline", options->offline, "Do not ask it");
  program.on(verb, [options](Program& running) { return show(running, *options); });
}

}  // namespace dialog::cli
