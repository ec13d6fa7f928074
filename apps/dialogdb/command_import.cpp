#include <malloc.h>
#include <memory>
#include <vector>

#include "commands.hpp"
#include "entry_sorter.hpp"
#include "transfer_options.hpp"
#include "workspace.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kSortBytesMax = std::size_t{48} * 1024 * 1024;
constexpr std::size_t kBadLinesKeptMax = 1000;

struct ImportOptions {
  TransferOptions transfer;
  FormatOptions formats;
  std::string branch;
  bool skip_bad_lines = false;
  std::uint64_t batch = 0;
};

// One import on its way.
class Import {
 public:
  Import(Program& program, const ImportOptions& options, Workspace& workspace, std::string branch)
      : program_(program),
        options_(options),
        workspace_(workspace),
        branch_(std::move(branch)),
        context_(program.context()) {}

  Result<void> run();

 private:
  Result<void> read(EntryReader& reader, const FileSource& source);
  Result<void> take(Entry entry);
  Result<void> refuse(const BadLine& bad);
  [[nodiscard]] std::string input_name() const;
  [[nodiscard]] Error in_input(const Error& error) const;
  Result<void> commit();
  Result<void> report();

  Program& program_;
  const ImportOptions& options_;
  Workspace& workspace_;
  std::string branch_;
  Context context_;
  std::unique_ptr<EntrySorter> sorter_;
  std::uint64_t imported_ = 0;
  std::uint64_t replaced_ = 0;
  std::uint64_t skipped_ = 0;
  std::vector<BadLine> bad_lines_;
};

Result<void> Import::run() {
  DIALOG_ASSIGN(const EntryOptions entry, entry_options(options_.transfer, options_.formats));
  DIALOG_ASSIGN(const auto source, program_.open_input(options_.transfer.file));
  DIALOG_ASSIGN(const auto reader, make_entry_reader(*source, entry));
  DIALOG_TRY(read(*reader, *source));
  DIALOG_TRY(commit());
  return report();
}

Result<void> Import::read(EntryReader& reader, const FileSource& source) {
  const auto progress = program_.progress("reading", true);
  while (true) {
    auto step = reader.next();
    if (context_.cancel.cancelled()) {
      return fail(ErrorCode::cancelled,
                  imported_ == 0 ? "interrupted; nothing was imported"
                                 : "interrupted; whole batches with " +
                                       counted(imported_, "entry", "entries") + " are imported");
    }
    if (!step) return fail(in_input(step.error()));
    if (std::holds_alternative<EndOfInput>(*step)) return {};
    if (auto* const entry = std::get_if<Entry>(&*step)) {
      DIALOG_TRY(take(std::move(*entry)));
    } else {
      DIALOG_TRY(refuse(std::get<BadLine>(*step)));
    }
    progress->update(source.bytes_read(), source.size());
  }
}

Result<void> Import::take(Entry entry) {
  if (!sorter_) {
    sorter_ = std::make_unique<EntrySorter>(workspace_.location().state_folder(), kSortBytesMax);
  }
  DIALOG_TRY(sorter_->add(std::move(entry)));
  return options_.batch != 0 && sorter_->added() >= options_.batch ? commit() : Result<void>{};
}

Result<void> Import::refuse(const BadLine& bad) {
  if (options_.skip_bad_lines) {
    ++skipped_;
    if (bad_lines_.size() < kBadLinesKeptMax) bad_lines_.push_back(bad);
    return {};
  }
  const std::string state = imported_ == 0
                                ? "nothing was imported"
                                : "whole batches with " + counted(imported_, "entry", "entries") +
                                      " before it "
                                      "are imported";
  return fail(bad.code, input_name() + ", line " + std::to_string(bad.line) + ", column " +
                            std::to_string(bad.column) + ": " + bad.message + "\n  " + state +
                            ". Correct the line, or leave such lines out with --skip-bad-lines");
}

