#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "branch_view.hpp"
#include "dialog/archive/caching_archive.hpp"
#include "dialog/replica/repository.hpp"
#include "records.hpp"

namespace dialog {

/// A branch with the bytes that a compare-and-swap of its record expects.
struct StoredBranch {
  Branch branch;
  Bytes record;
};

struct StoredConfig {
  records::Config config;
  Bytes record;
};

/// The branch that was decoded last: a record that has not changed need not be read as JSON again.
/// Thread-safe.
class LastBranch {
 public:
  /// Absent where another record was kept last.
  std::optional<Branch> find(std::string_view name, ByteView record) {
    const std::lock_guard lock(mutex_);
    if (last_.branch.name != name || last_.record != record) return std::nullopt;
    return last_.branch;
  }
  void keep(StoredBranch branch) {
    const std::lock_guard lock(mutex_);
    std::swap(last_, branch);
  }

 private:
  std::mutex mutex_;
  StoredBranch last_;
};

struct Repository::Core {
  Core(RepositoryStore& repository_store, Clock& repository_clock, StoredConfig repository_config,
       const OpenRepository& open)
      : store(repository_store),
        clock(repository_clock),
        config(std::move(repository_config.config)),
        config_record(std::move(repository_config.record)),
        options(open),
        caching(open.read_through
                    ? std::make_unique<CachingArchive>(store.archive(), *open.read_through)
                    : nullptr),
        source(caching ? static_cast<Archive&>(*caching) : store.archive(), open.cache_bytes_max) {}

  RepositoryStore& store;
  Clock& clock;
  /// When this was opened; what may change since has a function.
  records::Config config;
  Bytes config_record;
  OpenRepository options;
  std::unique_ptr<CachingArchive> caching;
  NodeSource source;
  ViewCache views;
  LastBranch last_branch;
  /// Held by whoever repeats a transaction that lost a race, from its beginning until its edits are
  /// submitted, so that the threads of one process do not go on defeating each other. Recursive:
  /// the function of a transaction may run another one.
  std::recursive_timed_mutex turn;
  class Turn;
  /// How many threads have the turn or wait for it, by branch. Whoever comes to such a branch waits
  /// for the turn from the start: otherwise one that has just won would win again and again, before
  /// the others have heard of it.
  std::map<std::string, std::size_t, std::less<>> contenders;
  std::mutex contenders_mutex;
  struct Commit {
    const records::Edits* edits;
    const ChangeNote* note;
  };
  /// Commits that go in one change, in their order.
  struct CommitGroup {
    struct Member {
      explicit Member(const Commit& member_commit) : commit(member_commit) {}
      Commit commit;
      bool is_gone = false;  ///< guarded by `groups_mutex`; stays as it is once the group is led
      std::mutex mutex;
      std::condition_variable changed;
      bool is_called = false;  ///< to look whether it can lead
      std::optional<Result<std::uint64_t>> outcome;
    };
    std::deque<Member> members;
    std::size_t bytes = 0;

    /// Null where all are gone.
    Member* first();
    [[nodiscard]] std::vector<Commit> commits() const;
    void settle(const Result<std::uint64_t>& last_version);
  };
  /// The groups of a branch that wait until somebody submits them.
  struct GroupQueue {
    std::deque<std::shared_ptr<CommitGroup>> groups;
    bool is_led = false;  ///< one that came before them is not yet durable
  };
  std::map<std::string, GroupQueue, std::less<>> group_queues;
  std::mutex groups_mutex;

  HeadStore& heads() { return store.heads(); }

  /// `not_found`. Whoever is about to change it reads what is submitted.
  Result<StoredBranch> read_branch(std::string_view name,
                                   HeadStore::View kind = HeadStore::View::durable);
  /// In the order of names.
  Result<std::vector<Branch>> branches();
  Result<std::string> default_branch(HeadStore::View kind);

  Result<Retention> retention(HeadStore::View kind);

  /// Changes a branch; false leaves it as it is. May be called several times, each time with the
  /// present state.
  using Change = std::function<Result<bool>(Branch&)>;
  /// Repeats a compare-and-swap until it wins. A change of `built` is a move: the reflog gets an
  /// entry, and loses the one that falls out of what it keeps. Where edits are pending, whoever
  /// changes `built` clears `pending` and says so that they are part of it; their records go.
  /// Returns the branch as it then is. The caller holds a write lease where the change refers to
  /// blocks.
  Result<Branch> change_branch(std::string_view name, const ChangeNote& note, const Change& change);

