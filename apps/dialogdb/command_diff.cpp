#include <cstdlib>
#include <memory>

#include "commands.hpp"
#include "diff_counts.hpp"
#include "range_options.hpp"

namespace dialog::cli {
namespace {

struct DiffOptions {
  std::vector<std::string> revisions;
  std::string branch;
  FormatOptions formats;
  bool keys_only = false;
  bool count_only = false;
};

struct Ends {
  Revision before;
  Revision after;
};

/// N of BRANCH~N; 0 where it is something else.
unsigned long moves_back(const std::string& revision) {
  const std::size_t tilde = revision.rfind('~');
  return tilde == std::string::npos ? 0 : std::strtoul(revision.c_str() + tilde + 1, nullptr, 10);
}

// No revision: what the upstream does not have yet. One: from there to the branch. Two: between
// them.
Result<Ends> find_ends(const Workspace& workspace, const DiffOptions& options,
                       const Context& context) {
  DIALOG_ASSIGN(const std::string name, workspace.branch_or_default(options.branch));
  Ends ends;
  if (options.revisions.empty()) {
    DIALOG_ASSIGN(ends.after, workspace.repository().resolve(name, context));
    DIALOG_ASSIGN(const Branch branch, workspace.repository().branch(name));
    if (!branch.upstream) {
      return fail(ErrorCode::invalid_argument,
                  "branch " + name +
                      " has no upstream to compare with; name two revisions: "
                      "dialogdb diff A B");
    }
    ends.before = branch.tracking_of(*branch.upstream).origin;
    return ends;
  }
  const std::string& before = options.revisions[0];
  const std::string& after = options.revisions.size() > 1 ? options.revisions[1] : name;
  // The older one first: whoever builds a version builds those before it into it.
  if (moves_back(after) > moves_back(before)) {
    DIALOG_ASSIGN(ends.after, workspace.revision(after, name));
    DIALOG_ASSIGN(ends.before, workspace.revision(before, name));
  } else {
    DIALOG_ASSIGN(ends.before, workspace.revision(before, name));
    DIALOG_ASSIGN(ends.after, workspace.revision(after, name));
  }
  return ends;
}

class DiffPrinter {
 public:
  DiffPrinter(Output& output, NodeSource& source, const DiffOptions& options, Context context)
      : output_(output), source_(source), options_(options), context_(std::move(context)) {}

  Result<void> print(const Change& change) {
    std::optional<Bytes> before;
    std::optional<Bytes> after;
    if (!options_.keys_only) {
      DIALOG_ASSIGN(before, load(change.before));
      DIALOG_ASSIGN(after, load(change.after));
    }
    if (output_.json()) {
      print_json(change, before, after);
    } else {
      print_text(change, before, after);
    }
    return {};
  }

 private:
  Result<std::optional<Bytes>> load(const std::optional<ValueView>& value) {
    if (!value) return std::optional<Bytes>();
    DIALOG_ASSIGN(Bytes bytes, load_value(source_, *value, context_));
    return bytes;
  }

  void print_json(const Change& change, const std::optional<Bytes>& before,
                  const std::optional<Bytes>& after) {
    Json document{{"change", !change.before ? "added" : !change.after ? "removed" : "changed"}};
    set_bytes(document, "key", change.key, options_.formats.key_or_text());
    if (before) set_bytes(document, "before", *before, options_.formats.value_or_text());
    if (after) set_bytes(document, "after", *after, options_.formats.value_or_text());
    output_.document(document);
  }

  void print_text(const Change& change, const std::optional<Bytes>& before,
                  const std::optional<Bytes>& after) {
    const std::string key = encode(options_.formats.key.value_or(ByteFormat::escaped), change.key);
    const ByteFormat format = options_.formats.value.value_or(ByteFormat::escaped);
    if (options_.keys_only) {
      output_.line((!change.before ? "+ " : !change.after ? "- " : "~ ") + key);
      return;
    }
    if (before) output_.line("- " + key + "\t" + encode(format, *before));
    if (after) output_.line("+ " + key + "\t" + encode(format, *after));
  }

  Output& output_;
  NodeSource& source_;
  const DiffOptions& options_;
  Context context_;
};

Result<void> run_diff(Program& program, const DiffOptions& options) {
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(const Ends ends, find_ends(*workspace, options, program.context()));
  const Repository& repository = workspace->repository();
  Output& output = program.output();
  if (options.count_only) {
    DIALOG_ASSIGN(const DiffCounts counts,
                  count_changes(repository, ends.before, ends.after, program.context()));
    if (output.json()) {
      Json document = to_json(counts);
      document["before"] = ends.before.hex();
      document["after"] = ends.after.hex();
      output.document(document);
    } else {
      output.line(to_text(counts));
    }
    return {};
  }
  const Snapshot after = repository.snapshot(ends.after);
  DiffPrinter printer(output, after.source(), options, program.context());
  Result<void> result;
  DIALOG_TRY(repository.diff(
      ends.before, ends.after,
      [&](const Change& change) {
        result = printer.print(change);
        return result.has_value() && output.takes_more();
      },
      program.context()));
  return result;
}

}  // namespace

Result<DiffCounts> count_changes(const Repository& repository, const Revision& before,
                                 const Revision& after, const Context& context) {
  DiffCounts counts;
  DIALOG_TRY(repository.diff(
      before, after,
      [&](const Change& change) {
        ++(!change.before ? counts.added : !change.after ? counts.removed : counts.changed);
        return true;
      },
      context));
  return counts;
}

Json to_json(const DiffCounts& counts) {
  return Json{{"added", counts.added}, {"removed", counts.removed}, {"changed", counts.changed}};
}

std::string to_text(const DiffCounts& counts) {
  return std::to_string(counts.added) + " added, " + std::to_string(counts.removed) + " removed, " +
         std::to_string(counts.changed) + " changed";
}

void add_diff(Verb app, Program& program) {
  auto options = std::make_shared<DiffOptions>();
  const Verb verb = app.verb(
      "diff",
      "Show what changed from A to B; without B up to the branch, without A since the upstream",
      {"dialogdb diff                 # what a push would publish", "dialogdb diff main~1",
       "dialogdb diff main @origin    # against the remote's head as last fetched",
       "dialogdb diff --count main other"});
  verb.option("revisions", options->revisions,
              "A branch, 64 hex digits, BRANCH~N (N moves ago), @REMOTE (its head as last "
              "fetched) or ^REMOTE (what was last agreed on)")
      .up_to(2)
      .type("[A [B]]");
  add_branch_option(verb, options->branch);
  add_key_format(verb, options->formats);
  add_value_format(verb, options->formats);
  verb.flag("--keys-only", options->keys_only, "No values");
  verb.flag("--count", options->count_only, "Only how many keys changed");
  program.on(verb, [options](Program& running) { return run_diff(running, *options); });
}

}  // namespace dialog::cli
