#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "dialog/http/counting_client.hpp"
#include "dialog/replica/synchronize.hpp"
#include "link.hpp"
#include "output.hpp"
#include "program.hpp"

namespace dialog::cli {

/// What `clone`, `fetch`, `pull`, `push` and `sync` have in common.
struct SyncVerbOptions {
  std::string stats;
  std::string policy = "default";
  std::string ambiguous = "keep";
};

void add_stats_option(Verb verb, SyncVerbOptions& options);
void add_policy_option(Verb verb, SyncVerbOptions& options);

/// What a verb moved over the network.
struct Moved {
  TransferStats transfer;
  BlockTraffic blocks;
  std::chrono::milliseconds duration{0};
};

/// A verb on its way: measures it and shows how far it is.
class SyncRun {
 public:
  SyncRun(Program& program, const SyncVerbOptions& options, Link& link, const std::string& label);

  /// Options for the repository's calls. Valid as long as this object.
  [[nodiscard]] SyncOptions options();
  [[nodiscard]] Moved moved(const BlockTraffic& blocks) const;

 private:
  const SyncVerbOptions& options_;
  Link& link_;
  Context context_;
  std::unique_ptr<Progress> progress_;
  std::unique_ptr<ConflictPolicy> policy_;
  MonotonicTime started_;
};

/// Prints one verb's result: `document` with --json, else the lines of `text`; then the numbers,
/// where they are asked for.
void print_result(Output& output, const SyncVerbOptions& options, Json document,
                  const std::string& text, const Moved& moved);

Json to_json(const Moved& moved);
std::string_view to_string(PullOutcome::Kind kind);
std::string_view to_string(PushOutcome::Kind kind);
Json pull_document(const PullOutcome& outcome);
/// For people: what happened, and what was decided about conflicts.
std::string pull_text(const PullOutcome& outcome, const std::string& remote);

/// Says at which remote an error occurred, and after an unknown end what to do.
Error at_remote(Error error, const Remote& remote);
/// The same for a verb on a branch, with the commands that the advice of the library takes.
Error advised(Error error, const Remote& remote, const std::string& branch);

}  // namespace dialog::cli
