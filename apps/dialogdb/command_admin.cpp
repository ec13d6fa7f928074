#include <charconv>
#include <memory>

#include "commands.hpp"
#include "dialog/backends/rest.hpp"
#include "dialog/http/admin_client.hpp"
#include "link.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kSubjectsAtOnce = 100;
constexpr const char* kNone = "none";

struct AdminOptions {
  std::string url;
  std::string did;
  LinkOptions link;
  bool yes = false;
  std::string blocks;
  std::string bytes;
  bool use_default = false;
};

/// A server, and the subject on it that a verb is about.
struct Target {
  AdminClient client;
  std::optional<Subject> subject;
};

Result<Target> connect(const Program& program, const AdminOptions& options) {
  DIALOG_ASSIGN(const RemoteAddress address, parse_address(options.url));
  LinkOptions link = options.link;
  if (!link.token.file.empty()) link.token.file = program.resolve(link.token.file);
  DIALOG_ASSIGN(const RestBackendConfig config, configure(program, address.url, link));
  DIALOG_ASSIGN(AdminClient client, AdminClient::create(config, make_http_transport()));
  const std::string did = options.did.empty() ? address.subject.value_or("") : options.did;
  if (did.empty()) return Target{std::move(client), std::nullopt};
  DIALOG_ASSIGN(Subject subject, Subject::parse(did));
  return Target{std::move(client), std::move(subject)};
}

Result<Target> connect_to_subject(const Program& program, const AdminOptions& options) {
  DIALOG_ASSIGN(Target target, connect(program, options));
  if (target.subject) return target;
  return fail(ErrorCode::invalid_argument, "name the subject: URL DID, or URL/DID");
}

Json bound_json(const std::optional<std::uint64_t>& bound) { return bound ? Json(*bound) : Json(); }

Json quota_json(const Quota& quota) {
  return Json{{"blocks", bound_json(quota.blocks)}, {"bytes", bound_json(quota.bytes)}};
}

std::string describe(const Usage& usage) {
  return counted(usage.blocks, "block", "blocks") + ", " + readable_bytes(usage.bytes);
}

std::string describe(const Quota& quota) {
  const std::string blocks = quota.blocks ? counted(*quota.blocks, "block", "blocks") : "";
  const std::string bytes = quota.bytes ? readable_bytes(*quota.bytes) : "";
  if (blocks.empty() && bytes.empty()) return kNone;
  return blocks + (blocks.empty() || bytes.empty() ? "" : ", ") + bytes;
}

void show(Output& output, const ServerStore::Entry& entry) {
  if (output.json()) {
    Json document{{"id", entry.id.hex()}};
    document["did"] = entry.did.empty() ? Json() : Json(entry.did);
    document["revision"] = entry.head ? Json(entry.head->revision.hex()) : Json();
    document["sequence"] = entry.head ? Json(entry.head->sequence) : Json();
    document["time_ms"] = entry.head ? Json(entry.head->time.count()) : Json();
    document["blocks"] = entry.usage.blocks;
    document["bytes"] = entry.usage.bytes;
    document["quota"] = entry.quota ? quota_json(*entry.quota) : Json();
    output.document(document);
    return;
  }
  std::string row = entry.did.empty() ? "(id " + entry.id.hex() + ")" : entry.did;
  row += "\t" + (entry.head ? "swap " + std::to_string(entry.head->sequence) + ", " +
                                  readable_time(entry.head->time)
                            : "never published");
  row += "\t" + describe(entry.usage);
  if (entry.quota) row += "\tquota: " + describe(*entry.quota);
  output.line(row);
}

Result<void> list(Program& program, const AdminOptions& options) {
  DIALOG_ASSIGN(Target target, connect(program, options));
  std::optional<Hash> after;
  while (program.output().takes_more()) {
    DIALOG_ASSIGN(const ServerStore::Page page,
                  target.client.list(after, kSubjectsAtOnce, program.context()));
    for (const ServerStore::Entry& entry : page.entries) show(program.output(), entry);
    if (page.complete) break;
    if (page.entries.empty()) {
      return fail(ErrorCode::not_a_remote, "the server's list of subjects does not go on");
    }
    after = page.entries.back().id;
  }
  return {};
}

Result<void> show_usage(Program& program, const AdminOptions& options) {
  DIALOG_ASSIGN(Target target, connect_to_subject(program, options));
  DIALOG_ASSIGN(const wire::UsageMessage message,
                target.client.usage(*target.subject, program.context()));
  if (program.output().json()) {
    program.output().document(Json{{"did", target.subject->did()},
                                   {"blocks", message.usage.blocks},
                                   {"bytes", message.usage.bytes},
                                   {"quota", quota_json(message.quota)}});
  } else {
    program.output().line(describe(message.usage) + "\tquota: " + describe(message.quota));
  }
  return {};
}

