#pragma once

#include <memory>
#include <string>

#include "sync_report.hpp"
#include "workspace.hpp"

namespace dialog::cli {

/// The arguments that the verbs have in common which bring a branch and a remote together.
struct SyncVerb {
  std::string remote;
  std::string branch;
  SyncVerbOptions options;
};
std::shared_ptr<SyncVerb> add_sync_arguments(Verb verb);

/// What such a verb works on.
struct Parties {
  std::unique_ptr<Workspace> workspace;
  std::string branch;
  Remote remote;
  std::unique_ptr<Link> link;
};
/// The remote is the branch's upstream where none is named.
Result<Parties> open_parties(const Program& program, const SyncVerb& verb);

/// What a verb did, as a document that says to whom.
Json with_parties(const char* verb, const Parties& parties, const Json& outcome);

/// Gets what the remote has, and merges it into the branch unless that is left out; prints what
/// came of it. An error where conflicts were left undecided.
Result<void> pull(Program& program, const SyncVerb& verb, Parties& parties, bool fetch_only);

Result<void> undecided_error(const Parties& parties, const PullOutcome& outcome);

}  // namespace dialog::cli
