#include "workspace.hpp"

#include <charconv>
#include <utility>

#include "link.hpp"

namespace dialog::cli {
namespace {

constexpr std::size_t kCacheBytesMax = std::size_t{32} * 1024 * 1024;
// Each run of the program reads what is pending anew, so that less of it is good.
constexpr std::size_t kPendingBytesMax = std::size_t{1} * 1024 * 1024;
constexpr std::size_t kPendingEditsMax = 1024;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Error explained(Error error, const Location& location) {
  const std::string where = "the repository " + location.folder();
  switch (error.code) {
    case ErrorCode::not_found:
      error.code = ErrorCode::corrupt;
      error.message = where + " has lost its database (" + location.database() +
                      "). 'dialogdb repair' makes it anew from what is left of it; otherwise "
                      "restore a backup, or move " +
                      location.state_folder() + " away and clone the repository again";
      return error;
    case ErrorCode::corrupt:
    case ErrorCode::malformed:
      error.code = ErrorCode::corrupt;
      error = error.within(where);
      error.message += ". 'dialogdb repair' mends what can be mended";
      return error;
    default:
      return error.within(where);
  }
}

}  // namespace

Result<std::optional<Remote>> default_remote(const Repository& repository) {
  DIALOG_ASSIGN(const std::string name, repository.default_branch());
  DIALOG_ASSIGN(const Branch branch, repository.branch(name));
  DIALOG_ASSIGN(const std::vector<Remote> remotes, repository.remotes());
  for (const Remote& remote : remotes) {
    if (branch.upstream ? remote.name == *branch.upstream : remotes.size() == 1) return remote;
  }
  return std::nullopt;
}

LogOptions store_options(StoreOpen open) {
  LogOptions options;
  options.open = open;
  return options;
}

Result<std::unique_ptr<Workspace>> Workspace::open(const Program& program) {
  DIALOG_ASSIGN(const Location location, program.find_repository());
  return open(program, location);
}

Result<std::unique_ptr<Workspace>> Workspace::open(const Program& program,
                                                   const Location& location) {
  auto store = LogRepositoryStore::open(location.database(), store_options(StoreOpen::existing));
  if (!store) return fail(explained(std::move(store).error(), location));
  std::unique_ptr<Workspace> workspace(new Workspace(location, std::move(*store)));
  if (auto opened = workspace->open_repository(program); !opened) {
    return fail(explained(std::move(opened).error(), location));
  }
  return workspace;
}

Workspace::Workspace(Location location, std::unique_ptr<LogRepositoryStore> store)
    : location_(std::move(location)), store_(std::move(store)) {}

Workspace::~Workspace() {
  // What reads brought from the remote is worth keeping, and no loss where that fails.
  if (read_through_ && repository_) static_cast<void>(store_->archive().flush());
}

Result<void> Workspace::open_repository(const Program& program) {
  OpenRepository options;
  options.cache_bytes_max = kCacheBytesMax;
  options.pending_bytes_max = kPendingBytesMax;
  options.pending_edits_max = kPendingEditsMax;
  DIALOG_ASSIGN(Repository repository, Repository::open(*store_, system_clock(), options));
  if (repository.is_partial()) {
    DIALOG_ASSIGN(const std::optional<Remote> provider, default_remote(repository));
    if (provider) {
      DIALOG_ASSIGN(read_through_, Link::open(program, *provider));
      options.read_through = &read_through_->blocks();
      DIALOG_ASSIGN(repository, Repository::open(*store_, system_clock(), options));
    }
  }
  repository_ = std::make_unique<Repository>(std::move(repository));
  return {};
}

Result<std::string> Workspace::branch_or_default(const std::string& branch) const {
  if (branch.empty()) return repository_->default_branch();
  DIALOG_TRY(repository_->branch(branch));
  return branch;
}

Result<Revision> Workspace::revision(const std::string& text, const std::string& branch) const {
  const std::size_t tilde = text.rfind('~');
  if (tilde != std::string::npos) return moves_ago(text.substr(0, tilde), text.substr(tilde + 1));
  if (text.starts_with('@') || text.starts_with('^')) return tracked(text, branch);
  auto revision = repository_->resolve(text);
  if (!revision && revision.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found,
                "\"" + text +
                    "\" is neither a branch nor a revision of 64 hex digits. Also "
                    "understood: @REMOTE, ^REMOTE, BRANCH~N");
  }
  return revision;
}

Result<Revision> Workspace::tracked(const std::string& text, const std::string& branch) const {
  DIALOG_ASSIGN(const std::string name, branch_or_default(branch));
  DIALOG_ASSIGN(const Branch record, repository_->branch(name));
  const std::string remote = text.substr(1);
  DIALOG_TRY(repository_->remote(remote));
  const RemoteTracking tracking = record.tracking_of(remote);
  if (text.front() == '^') return tracking.origin;
  if (!tracking.fetched) {
    return fail(ErrorCode::not_found, "branch " + name + " has fetched nothing from \"" + remote +
                                          "\" yet. Run 'dialogdb fetch " + remote + "'");
  }
  return tracking.fetched->revision;
}

Result<Revision> Workspace::moves_ago(const std::string& branch, const std::string& count) const {
  const auto number = parse_number(count);
  if (!number) {
    return fail(ErrorCode::invalid_argument,
                "\"" + branch + "~" + count + "\": expected a number of moves");
  }
  DIALOG_ASSIGN(const std::string name, branch_or_default(branch));
  if (*number == 0) return repository_->resolve(name);
  DIALOG_ASSIGN(const Branch record, repository_->branch(name));
  if (*number > record.moves) {
    return fail(ErrorCode::not_found, "the log of branch " + name + " holds only " +
                                          std::to_string(record.moves) + " moves");
  }
  return repository_->revision_at(name, record.moves - *number);
}

}  // namespace dialog::cli
