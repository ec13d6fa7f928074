#include <algorithm>
#include <span>
#include <utility>

#include "reach.hpp"
#include "repository_core.hpp"
#include "roots.hpp"
#include "seeded_bugs.hpp"

namespace dialog {
namespace {

constexpr std::size_t kRemovedAtOnce = 4096;
constexpr std::size_t kMovesAtOnce = 1000;
// Bounds the list of what is to be removed; what is beyond goes in another pass.
constexpr std::size_t kGarbageListMax = 1'000'000;

/// Adds what a repository needs to what is reached, and lists the moves that it no longer keeps.
class Keeper {
 public:
  Keeper(HeadStore& heads, const Retention& retention, WallTime now, Reach& reach)
      : heads_(heads), retention_(retention), now_(now), reach_(reach) {}

  Result<void> keep(const Branch& branch) {
    for (const Root& root : roots_of(branch)) {
      DIALOG_TRY(reach_.add(root.revision));
      if (DIALOG_BUG(only_branches_are_kept)) return {};
    }
    const std::string prefix = records::reflog_prefix(branch.name);
    std::string after;
    for (;;) {
      HeadStore::Range range;
      range.prefix = prefix;
      range.after = after;
      range.limit = kMovesAtOnce;
      DIALOG_ASSIGN(const std::vector<Record> found, heads_.list(range));
      for (const Record& record : found) DIALOG_TRY(keep(branch, record));
      if (found.size() < kMovesAtOnce) return {};
      after = found.back().key;
    }
  }

  /// The keys of the moves that the repository no longer keeps.
  [[nodiscard]] const std::vector<std::string>& forgotten() const { return forgotten_; }

 private:
  Result<void> keep(const Branch& branch, const Record& record) {
    DIALOG_ASSIGN(const ReflogEntry move, records::decode_reflog(record.key, record.value));
    const bool is_old = retention_.age && now_ - move.time >= *retention_.age;
    if (is_old || move.sequence + retention_.moves <= branch.moves) {
      forgotten_.push_back(record.key);
      return {};
    }
    for (const auto& revision : {move.before, move.after})
      if (revision) DIALOG_TRY(reach_.add(*revision));
    return {};
  }

  HeadStore& heads_;
  Retention retention_;
  WallTime now_;
  Reach& reach_;
  std::vector<std::string> forgotten_;
};

// Blocks of a move go only after its record: so however that changes meanwhile, it goes.
Result<void> forget(HeadStore& heads, std::span<const std::string> keys) {
  std::size_t attempt = 0;
  while (!keys.empty()) {
    const auto some = keys.first(std::min(kMovesAtOnce, keys.size()));
    std::vector<RecordChange> changes;
    for (const std::string& key : some) {
      DIALOG_ASSIGN(std::optional<Bytes> record, heads.read(key, HeadStore::View::submitted));
      if (record) changes.push_back({key, std::move(record), std::nullopt});
    }
    DIALOG_ASSIGN(const bool won, heads.commit(changes));
    if (won) {
      keys = keys.subspan(some.size());
    } else if (++attempt == kRecordAttemptsMax) {
      return fail(moved_too_often("the log of a branch"));
    }
  }
  return {};
}

/// What is to be removed: all of it counted, the first of it listed.
struct Garbage {
  CollectReport counts;
  std::vector<Hash> listed;
};

Result<Garbage> find_garbage(CollectableArchive& archive, const Reach& reach,
                             std::size_t listed_max) {
  Garbage garbage;
  DIALOG_TRY(archive.for_each([&](const Hash& hash, ByteView bytes) {
    if (reach.contains(hash)) {
      ++garbage.counts.kept_blocks;
      return true;
    }
    ++garbage.counts.removed_blocks;
    garbage.counts.removed_bytes += bytes.size();
    if (garbage.listed.size() < listed_max) garbage.listed.push_back(hash);
    return true;
  }));
  return garbage;
}

Result<void> remove_all(CollectableArchive& archive, std::span<const Hash> hashes,
                        const Context& context, Clock& clock) {
  for (; !hashes.empty(); hashes = hashes.subspan(std::min(kRemovedAtOnce, hashes.size()))) {
    DIALOG_TRY(check_context(context, clock));
    DIALOG_TRY(archive.remove(hashes.first(std::min(kRemovedAtOnce, hashes.size()))));
  }
  return {};
}

}  // namespace

Result<CollectReport> Repository::collect_garbage(const CollectOptions& options) {
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::collect));
  CollectableArchive& archive = core_->store.archive();
  DIALOG_TRY(archive.flush(options.context));
  std::vector<Hash> missing;
  Reach reach(archive, options.context,
              {[&](std::uint64_t) { return check_context(options.context, core_->clock); },
               [&](const Hash& hash, Error error) -> Result<void> {
                 if (error.code != ErrorCode::missing_blocks) return fail(std::move(error));
                 if (missing.size() < kMissingMax) missing.push_back(hash);
                 return {};
               }});
  DIALOG_ASSIGN(const std::vector<Branch> all, branches());
  DIALOG_ASSIGN(const Retention retention, core_->retention(HeadStore::View::durable));
  Keeper keeper(core_->heads(), retention, core_->clock.wall(), reach);
  for (const Branch& branch : all) DIALOG_TRY(keeper.keep(branch));
  if (!core_->config.is_partial && !missing.empty()) {
    return fail(missing_blocks(std::move(missing))
                    .within("the repository is incomplete, and nothing was removed; verify it"));
  }

  if (!options.dry_run) DIALOG_TRY(forget(core_->heads(), keeper.forgotten()));
  const std::size_t listed_max = options.dry_run ? 0 : kGarbageListMax;
  DIALOG_ASSIGN(Garbage garbage, find_garbage(archive, reach, listed_max));
  CollectReport report = garbage.counts;
  report.forgotten_moves = keeper.forgotten().size();
  while (!garbage.listed.empty()) {
    DIALOG_TRY(remove_all(archive, garbage.listed, options.context, core_->clock));
    if (garbage.listed.size() == garbage.counts.removed_blocks) break;
    DIALOG_ASSIGN(garbage, find_garbage(archive, reach, listed_max));
  }
  if (!options.dry_run) {
    DIALOG_ASSIGN(report.reclaimed_bytes, archive.reclaim(options.context));
  }
  return report;
}

}  // namespace dialog
