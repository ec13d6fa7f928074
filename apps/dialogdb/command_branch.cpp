#include <memory>

#include "commands.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

Json branch_document(const Branch& branch, const Revision& revision, bool is_default) {
  return Json{{"name", branch.name},
              {"revision", revision.hex()},
              {"default", is_default},
              {"upstream", branch.upstream ? Json(*branch.upstream) : Json(nullptr)}};
}

Result<void> show(Program& program, const Workspace& workspace, const std::string& name) {
  if (!program.output().json()) return {};
  DIALOG_ASSIGN(const Branch branch, workspace.repository().branch(name));
  DIALOG_ASSIGN(const Revision revision, workspace.repository().resolve(name, program.context()));
  DIALOG_ASSIGN(const std::string current, workspace.repository().default_branch());
  program.output().document(branch_document(branch, revision, name == current));
  return {};
}

Result<void> list_branches(Program& program) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const std::string current, workspace->repository().default_branch());
  DIALOG_ASSIGN(const std::vector<Branch> branches, workspace->repository().branches());
  for (const Branch& branch : branches) {
    const bool is_default = branch.name == current;
    DIALOG_ASSIGN(const Revision revision,
                  workspace->repository().resolve(branch.name, program.context()));
    if (program.output().json()) {
      program.output().document(branch_document(branch, revision, is_default));
    } else {
      program.output().line((is_default ? "* " : "  ") + branch.name + "\t" + revision.hex() +
                            (branch.upstream ? "\t" + *branch.upstream : ""));
    }
  }
  return {};
}

Result<void> create_branch(Program& program, const std::string& name, const std::string& start) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  Repository& repository = workspace->repository();
  DIALOG_ASSIGN(const std::string current, repository.default_branch());
  Repository::NewBranch branch;
  branch.name = name;
  // A branch that begins where another one stands shares what that one knows of its remotes.
  const std::string from = start.empty() ? current : start;
  if (const auto source = repository.branch(from)) {
    DIALOG_ASSIGN(branch.start, repository.resolve(from, program.context()));
    branch.like = source->name;
    branch.upstream = source->upstream;
  } else {
    DIALOG_ASSIGN(branch.start, workspace->revision(from, current));
  }
  DIALOG_TRY(repository.create_branch(branch));
  return show(program, *workspace, name);
}

Result<void> switch_branch(Program& program, const std::string& name) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_TRY(workspace->repository().set_default_branch(name));
  return show(program, *workspace, name);
}

Result<void> delete_branch(Program& program, const std::string& name) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_TRY(workspace->repository().remove_branch(name));
  if (program.output().json()) program.output().document(Json{{"deleted", name}});
  return {};
}

Result<void> rename_branch(Program& program, const std::string& from, const std::string& to) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_TRY(workspace->repository().rename_branch(from, to));
  return show(program, *workspace, to);
}

struct UpstreamOptions {
  std::optional<std::string> remote;
  std::string branch;
  bool none = false;
  bool forget = false;
};

// Without a remote: the upstream.
Result<void> forget(Program& program, Repository& repository, const std::string& name,
                    std::optional<std::string> remote) {
  DIALOG_ASSIGN(const Branch branch, repository.branch(name));
  if (!remote) remote = branch.upstream;
  if (!remote || remote->empty()) {
    return fail(ErrorCode::invalid_argument,
                "which remote is branch " + name +
                    " to forget? 'dialogdb branch upstream --forget REMOTE'");
  }
  DIALOG_TRY(repository.remote(*remote));
  DIALOG_TRY(repository.forget_remote_state(name, *remote));
  program.output().note("Branch " + name + " has forgotten what it knew of " + *remote +
                        "; the next pull merges as if they had never met");
  return {};
}

Result<void> set_upstream(Program& program, const UpstreamOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  Repository& repository = workspace->repository();
  DIALOG_ASSIGN(const std::string name, workspace->branch_or_default(options.branch));
  if (options.forget) {
    DIALOG_TRY(forget(program, repository, name, options.remote));
  } else if (options.none) {
    DIALOG_TRY(repository.set_upstream(name, std::nullopt));
    program.output().note("Branch " + name + " now has no upstream");
  } else if (options.remote) {
    DIALOG_TRY(repository.set_upstream(name, options.remote));
    program.output().note("Branch " + name + " now has the upstream " + *options.remote);
  } else if (!program.output().json()) {
    DIALOG_ASSIGN(const Branch branch, repository.branch(name));
    program.output().line(branch.upstream.value_or("none"));
  }
  return show(program, *workspace, name);
}

void add_upstream(Verb branch, Program& program) {
  auto options = std::make_shared<UpstreamOptions>();
  const Verb verb =
      branch.verb("upstream", "Show or set the remote that a branch is synchronized with",
                  {"dialogdb branch upstream origin", "dialogdb branch upstream --none",
                   "dialogdb branch upstream --forget   # after remote_reset: publish there anew"});
  const Option remote = verb.option("remote", options->remote, "The remote").type("REMOTE");
  const Option none = verb.flag("--none", options->none, "No upstream any more");
  none.excludes(remote);
  verb.flag("--forget", options->forget,
            "Forget what the branch knows of the remote: the next pull merges as if they had "
            "never met")
      .excludes(none);
  add_branch_option(verb, options->branch);
  program.on(verb, [options](Program& running) { return set_upstream(running, *options); });
}

}  // namespace

void add_branch(Verb app, Program& program) {
  const Verb branch = app.verb(
      "branch", "List, make, delete, rename and choose branches",
      {"dialogdb branch list", "dialogdb branch create draft", "dialogdb branch create old main~3",
       "dialogdb branch switch draft", "dialogdb branch upstream origin"});
  branch.require_verb(0, 1);
  program.on(branch, list_branches);
  program.on(branch.verb("list", "List the branches; * marks the one in use", {}), list_branches);

  auto names = std::make_shared<std::vector<std::string>>(2);
  Verb verb = branch.verb("create", "Make a branch",
                          {"dialogdb branch create draft", "dialogdb branch create old main~3"});
  verb.option("name", (*names)[0], "Its name").required().type("NAME");
  verb.option("start", (*names)[1], "Where it begins; by default where the branch in use is")
      .type("REVISION");
  program.on(
      verb, [names](Program& running) { return create_branch(running, (*names)[0], (*names)[1]); });

  verb = branch.verb("switch", "Choose the branch that verbs work on", {});
  verb.option("name", (*names)[0], "The branch").required().type("NAME");
  program.on(verb, [names](Program& running) { return switch_branch(running, (*names)[0]); });

  verb = branch.verb("delete", "Delete a branch with its log", {});
  verb.option("name", (*names)[0], "The branch").required().type("NAME");
  program.on(verb, [names](Program& running) { return delete_branch(running, (*names)[0]); });

  verb = branch.verb("rename", "Rename a branch", {});
  verb.option("from", (*names)[0], "The branch").required().type("OLD");
  verb.option("to", (*names)[1], "Its new name").required().type("NEW");
  program.on(
      verb, [names](Program& running) { return rename_branch(running, (*names)[0], (*names)[1]); });
  add_upstream(branch, program);
}

}  // namespace dialog::cli
