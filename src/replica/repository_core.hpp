#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialog/archive/caching_archive.hpp"
#include "dialog/replica/repository.hpp"
#include "records.hpp"

namespace dialog {

/// A branch with the bytes that a compare-and-swap of its record expects.
struct StoredBranch {
  Branch branch;
  Bytes record;
};

struct Repository::Core {
  Core(RepositoryStore& repository_store, Clock& repository_clock,
       records::Config repository_config, const OpenRepository& open)
      : store(repository_store),
        clock(repository_clock),
        config(std::move(repository_config)),
        options(open),
        caching(open.read_through
                    ? std::make_unique<CachingArchive>(store.archive(), *open.read_through)
                    : nullptr),
        source(caching ? static_cast<Archive&>(*caching) : store.archive(), open.cache_bytes_max) {}

  RepositoryStore& store;
  Clock& clock;
  records::Config config;
  OpenRepository options;
  std::unique_ptr<CachingArchive> caching;
  NodeSource source;
  /// Held by whoever repeats a transaction that lost a race, so that the threads of one process do
  /// not go on defeating each other. Recursive: the function of a transaction may run another one.
  std::recursive_timed_mutex turn;

  HeadStore& heads() { return store.heads(); }

  /// `not_found`.
  Result<StoredBranch> read_branch(std::string_view name);
  /// In the order of names.
  Result<std::vector<Branch>> branches();

  /// Changes a branch; false leaves it as it is. May be called several times, each time with the
  /// present state.
  using Change = std::function<Result<bool>(Branch&)>;
  /// Repeats a compare-and-swap until it wins. Where `current` moves, the reflog gets an entry, and
  /// loses the one that falls out of what it keeps. Returns the branch as it then is. The caller
  /// holds a write lease where the change refers to blocks.
  Result<Branch> change_branch(std::string_view name, const ChangeNote& note, const Change& change);

  /// The entry of a move that makes `after` out of `before`; `after.moves` counts it already.
  RecordChange reflog_change(const Branch& before, const Branch& after, const ChangeNote& note);

  /// The removal of the entry that falls out of the reflog with the latest move; absent where there
  /// is no such entry.
  std::optional<RecordChange> oldest_entry_removal(const Branch& branch);

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

/// The records that make an empty repository with this branch.
std::vector<RecordChange> first_records(const CreateRepository& options, const Branch& branch);
Result<void> check_create(const CreateRepository& options);

/// `not_found` where there is no repository.
Result<records::Config> read_config(HeadStore& heads);

}  // namespace dialog
