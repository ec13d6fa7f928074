#include "commands.hpp"
#include "dialog/identity/did.hpp"
#include "new_repository_folder.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

struct InitOptions {
  std::string folder = ".";
  std::string subject;
  std::string key_file;
  std::string branch = "main";
};

struct Identity {
  std::string subject;
  std::optional<SecretKey> key;
};

Result<Identity> make_identity(const Program& program, const InitOptions& options) {
  if (!options.subject.empty()) {
    DIALOG_ASSIGN(const Did did, Did::parse(options.subject));
    return Identity{did.text(), std::nullopt};
  }
  if (!options.key_file.empty()) {
    DIALOG_ASSIGN(const auto source, program.open_input(options.key_file));
    DIALOG_ASSIGN(SecretKey key, read_key_file(*source));
    const Did did = Did::of(key.public_key());
    return Identity{did.text(), std::move(key)};
  }
  SecretKey key = SecretKey::generate();
  const Did did = Did::of(key.public_key());
  return Identity{did.text(), std::move(key)};
}

Result<void> fill(const NewRepositoryFolder& folder, const Identity& identity,
                  const InitOptions& options) {
  if (identity.key) {
    DIALOG_TRY(write_key_file(folder.key_file(), *identity.key, Replace::no));
  }
  DIALOG_ASSIGN(const auto store,
                LogRepositoryStore::open(folder.database(), store_options(StoreOpen::create)));
  CreateRepository create;
  create.branch = options.branch;
  create.subject = identity.subject;
  DIALOG_TRY(Repository::create(*store, system_clock(), create));
  return {};
}

Result<void> run_init(Program& program, const InitOptions& options) {
  DIALOG_ASSIGN(const Location location, Location::in(program.resolve(options.folder)));
  DIALOG_ASSIGN(const Identity identity, make_identity(program, options));
  DIALOG_ASSIGN(NewRepositoryFolder folder, NewRepositoryFolder::make(location));
  DIALOG_TRY(fill(folder, identity, options));
  DIALOG_TRY(folder.publish());
  if (program.output().json()) {
    program.output().document(Json{{"repository", location.folder()},
                                   {"subject", identity.subject},
                                   {"branch", options.branch},
                                   {"has_key", identity.key.has_value()}});
    return {};
  }
  program.output().line("Made a repository in " + location.folder());
  program.output().line("Subject: " + identity.subject);
  if (identity.key) {
    program.output().note("Its secret key is in " + location.key_file() +
                          ", readable by you alone. Keep a copy of it.");
  }
  return {};
}

}  // namespace

void add_init(Verb app, Program& program) {
  auto options = std::make_shared<InitOptions>();
  const Verb verb = app.verb(
      "init", "Make an empty repository, with a key pair of its own",
      {"dialogdb init", "dialogdb init notes", "dialogdb init --subject did:web:example.org"});
  verb.option("folder", options->folder, "Where; by default here").type("DIR");
  const Option subject = verb.option("--subject", options->subject,
                                     "The DID under which it is published; then no key is made");
  subject.type("DID");
  verb.option("--key", options->key_file, "A secret key to use instead of a new one")
      .type("FILE")
      .excludes(subject);
  verb.option("--branch", options->branch, "The name of its branch").type("NAME").show_default();
  program.on(verb, [options](Program& running) { return run_init(running, *options); });
}

}  // namespace dialog::cli
