#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/head_store.hpp"
#include "dialog/replica/local_session.hpp"
#include "dialog/replica/maintenance.hpp"
#include "dialog/replica/names.hpp"
#include "dialog/replica/snapshot.hpp"
#include "dialog/replica/synchronize.hpp"
#include "dialog/replica/transaction.hpp"
#include "dialog/tree/diff.hpp"

namespace dialog {

struct CreateRepository {
  /// The branch to begin with.
  std::string branch = "main";
  /// The repository may lack any block that it did not make: pulls fetch only what a merge has to
  /// read.
  bool partial = false;
  /// The application's own identity for this repository; may be empty.
  std::string subject = {};
};

struct OpenRepository {
  /// Where a partial repository gets the blocks that it lacks, when a read needs them; null: such a
  /// read fails with `missing_blocks`. What comes from there is checked and kept. Must outlive the
  /// repository.
  Archive* read_through = nullptr;
  std::size_t cache_bytes_max = NodeSource::kCacheBytesDefault;
  /// Edits that a transaction holds in memory.
  std::size_t transaction_bytes_max = std::size_t{16} * 1024 * 1024;
  /// How much may be pending on a branch: the commit that reaches a bound builds, once it is
  /// durable. That revision is not kept beyond the next build, unless somebody asks for it. Where
  /// that fails, the next commit builds first, and fails where that fails again. Whoever reads a
  /// branch holds its pending edits in memory: per edit about 60 bytes and its own, for a branch
  /// that is written to at the same time twice that; at most 8 such states are kept for later
  /// reads.
  std::size_t pending_bytes_max = std::size_t{32} * 1024 * 1024;
  std::size_t pending_edits_max = 524'288;
};

/// Branches, remotes, reflog and blocks of one database, on one store. Keeps no state of its own
/// but caches: every change is a compare-and-swap in the store, so that any number of threads,
/// objects and processes may work on one store, and readers never wait. Thread-safe.
///
/// Errors of every call, beside its own: those of the store, and `corrupt` where a record cannot be
/// read.
class Repository final {
 public:
  /// Makes an empty repository. `already_exists` where the store holds one; `invalid_argument` for
  /// a bad name.
  static Result<Repository> create(RepositoryStore& store, Clock& clock,
                                   const CreateRepository& options = {},
                                   const OpenRepository& open = {});

  /// `not_found` where the store holds none; `unsupported` where a newer version wrote it. The
  /// store and the clock must outlive the repository.
  static Result<Repository> open(RepositoryStore& store, Clock& clock,
                                 const OpenRepository& options = {});

  struct Clone {
    CreateRepository create = {};
    Remote remote = {};
    /// A remote under which nothing was ever published gives an empty repository instead of
    /// `not_found`.
    bool allow_empty = false;
  };
  struct Cloned;
  /// Makes a repository from what a remote holds: its branch stands where the remote does, with the
  /// remote as upstream. Where it fails, there is no repository in the store, as before. Where only
  /// the very last step failed, blocks may have stayed that nothing refers to; they do no harm, and
  /// the next clone or collection takes care of them. `connection.name` must be
  /// `clone.remote.name`.
  static Result<Cloned> clone(RepositoryStore& store, Clock& clock,
                              const RemoteConnection& connection, const Clone& clone,
                              const SyncOptions& options = {}, const OpenRepository& open = {});

  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  ~Repository();

  [[nodiscard]] bool is_partial() const;
  /// As given to `create`.
  [[nodiscard]] const std::string& subject() const;
  [[nodiscard]] RepositoryStore& store() const;

  // Branches.

  /// In the order of names.
  [[nodiscard]] Result<std::vector<Branch>> branches() const;
  /// `not_found`.
  [[nodiscard]] Result<Branch> branch(std::string_view name) const;
  /// The name of the branch that is meant where none is named.
  [[nodiscard]] Result<std::string> default_branch() const;
  /// `not_found`.
  Result<void> set_default_branch(std::string_view name);

