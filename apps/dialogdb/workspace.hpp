#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dialog/backends/log_repository_store.hpp"
#include "dialog/replica/repository.hpp"
#include "location.hpp"
#include "program.hpp"

namespace dialog::cli {

class Link;

/// An open repository and what it stands on.
class Workspace final {
 public:
  /// Opens the repository that the program's options mean. A partial one gets what it lacks from
  /// the upstream of its default branch. Errors say what to do.
  static Result<std::unique_ptr<Workspace>> open(const Program& program);
  /// The one at a place.
  static Result<std::unique_ptr<Workspace>> open(const Program& program, const Location& location);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace();

  /// Every object of a repository is safe to share.
  [[nodiscard]] Repository& repository() const { return *repository_; }
  LogRepositoryStore& store() { return *store_; }
  [[nodiscard]] const Location& location() const { return location_; }

  /// `branch`, or the default one where it is empty.
  Result<std::string> branch_or_default(const std::string& branch) const;

  /// The revision that a text means: a branch, 64 hex digits, `@REMOTE` (the remote's head as last
  /// fetched), `^REMOTE` (what was last agreed on with it), each by what `branch` knows; or any of
  /// these with `~N`: N moves of that branch ago. `not_found`, `invalid_argument`.
  Result<Revision> revision(const std::string& text, const std::string& branch) const;

 private:
  Workspace(Location location, std::unique_ptr<LogRepositoryStore> store);
  Result<void> open_repository(const Program& program);
  Result<Revision> tracked(const std::string& text, const std::string& branch) const;
  Result<Revision> moves_ago(const std::string& branch, const std::string& count) const;

  Location location_;
  std::unique_ptr<LogRepositoryStore> store_;
  std::unique_ptr<Link> read_through_;
  std::unique_ptr<Repository> repository_;
};

/// The remote that blocks come from where none is named: the upstream of the default branch, or the
/// only one that there is.
Result<std::optional<Remote>> default_remote(const Repository& repository);

/// How the program opens a repository's store.
LogOptions store_options(StoreOpen open);

}  // namespace dialog::cli