  /// The entry of a move that makes `after` out of `before`; `after.moves` counts it already. It
  /// says where the move began unless that was built for the bound alone.
  RecordChange reflog_change(const Branch& before, const Branch& after, const ChangeNote& note);

  /// The removal of the entry that falls out of the reflog with the latest move; absent where there
  /// is no such entry.
  std::optional<RecordChange> oldest_entry_removal(const Branch& branch,
                                                   const Result<Retention>& kept);

  Result<Snapshot> snapshot(std::string_view branch, HeadStore::View kind);
  Result<Transaction> begin(std::string_view branch, HeadStore::View kind);

  // What is pending, and building it (build.cpp).

  /// The pending commits of `branch` after one version and up to another. Absent where they are not
  /// all there: somebody has built, or moved, or removed the branch since its record was read;
  /// `corrupt` where nobody has.
  Result<std::optional<std::vector<Record>>> pending_records(const StoredBranch& stored,
                                                             std::uint64_t after,
                                                             std::uint64_t up_to,
                                                             HeadStore::View kind);
  /// The branch's present state. `not_found`, `corrupt`.
  Result<ViewPtr> view(std::string_view name, HeadStore::View kind);
  /// The same from the records alone. Absent where the branch moved meanwhile, or, with `known`,
  /// where that is no earlier state of it.
  Result<ViewPtr> read_view(const StoredBranch& stored, const ViewPtr& known, HeadStore::View kind);
  /// Reads everything that is pending, as it is stored. `not_found`, `corrupt`.
  Result<void> check_pending(std::string_view name);

  /// What a tree is built for.
  enum class Purpose : std::uint8_t {
    revision,  ///< Somebody asks for the revision: the reflog is told, and keeps it.
    bound,     ///< Less is to be pending. Nobody hears of the revision, and nothing else keeps it.
  };

  /// Lets a branch stand at the revision that was built of the first of its pending commits. False
  /// where those are no longer its first.
  Result<bool> take_built(StoredBranch stored, std::vector<Record> built_records,
                          const Revision& revision, Purpose purpose);

  /// A version of a branch, and its history where that is known.
  struct Point {
    std::uint64_t version = 0;
    std::optional<Hash> history = {};
  };
  /// Builds what is pending, or its part up to a point: then the branch's `built` stands there, and
  /// later commits stay pending on top of it. Returns the revision; absent where the point is not,
  /// or no longer, among what is pending. Takes a write lease: `busy`. Changes neither version nor
  /// history.
  Result<std::optional<Revision>> build(std::string_view name, const std::optional<Point>& point,
                                        Purpose purpose, const Context& context);
  /// The same for all that is pending and a revision that somebody asks for, durably. Returns the
  /// branch as it then is: further commits may be pending again.
  Result<Branch> build(std::string_view name, const Context& context = {});
  /// Tells the reflog the revision of a version that the branch's tree was built for, durably; does
  /// nothing where it was told before, or another thread is about to, or it has forgotten that
  /// move. False where the branch's tree is not, or no longer, that one. `not_found`.
  Result<bool> tell(std::string_view name, std::uint64_t version, const Revision& revision);
  /// Of what a snapshot shows.
  Result<Revision> revision_of(const BranchView& view, const Context& context);

  /// A commit that is submitted.
  struct Submitted {
    std::uint64_t version = 0;
    /// Absent where it is durable already.
    std::optional<HeadStore::Ticket> ticket;
    /// What is pending has crossed a bound.
    bool is_full = false;
    /// The branch as the commit has left it.
    ViewPtr view;
  };
  /// Submits commits all at once, each as a move of its own. `conflict` where the branch is not at
  /// `base`. Builds first where what is pending is beyond a bound. Returns the last one.
  Result<Submitted> submit_edits(const BranchView& base, const std::vector<Commit>& commits,
                                 const Context& context);

  // Commits that gather (group_commit.cpp).