  struct NewBranch {
    std::string name;
    /// Where it begins; zeros: empty.
    Revision start = {};
    std::optional<std::string> upstream = {};
    /// The branch whose knowledge of its remotes the new one takes over; it should begin at that
    /// branch's revision.
    std::optional<std::string> like = {};
  };
  /// `already_exists`; `invalid_argument` for a bad name; `not_found` for `like` or the upstream;
  /// with `start` as `move_branch` with its revision.
  Result<void> create_branch(const NewBranch& branch, const ChangeNote& note = {"branch", {}});
  /// Moves a branch to any revision, by compare-and-swap: `conflict` where it is not at `expected`.
  /// Builds what is pending first.
  /// A revision that the repository does not keep for a branch, its log or a remote is read as a
  /// whole first: `invalid_argument` where it is the hash of something else, `missing_blocks` where
  /// anything of it is not here (a partial repository may lack any block), `corrupt`. `busy` while
  /// garbage is collected.
  Result<void> move_branch(std::string_view name, const Revision& expected, const Revision& desired,
                           const ChangeNote& note = {"reset", {}});
  /// With its reflog. `not_found`; `invalid_argument` for the default branch.
  Result<void> remove_branch(std::string_view name);
  /// With its reflog, and with the role as the default. `not_found`, `already_exists`; `busy` while
  /// garbage is collected.
  Result<void> rename_branch(std::string_view from, std::string_view to);
  /// Absent: none. `not_found` for the branch or the remote.
  Result<void> set_upstream(std::string_view branch, const std::optional<std::string>& remote);
  /// Forgets what a branch knows of a remote, unsettled swaps included. The next pull then merges
  /// as if the two had never met: nothing is lost, but what one side deleted comes back from the
  /// other. The way on after `remote_reset` and `rollback`, once somebody has looked at the cause.
  Result<void> forget_remote_state(std::string_view branch, std::string_view remote);

  // Remotes.

  [[nodiscard]] Result<std::vector<Remote>> remotes() const;
  /// `not_found`.
  [[nodiscard]] Result<Remote> remote(std::string_view name) const;
  /// `already_exists`; `invalid_argument` for a bad name.
  Result<void> add_remote(const Remote& remote);
  /// `not_found`. What branches know of it stays.
  Result<void> update_remote(const Remote& remote);
  /// Also as an upstream, and with all that branches know of it. `not_found`.
  Result<void> remove_remote(std::string_view name);

  // Reading and writing.

  /// The present state of a branch: what was committed is there, built or not. `not_found`.
  [[nodiscard]] Result<Snapshot> snapshot(std::string_view branch) const;
  [[nodiscard]] Snapshot snapshot(const Revision& revision) const;
  /// The revision of a branch, which is built where it has to be, or 64 hex digits. It is kept for
  /// as long as the reflog keeps the move that made it. `not_found`; `busy` where it has to be
  /// built while garbage is collected.
  [[nodiscard]] Result<Revision> resolve(std::string_view text, const Context& context = {}) const;
  /// The revision that a branch had at a version. One that is still pending is built. `not_found`
  /// also where the reflog no longer has that version, or nobody asked for its revision before
  /// later commits were built: the message names the nearest version that has one.
  [[nodiscard]] Result<Revision> revision_at(std::string_view branch, std::uint64_t version,
                                             const Context& context = {}) const;

  /// Begins at the branch's present durable state. `not_found`.
  [[nodiscard]] Result<Transaction> begin(std::string_view branch);
  /// How often `transact` runs its function at most.
  static constexpr std::size_t kTransactAttemptsMax = 64;
  using TransactionFunction = std::function<Result<void>(Transaction&)>;
  /// Runs `function` in a transaction and commits it; anew from the new state where the branch
  /// moved meanwhile and the function had looked at it. One that only puts and erases runs once: it
  /// holds for whatever the branch has become. Threads that lose such a race take turns from then
  /// on. It begins from what is submitted, so that a thread need not wait until the commits of
  /// others are durable; it returns once its own is, and with it all that it has read. Returns the
  /// new version; see `Transaction::commit`. An error of the function ends it without a commit.
  /// `conflict` after `kTransactAttemptsMax` attempts.
  Result<std::uint64_t> transact(std::string_view branch, const TransactionFunction& function,
                                 const ChangeNote& note = {"commit", {}},
                                 const Context& context = {});

  struct BuiltCommit {
    std::uint64_t version = 0;
    Revision revision;
  };
  /// The same, and builds the revision: both become durable together, where `resolve` afterwards
  /// would wait for the disk once more. `busy` while garbage is collected: then nothing was
  /// committed. Any other error that says so leaves the commit as it is, without a revision.
  Result<BuiltCommit> transact_built(std::string_view branch, const TransactionFunction& function,
                                     const ChangeNote& note = {"commit", {}},
                                     const Context& context = {});