Result<void> remove(Program& program, const AdminOptions& options) {
  DIALOG_ASSIGN(Target target, connect_to_subject(program, options));
  const Subject& subject = *target.subject;
  if (!options.yes) {
    DIALOG_ASSIGN(const wire::UsageMessage message,
                  target.client.usage(subject, program.context()));
    return fail(ErrorCode::invalid_argument,
                "this removes " + subject.did() + " with its history and " +
                    describe(message.usage) + " from the server, for good; say --yes if it shall");
  }
  DIALOG_ASSIGN(const bool removed, target.client.remove(subject, program.context()));
  if (!removed) {
    return fail(ErrorCode::not_found, "the server keeps nothing under " + subject.did());
  }
  if (program.output().json()) program.output().document(Json{{"removed", subject.did()}});
  return {};
}

Result<void> read_bound(const std::string& text, std::optional<std::uint64_t>& bound) {
  if (text.empty()) return {};
  if (text == kNone) {
    bound.reset();
    return {};
  }
  std::uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last) {
    return fail(ErrorCode::invalid_argument,
                "a bound is a whole number or 'none', not \"" + text + "\"");
  }
  bound = number;
  return {};
}

Result<void> change_quota(Program& program, const AdminOptions& options) {
  DIALOG_ASSIGN(Target target, connect_to_subject(program, options));
  const Subject& subject = *target.subject;
  if (options.use_default) {
    DIALOG_TRY(target.client.set_quota(subject, std::nullopt, program.context()));
  } else if (!options.blocks.empty() || !options.bytes.empty()) {
    DIALOG_ASSIGN(const wire::UsageMessage present,
                  target.client.usage(subject, program.context()));
    Quota quota = present.quota;
    DIALOG_TRY(read_bound(options.blocks, quota.blocks));
    DIALOG_TRY(read_bound(options.bytes, quota.bytes));
    DIALOG_TRY(target.client.set_quota(subject, quota, program.context()));
  }
  return show_usage(program, options);
}

Verb add_verb(Verb admin, const char* name, const char* what,
              const std::vector<std::string>& examples,
              const std::shared_ptr<AdminOptions>& options) {
  const Verb verb = admin.verb(name, what, examples);
  verb.option("url", options->url, "The server's address").required().type("URL");
  const Option file = verb.option("--token-file", options->link.token.file,
                                  "A file that holds the token of an admin");
  file.type("FILE");
  verb.option("--token-env", options->link.token.variable, "An environment variable that holds it")
      .type("VAR")
      .excludes(file);
  verb.flag("--insecure-token", options->link.allow_plain_http,
            "Send the token over plain HTTP too, where everybody on the way can read it");
  return verb;
}

void add_subject(Verb verb, AdminOptions& options) {
  verb.option("did", options.did, "The subject, where the address does not end with it")
      .type("DID");
}

}  // namespace

void add_admin(Verb app, Program& program) {
  const Verb admin =
      app.verb("admin", "Look after the subjects of a server that runs",
               {"dialogdb admin subjects https://example.org --token-file root.token",
                "dialogdb admin usage https://example.org did:key:z6Mk...",
                "dialogdb admin quota https://example.org did:key:z6Mk... --bytes 1000000000",
                "dialogdb admin delete https://example.org did:key:z6Mk... --yes"});
  admin.require_verb(1);
  auto options = std::make_shared<AdminOptions>();

  Verb verb =
      add_verb(admin, "subjects", "List the subjects: head, blocks, bytes, and quotas of their own",
               {"dialogdb admin subjects http://127.0.0.1:8440 --json"}, options);
  program.on(verb, [options](Program& running) { return list(running, *options); });

  verb = add_verb(admin, "usage", "Show what a subject takes, and its quota",
                  {"dialogdb admin usage http://127.0.0.1:8440 did:key:z6Mk..."}, options);
  add_subject(verb, *options);
  program.on(verb, [options](Program& running) { return show_usage(running, *options); });

  verb = add_verb(admin, "delete", "Remove a subject with its history and blocks",
                  {"dialogdb admin delete http://127.0.0.1:8440 did:key:z6Mk... --yes"}, options);
  add_subject(verb, *options);
  verb.flag("--yes", options->yes, "Do it: nothing brings the subject back");
  program.on(verb, [options](Program& running) { return remove(running, *options); });

  verb = add_verb(admin, "quota", "Show or change how much a subject may hold",
                  {"dialogdb admin quota http://127.0.0.1:8440 did:key:z6Mk... --bytes 1000000000",
                   "dialogdb admin quota http://127.0.0.1:8440 did:key:z6Mk... --blocks none",
                   "dialogdb admin quota http://127.0.0.1:8440 did:key:z6Mk... --default"},
                  options);
  add_subject(verb, *options);
  const Option blocks =
      verb.option("--blocks", options->blocks, "So many blocks at most, or 'none': any number");
  const Option bytes =
      verb.option("--bytes", options->bytes, "So many bytes at most, or 'none': any number");
  blocks.type("N");
  bytes.type("N");
  verb.flag("--default", options->use_default, "What the server gives to all others")
      .excludes(blocks)
      .excludes(bytes);
  program.on(verb, [options](Program& running) { return change_quota(running, *options); });
}

}  // namespace dialog::cli