std::string Import::input_name() const {
  return options_.transfer.file == "-" ? "standard input" : options_.transfer.file;
}

// The errors of a file name it already.
Error Import::in_input(const Error& error) const {
  return error.code == ErrorCode::malformed ? error.within(input_name()) : error;
}

Result<void> Import::commit() {
  if (!sorter_) return {};
  const std::unique_ptr<EntrySorter> sorter = std::move(sorter_);
  const auto put_all = [&](Transaction& transaction) -> Result<void> {
    const auto progress = program_.progress("storing");
    std::uint64_t done = 0;
    return sorter->for_each([&](const Entry& entry) {
      progress->update(++done, sorter->added());
      return transaction.put(entry.key, entry.value, context_);
    });
  };
  DIALOG_TRY(workspace_.repository().transact(branch_, put_all, {"import", {}}, context_));
  imported_ += sorter->added() - sorter->replaced();
  replaced_ += sorter->replaced();
  return {};
}

Result<void> Import::report() {
  Output& output = program_.output();
  if (output.json()) {
    DIALOG_ASSIGN(const Revision revision, workspace_.repository().resolve(branch_, context_));
    Json bad_lines = Json::array();
    for (const BadLine& bad : bad_lines_) {
      bad_lines.push_back(Json{{"line", bad.line},
                               {"column", bad.column},
                               {"code", error_row(bad.code).name},
                               {"message", bad.message}});
    }
    output.document(Json{{"imported", imported_},
                         {"repeated_keys", replaced_},
                         {"skipped", skipped_},
                         {"bad_lines", std::move(bad_lines)},
                         {"branch", branch_},
                         {"revision", revision.hex()}});
    return {};
  }
  for (const BadLine& bad : bad_lines_) {
    output.warn("line " + std::to_string(bad.line) + ", column " + std::to_string(bad.column) +
                ": " + bad.message);
  }
  if (skipped_ > bad_lines_.size()) {
    output.warn("and " + std::to_string(skipped_ - bad_lines_.size()) + " more");
  }
  std::string line = "Imported " + counted(imported_, "entry", "entries");
  if (skipped_ > 0) line += "; left out " + counted(skipped_, "bad line", "bad lines");
  if (replaced_ > 0) {
    line += "; " + counted(replaced_, "line was", "lines were") +
            " replaced by a later one with the same key";
  }
  output.line(line);
  return {};
}

Result<void> run_import(Program& program, const ImportOptions& options) {
  // Freed memory goes back to the system: an import must stay small, and by default the allocator
  // keeps what many short-lived values of growing sizes used.
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  DIALOG_ASSIGN(const auto workspace, Workspace::open(program));
  DIALOG_ASSIGN(std::string branch, workspace->branch_or_default(options.branch));
  return Import(program, options, *workspace, std::move(branch)).run();
}

}  // namespace

void add_import(Verb app, Program& program) {
  auto options = std::make_shared<ImportOptions>();
  const Verb verb =
      app.verb("import", "Read entries from a file: all of them, or none",
               {"dialogdb import entries.ndjson      # lines like {\"key\":\"a\",\"value\":\"b\"}",
                "dialogdb import --key-field id people.ndjson   # whole objects, under their id",
                "dialogdb import --key-field name --value-field mail people.csv",
                "generate | dialogdb import --format tsv --no-header --key-format hex -"});
  add_transfer_options(verb, options->transfer);
  add_key_format(verb, options->formats);
  add_value_format(verb, options->formats);
  add_branch_option(verb, options->branch);
  verb.flag("--skip-bad-lines", options->skip_bad_lines,
            "Leave out lines that cannot be taken, and list them");
  verb.option("--batch", options->batch,
              "Commit after every N entries, so that a failure leaves those before it")
      .type("N")
      .number({1});
  program.on(verb, [options](Program& running) { return run_import(running, *options); });
}

}  // namespace dialog::cli