  /// What changed from one revision to another; see `diff_trees`.
  [[nodiscard]] Result<void> diff(const Revision& before, const Revision& after,
                                  const ChangeVisitor& visit, const Context& context = {}) const;

  struct LogRange {
    /// Only moves older than this one.
    std::optional<std::uint64_t> before = {};
    std::size_t limit = 100;
  };
  /// The moves of a branch, latest first. Builds nothing; to show the revision that the branch was
  /// built as last is to ask for it. `not_found`.
  [[nodiscard]] Result<std::vector<ReflogEntry>> log(std::string_view branch,
                                                     const LogRange& range) const;

  // Synchronization. Each blocks until it is done. The outcomes and errors are those of
  // `PullSession` and `PushSession`; `not_found` where there is no such branch.

  /// A pull that does not merge: the branch stays.
  Result<PullReport> fetch(std::string_view branch, const RemoteConnection& remote,
                           const SyncOptions& options = {});
  /// Where it fails, the branch is as it was. Where only the very last step failed, blocks may have
  /// stayed that nothing refers to; they do no harm, and the next pull or collection takes care of
  /// them.
  Result<PullReport> pull(std::string_view branch, const RemoteConnection& remote,
                          const SyncOptions& options = {});
  Result<PushReport> push(std::string_view branch, const RemoteConnection& remote,
                          const SyncOptions& options = {});
  /// Pulls, then pushes; again where the remote moved in between, up to `kSyncRoundsMax` times,
  /// then `conflict`. Stops after a pull that left conflicts undecided: `push` is then `rejected`.
  Result<SyncReport> sync(std::string_view branch, const RemoteConnection& remote,
                          const SyncOptions& options = {});

  /// The near side of a session with `remote`, for whoever carries out the far side himself. Builds
  /// what is pending first. `not_found`, `busy`.
  [[nodiscard]] Result<LocalSession> begin_session(std::string_view branch, std::string_view remote,
                                                   const ChangeNote& note);

  // Upkeep.

  /// As it is stored, for all who have the repository open.
  [[nodiscard]] Result<Retention> retention() const;
  /// Durable at return. From then on each move of a branch takes the oldest one away as `retention`
  /// says; those that are beyond it already go with the next collection of garbage. What it keeps
  /// no longer cannot be had back by raising it. `invalid_argument` beyond a bound.
  Result<void> set_retention(const Retention& retention);

  /// Forgets the moves that `retention` no longer keeps. Then removes the blocks that nothing
  /// reaches: no branch, nothing that a branch knows of a remote (origin, fetched head, desired
  /// revision of an unsettled swap), no kept move of the reflog. Builds nothing. Holds the store's
  /// `collect` lease meanwhile: `busy` where somebody is writing blocks, and those are `busy` until
  /// it ends; small commits and readers of reachable revisions go on. `missing_blocks` where
  /// something that it must keep is incomplete, and the repository is not partial: nothing was
  /// removed. Memory: about 60 bytes per kept block and forgotten move, and at most 32 MiB beside.
  Result<CollectReport> collect_garbage(const CollectOptions& options = {});

  /// Looks at every record, all pending edits, every tree that a branch needs, whether everything
  /// is there that the kept moves of the reflog reach, and every stored block. Goes on after a
  /// fault. An error means that it could not look. Holds a write lease meanwhile: `busy` while
  /// garbage is collected, which in turn is `busy` until this ends. Memory: about 60 bytes per
  /// block that the reflog reaches.
  [[nodiscard]] Result<VerifyRepositoryReport> verify(
      const VerifyRepositoryOptions& options = {}) const;

  /// Verifies, and gets what is damaged or missing from another archive, such as a remote's; again,
  /// as long as that helps. Then looks for branches that cannot be read because pending commits are
  /// damaged, and gives those commits up where `lose_damaged` says so; where the tree below them is
  /// not whole, the branch stays as it is. Durable at return. `busy` as `verify`.
  Result<MendReport> mend(Archive& source, const MendOptions& options = {});

 private:
  struct Core;
  friend class Snapshot;
  friend class Transaction;
  explicit Repository(std::unique_ptr<Core> core);
  Result<void> mend_blocks(Archive& source, const MendOptions& options, MendReport& report);
  /// Whether anything was given up.
  Result<bool> mend_branches(const MendOptions& options, MendReport& report);
  std::unique_ptr<Core> core_;
};

struct Repository::Cloned {
  Repository repository;
  PullReport pull;
};

}  // namespace dialog
