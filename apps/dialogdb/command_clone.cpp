#include <memory>

#include "commands.hpp"
#include "dialog/identity/did.hpp"
#include "new_repository_folder.hpp"
#include "sync_report.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct CloneOptions {
  std::string url;
  std::string folder;
  std::string subject;
  std::string remote = "origin";
  std::string branch = "main";
  bool lazy = false;
  bool allow_empty = false;
  LinkOptions link;
  SyncVerbOptions sync;
};

Result<Remote> make_remote(Program& program, const CloneOptions& options) {
  DIALOG_ASSIGN(const RemoteAddress address, parse_address(options.url));
  if (!options.subject.empty() && address.subject && *address.subject != options.subject) {
    return fail(ErrorCode::invalid_argument,
                "the address names " + *address.subject + ", --subject names " + options.subject);
  }
  if (options.subject.empty() && !address.subject) {
    return fail(ErrorCode::invalid_argument, "whose database? Put its DID behind the address (" +
                                                 options.url +
                                                 "/did:key:...) or name it with --subject");
  }
  const std::string subject = options.subject.empty() ? *address.subject : options.subject;
  DIALOG_TRY(Did::parse(subject));
  LinkOptions link = options.link;
  if (link.signature.on && link.signature.key_file.empty()) {
    return fail(ErrorCode::invalid_argument,
                "a new repository has no key to sign with yet; name one with --key FILE");
  }
  DIALOG_TRY(settle(program, link));
  return Remote{options.remote, address.url, subject, to_record(link)};
}

Result<Repository::Cloned> clone_into(LogRepositoryStore& store, Link& link, const Remote& remote,
                                      const CloneOptions& options, const SyncOptions& sync) {
  Repository::Clone clone;
  clone.create.branch = options.branch;
  clone.create.partial = options.lazy;
  clone.create.subject = remote.subject;
  clone.remote = remote;
  clone.allow_empty = options.allow_empty;
  OpenRepository open;
  if (options.lazy) open.read_through = &link.blocks();
  auto cloned = Repository::clone(store, system_clock(), link.connection(), clone, sync, open);
  if (cloned) return cloned;
  Error error = at_remote(std::move(cloned).error(), remote);
  if (error.code == ErrorCode::not_found) error.message += " (--allow-empty)";
  if (error.code == ErrorCode::unauthorized) {
    error.message +=
        ". Name a token with --token-file FILE or --token-env VAR, or a key with --sign "
        "--key FILE";
  }
  return fail(std::move(error));
}

Result<void> run_clone(Program& program, const CloneOptions& options) {
  DIALOG_ASSIGN(const Remote remote, make_remote(program, options));
  DIALOG_ASSIGN(const Location location, Location::in(program.resolve(options.folder)));
  DIALOG_ASSIGN(const auto link, Link::open(program, remote));
  DIALOG_ASSIGN(NewRepositoryFolder folder, NewRepositoryFolder::make(location));
  Json document{{"verb", "clone"}, {"repository", location.folder()}, {"subject", remote.subject}};
  std::string text;
  Moved moved;
  {
    SyncRun run(program, options.sync, *link, "cloning");
    DIALOG_ASSIGN(const auto store,
                  LogRepositoryStore::open(folder.database(), store_options(StoreOpen::create)));
    DIALOG_ASSIGN(const Repository::Cloned cloned,
                  clone_into(*store, *link, remote, options, run.options()));
    document.update(pull_document(cloned.pull.outcome));
    text = "Cloned " + cloned.pull.outcome.after.hex() + " into " + location.folder();
    moved = run.moved(cloned.pull.stats.traffic);
  }
  DIALOG_TRY(folder.publish());
  print_result(program.output(), options.sync, std::move(document), text, moved);
  return {};
}

}  // namespace

void add_clone(Verb app, Program& program) {
  auto options = std::make_shared<CloneOptions>();
  const Verb verb = app.verb(
      "clone", "Make a repository from what a remote holds",
      {"dialogdb clone http://127.0.0.1:8440/did:key:z6Mk... notes",
       "dialogdb clone --lazy --subject did:key:z6Mk... https://example.org/register notes",
       "dialogdb clone --sign --key my.key --capability team.cap "
       "https://example.org/did:key:z6Mk... "
       "team"});
  verb.option("url", options->url, "The remote's address, maybe with the DID behind it")
      .required()
      .type("URL");
  verb.option("folder", options->folder, "Where to").required().type("DIR");
  verb.option("--subject", options->subject, "The DID that owns the database").type("DID");
  verb.option("--name", options->remote, "The remote's name here").type("NAME").show_default();
  verb.option("--branch", options->branch, "The branch's name here").type("NAME").show_default();
  verb.flag("--lazy", options->lazy, "Get blocks only when they are read");
  verb.flag("--allow-empty", options->allow_empty,
            "Where nothing is published yet, begin with an empty database");
  add_link_options(verb, options->link);
  add_stats_option(verb, options->sync);
  program.on(verb, [options](Program& running) { return run_clone(running, *options); });
}

}  // namespace dialog::cli