  /// Commits what holds for whatever the branch has become, durably: while some are on their way to
  /// the disk, others gather, and go in one change. Returns its version.
  Result<std::uint64_t> commit_together(std::string_view name, const Commit& commit,
                                        const Context& context);
  struct Joined {
    std::shared_ptr<CommitGroup> group;
    CommitGroup::Member* member;
  };
  Joined join_group(const std::string& branch, const Commit& commit);
  bool take_group(const std::string& branch, const std::shared_ptr<CommitGroup>& group, Turn& own);
  bool leave_group(const std::string& branch, const std::shared_ptr<CommitGroup>& group,
                   CommitGroup::Member& member);
  void lead_group(const std::string& branch, CommitGroup& group, Turn& own, const Context& context);
  Result<Submitted> submit_group(const std::string& branch, const std::vector<Commit>& commits);
  void call_leaders();

  /// Builds a branch that has crossed a bound. Where that fails, the next commit builds first.
  void build_full(std::string_view name, const Context& context) {
    static_cast<void>(build(name, std::nullopt, Purpose::bound, context));
  }
  Result<Transaction> run(std::string_view branch, Turn& own, const TransactionFunction& function);
  enum class Wanted : std::uint8_t { commit, tree };
  /// Submits what a function did, and what it does when it is run again where it has lost a race.
  Result<Submitted> submit_or_repeat(Wanted wanted, Transaction transaction, Turn& own,
                                     const TransactionFunction& function, const ChangeNote& note,
                                     const Context& context);
  /// Waits until a commit is durable, and builds where it has crossed a bound. Returns its version.
  Result<std::uint64_t> settle(std::string_view name, const Submitted& submitted,
                               const Context& context);
  [[nodiscard]] bool is_full(const PendingEdits& pending) const {
    return pending.commits > 0 && (pending.bytes >= options.pending_bytes_max ||
                                   pending.edits >= options.pending_edits_max);
  }

  // Pending commits that are not whole (give_up.cpp).

  /// A branch with the last of its states that can be read.
  struct Incomplete {
    StoredBranch stored;
    BranchView whole;
    IncompleteBranch told;
  };
  /// The longest part of what is pending, from its start, that is there and follows. `unsupported`.
  Result<BranchView> last_whole(const Branch& branch);
  /// Absent where everything that is pending is whole. `not_found`, `unsupported`.
  Result<std::optional<Incomplete>> find_incomplete(std::string_view name);
  /// Builds what is whole, and lets the branch stand there, as a move of its own. `conflict` where
  /// it has moved meanwhile; `busy`, `missing_blocks`, `corrupt`.
  Result<Revision> give_up(const Incomplete& incomplete, const ChangeNote& note,
                           const Context& context);

  Result<LocalSession> begin_session(std::string_view name, std::string_view remote,
                                     const ChangeNote& note);
  Result<PullReport> pull(std::string_view name, const RemoteConnection& remote,
                          const SyncOptions& sync, bool fetch_only);
  /// `pulled`: the pull right before, whose fetched head saves another; may be null.
  Result<PushReport> push(std::string_view name, const RemoteConnection& remote,
                          const SyncOptions& sync, const PullOutcome* pulled);

  /// Whether a branch may stand at `revision`, which comes from outside. Walks the tree unless the
  /// repository keeps it anyway. `invalid_argument` where the block of that hash is no root of a
  /// tree; `missing_blocks` where the tree is incomplete, and the repository is not partial;
  /// `corrupt`. The caller holds a write lease.
  Result<void> check_revision(const Revision& revision);
  /// Whether a branch, a move of the reflog or what is known of a remote holds this tree.
  Result<bool> is_held(const Revision& revision);
};

/// How often a change of records is tried against others before it is given up as `conflict`.
inline constexpr std::size_t kRecordAttemptsMax = 1000;

/// How many absent blocks an error names.
inline constexpr std::size_t kMissingMax = 1000;

Error moved_too_often(std::string_view what);
/// The branch is not where the transaction began.
Error moved_meanwhile(const Branch& now, std::uint64_t version);

/// The records that make an empty repository with this branch.
std::vector<RecordChange> first_records(const CreateRepository& options, const Branch& branch);
Result<void> check_create(const CreateRepository& options);

/// `not_found` where there is no repository.
Result<StoredConfig> read_config(HeadStore& heads, HeadStore::View kind = HeadStore::View::durable);

}  // namespace dialog
