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
// Bounds the list of what is to be removed; what is beyond goes in another pass.
constexpr std::size_t kGarbageListMax = 1'000'000;

Result<void> add_branch(HeadStore& heads, const Branch& branch, Reach& reach) {
  for (const Root& root : roots_of(branch)) {
    DIALOG_TRY(reach.add(root.revision));
    if (DIALOG_BUG(only_branches_are_kept)) return {};
  }
  DIALOG_ASSIGN(const std::vector<ReflogEntry> moves, reflog_of(heads, branch.name));
  for (const ReflogEntry& move : moves) {
    for (const auto& revision : {move.before, move.after})
      if (revision) DIALOG_TRY(reach.add(*revision));
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
  for (const Branch& branch : all) DIALOG_TRY(add_branch(core_->heads(), branch, reach));
  if (!core_->config.is_partial && !missing.empty()) {
    return fail(missing_blocks(std::move(missing))
                    .within("the repository is incomplete, and nothing was removed; verify it"));
  }

  const std::size_t listed_max = options.dry_run ? 0 : kGarbageListMax;
  DIALOG_ASSIGN(Garbage garbage, find_garbage(archive, reach, listed_max));
  CollectReport report = garbage.counts;
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
