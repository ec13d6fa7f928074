#include <algorithm>
#include <unordered_set>
#include <utility>

#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/value.hpp"
#include "repository_core.hpp"
#include "seeded_bugs.hpp"

namespace dialog {
namespace {

constexpr std::size_t kWindow = 256;
constexpr std::size_t kRemovedAtOnce = 4096;
// Bounds the list of what is to be removed; what is beyond goes in another pass.
constexpr std::size_t kGarbageListMax = 1'000'000;
constexpr std::size_t kMissingMax = 1000;

/// Finds everything that some roots reach. The same bytes may be a node here and a part of a value
/// there: each role is followed by itself.
class Marker {
 public:
  Marker(CollectableArchive& archive, Clock& clock, const Context& context)
      : archive_(archive), clock_(clock), context_(context), source_(archive, kCacheBytes) {}

  Result<void> mark(const Revision& root) {
    if (root.is_zero()) return {};
    open_.push_back({root.root(), BlockKind::node, 0, {}, {}});
    while (!open_.empty()) {
      DIALOG_TRY(check_context(context_, clock_));
      DIALOG_TRY(step());
    }
    return {};
  }

  [[nodiscard]] bool is_kept(const Hash& hash) const {
    return nodes_.contains(hash) || indexes_.contains(hash) || chunks_.contains(hash);
  }
  /// Nodes and indexes that are reached and absent.
  [[nodiscard]] const std::vector<Hash>& missing() const { return missing_; }

 private:
  static constexpr std::size_t kCacheBytes = std::size_t{1024} * 1024;

  Result<void> step() {
    std::vector<NodeRef> nodes;
    std::vector<BlockRef> indexes;
    while (!open_.empty() && nodes.size() + indexes.size() < kWindow) {
      BlockRef ref = std::move(open_.back());
      open_.pop_back();
      switch (ref.kind) {
        case BlockKind::node:
          if (nodes_.insert(ref.hash).second) nodes.push_back({ref.hash, {}, {}, {}});
          break;
        case BlockKind::value_index:
          if (indexes_.insert(ref.hash).second) indexes.push_back(std::move(ref));
          break;
        case BlockKind::value_chunk:
          chunks_.insert(ref.hash);
          break;
      }
    }
    DIALOG_TRY(open_nodes(nodes));
    return open_indexes(indexes);
  }

  Result<void> open_nodes(const std::vector<NodeRef>& refs) {
    DIALOG_ASSIGN(const std::vector<NodePtr> nodes, source_.find(refs, context_));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!nodes[i]) {
        note_missing(refs[i].hash);
        continue;
      }
      std::vector<BlockRef> below = refs_of(*nodes[i]);
      std::move(below.begin(), below.end(), std::back_inserter(open_));
    }
    return {};
  }

  Result<void> open_indexes(const std::vector<BlockRef>& refs) {
    std::vector<Hash> hashes;
    for (const BlockRef& ref : refs) hashes.push_back(ref.hash);
    DIALOG_ASSIGN(const auto blocks, archive_.get(hashes, context_));
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (!blocks[i]) {
        note_missing(hashes[i]);
        continue;
      }
      DIALOG_ASSIGN(const std::vector<Hash> chunks,
                    parse_value_index(*blocks[i], refs[i].size.bytes));
      chunks_.insert(chunks.begin(), chunks.end());
    }
    return {};
  }

  void note_missing(const Hash& hash) {
    if (missing_.size() < kMissingMax) missing_.push_back(hash);
  }

  CollectableArchive& archive_;
  Clock& clock_;
  Context context_;
  NodeSource source_;
  std::vector<BlockRef> open_;
  std::unordered_set<Hash> nodes_;
  std::unordered_set<Hash> indexes_;
  std::unordered_set<Hash> chunks_;
  std::vector<Hash> missing_;
};

}  // namespace

namespace {

Result<void> mark_reflog(HeadStore& heads, const std::string& branch, Marker& marker) {
  const std::string prefix = records::reflog_prefix(branch);
  HeadStore::Range range;
  range.prefix = prefix;
  DIALOG_ASSIGN(const std::vector<Record> entries, heads.list(range));
  for (const Record& record : entries) {
    DIALOG_ASSIGN(const ReflogEntry entry, records::decode_reflog(record.key, record.value));
    DIALOG_TRY(marker.mark(entry.before));
    DIALOG_TRY(marker.mark(entry.after));
  }
  return {};
}

Result<void> mark_branch(HeadStore& heads, const Branch& branch, Marker& marker) {
  DIALOG_TRY(marker.mark(branch.current));
  if (DIALOG_BUG(only_branches_are_kept)) return {};
  for (const auto& [remote, tracking] : branch.tracking) {
    DIALOG_TRY(marker.mark(tracking.origin));
    if (tracking.fetched) DIALOG_TRY(marker.mark(tracking.fetched->revision));
    for (const SwapIntent& intent : tracking.intents) DIALOG_TRY(marker.mark(intent.desired));
  }
  return mark_reflog(heads, branch.name, marker);
}

/// What one pass over the archive found.
struct Sweep {
  std::uint64_t kept = 0;
  std::uint64_t bytes = 0;
  std::vector<Hash> garbage;
};

Result<Sweep> find_garbage(CollectableArchive& archive, const Marker& marker,
                           std::size_t garbage_max) {
  Sweep sweep;
  DIALOG_TRY(archive.for_each([&](const Hash& hash, ByteView bytes) {
    if (marker.is_kept(hash)) {
      ++sweep.kept;
    } else {
      sweep.bytes += bytes.size();
      sweep.garbage.push_back(hash);
    }
    return sweep.garbage.size() < garbage_max;
  }));
  return sweep;
}

}  // namespace

Result<CollectReport> Repository::collect_garbage(const CollectOptions& options) {
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::collect));
  CollectableArchive& archive = core_->store.archive();
  DIALOG_TRY(archive.flush(options.context));
  Marker marker(archive, core_->clock, options.context);
  DIALOG_ASSIGN(const std::vector<Branch> all, branches());
  for (const Branch& branch : all) DIALOG_TRY(mark_branch(core_->heads(), branch, marker));
  if (!core_->config.is_partial && !marker.missing().empty()) {
    return fail(missing_blocks(marker.missing())
                    .within("the repository is incomplete, and nothing was removed; verify it"));
  }

  CollectReport report;
  if (options.dry_run) {
    DIALOG_ASSIGN(const Sweep sweep, find_garbage(archive, marker, SIZE_MAX));
    return CollectReport{sweep.kept, sweep.garbage.size(), sweep.bytes};
  }
  for (bool is_last = false; !is_last;) {
    DIALOG_ASSIGN(const Sweep sweep, find_garbage(archive, marker, kGarbageListMax));
    is_last = sweep.garbage.size() < kGarbageListMax;
    report.kept_blocks = sweep.kept;
    report.removed_bytes += sweep.bytes;
    const std::span<const Hash> garbage(sweep.garbage);
    for (std::size_t first = 0; first < garbage.size(); first += kRemovedAtOnce) {
      DIALOG_TRY(check_context(options.context, core_->clock));
      const auto part = garbage.subspan(first, std::min(kRemovedAtOnce, garbage.size() - first));
      DIALOG_TRY(archive.remove(part));
      report.removed_blocks += part.size();
    }
  }
  return report;
}

}  // namespace dialog
