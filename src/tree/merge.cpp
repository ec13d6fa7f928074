#include "dialog/tree/merge.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "dialog/tree/diff.hpp"
#include "dialog/tree/read.hpp"
#include "missing.hpp"

namespace dialog {
namespace {

/// One key that the local side changed.
struct LocalChange {
  Bytes key;
  std::optional<StoredValue> base;
  std::optional<StoredValue> local;
};

std::optional<StoredValue> stored(const std::optional<ValueView>& view) {
  return view ? std::optional<StoredValue>(*view) : std::nullopt;
}

std::optional<ValueView> viewed(const std::optional<StoredValue>& value) {
  return value ? std::optional(value->view()) : std::nullopt;
}

ConflictKind kind_of(const LocalChange& change, const std::optional<StoredValue>& remote) {
  if (!change.local) return ConflictKind::delete_update;
  if (!remote) return ConflictKind::update_delete;
  return change.base ? ConflictKind::both_updated : ConflictKind::both_added;
}

/// Local changes in memory at once: so many keys, or about so many bytes.
constexpr std::size_t kBatchChanges = 10'000;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;

class MergeRun {
 public:
  MergeRun(NodeSource& source, ConflictPolicy& policy, const MergeOptions& options,
           const Context& context)
      : source_(source), policy_(policy), options_(options), context_(context) {}

  Result<MergeOutcome> run(const MergeInput& input) {
    DiffCursor changes(source_, input.base, input.local, context_);
    // Where only the local side changed there is nothing to look up.
    if (input.base == input.remote) return take_local(changes, input.local);
    Hash merged = input.remote;
    for (;;) {
      DIALOG_TRY(read_batch(changes));
      if (batch_.empty()) break;
      auto next = merge_batch(input.remote, merged);
      if (next) {
        merged = *next;
      } else if (next.error().code != ErrorCode::missing_blocks) {
        return fail(std::move(next).error());
      } else {
        // The other batches may need absent blocks as well.
        for (const Hash& hash : next.error().missing) missing_.add(hash);
      }
    }
    DIALOG_TRY(missing_.take());
    if (outcome_.counts.undecided == 0) outcome_.root = merged;
    return std::move(outcome_);
  }

 private:
  Result<MergeOutcome> take_local(DiffCursor& changes, const Hash& local) {
    for (;;) {
      DIALOG_ASSIGN(const bool found, changes.next());
      if (!found) break;
      ++outcome_.counts.local_changes;
    }
    outcome_.counts.applied = outcome_.counts.local_changes;
    outcome_.root = local;
    return std::move(outcome_);
  }

  Result<void> read_batch(DiffCursor& changes) {
    batch_.clear();
    for (std::size_t bytes = 0; batch_.size() < kBatchChanges && bytes < kBatchBytes;) {
      DIALOG_ASSIGN(const bool found, changes.next());
      if (!found) break;
      const Change& change = changes.change();
      batch_.push_back({Bytes(change.key), stored(change.before), stored(change.after)});
      bytes += change.key.size();
      for (const auto& value : {change.before, change.after}) {
        if (value) bytes += value->payload().size();
      }
    }
    outcome_.counts.local_changes += batch_.size();
    return {};
  }

  /// The root of `merged`, which has all batches before this one, with this one too.
  Result<Hash> merge_batch(const Hash& remote, const Hash& merged) {
    std::vector<ByteView> keys;
    keys.reserve(batch_.size());
    for (const LocalChange& change : batch_) keys.push_back(change.key);
    DIALOG_ASSIGN(const auto values, find_values(source_, remote, keys, context_));
    edits_.clear();
    for (std::size_t i = 0; i < batch_.size(); ++i) DIALOG_TRY(decide(batch_[i], values[i]));
    if (outcome_.counts.undecided > 0) return merged;
    auto edited = edit_tree(source_, merged, std::span<const StoredEdit>(edits_),
                            {.nodes_touched_max = nodes_left()}, context_);
    if (!edited && edited.error().code == ErrorCode::resource_exhausted) {
      return fail(
          edited.error().within("merging costs far more than the keys of honest entries make it"));
    }
    if (!edited) return fail(std::move(edited).error());
    outcome_.meter += edited->meter;
    return edited->root;
  }

  [[nodiscard]] std::uint64_t nodes_left() const {
    const std::uint64_t honest = kMergeNodesTouchedPerChange * outcome_.counts.local_changes;
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t allowed =
        options_.nodes_touched_base + std::min(honest, most - options_.nodes_touched_base);
    return allowed - std::min(allowed, outcome_.meter.nodes_touched());
  }

  Result<void> decide(LocalChange& change, const std::optional<StoredValue>& remote) {
    MergeCounts& counts = outcome_.counts;
    if (remote == change.local) {
      ++counts.same;
    } else if (remote == change.base) {
      ++counts.applied;
      edits_.push_back({std::move(change.key), std::move(change.local)});
    } else {
      return resolve(change, remote);
    }
    return {};
  }

  Result<void> resolve(LocalChange& change, const std::optional<StoredValue>& remote) {
    const ConflictKind kind = kind_of(change, remote);
    count(kind);
    DIALOG_ASSIGN(Resolution resolution, policy_.resolve({kind, change.key, viewed(change.base),
                                                          viewed(change.local), viewed(remote)},
                                                         source_));
    switch (resolution.choice) {
      case Resolution::Choice::local:
        ++outcome_.counts.took_local;
        edits_.push_back({std::move(change.key), std::move(change.local)});
        break;
      case Resolution::Choice::remote:
        ++outcome_.counts.took_remote;
        break;
      case Resolution::Choice::value: {
        ++outcome_.counts.took_other;
        DIALOG_ASSIGN(const SplitValue split, split_value(resolution.value));
        DIALOG_TRY(source_.archive().put(split.blocks, context_));
        edits_.push_back({std::move(change.key), split.stored});
        break;
      }
      case Resolution::Choice::remove:
        ++outcome_.counts.took_other;
        edits_.push_back({std::move(change.key), std::nullopt});
        break;
      case Resolution::Choice::undecided:
        ++outcome_.counts.undecided;
        if (outcome_.open.size() < options_.open_conflicts_max) {
          outcome_.open.push_back({kind, std::move(change.key), std::move(change.base),
                                   std::move(change.local), remote});
        }
        break;
    }
    return {};
  }

  void count(ConflictKind kind) {
    MergeCounts& counts = outcome_.counts;
    switch (kind) {
      case ConflictKind::both_updated:
        ++counts.both_updated;
        break;
      case ConflictKind::both_added:
        ++counts.both_added;
        break;
      case ConflictKind::update_delete:
        ++counts.update_delete;
        break;
      case ConflictKind::delete_update:
        ++counts.delete_update;
        break;
    }
  }

  NodeSource& source_;
  ConflictPolicy& policy_;
  const MergeOptions& options_;
  const Context& context_;
  std::vector<LocalChange> batch_;
  std::vector<StoredEdit> edits_;
  detail::MissingSet missing_;
  MergeOutcome outcome_;
};

}  // namespace

Result<MergeOutcome> merge_trees(NodeSource& source, const MergeInput& input,
                                 ConflictPolicy& policy, const MergeOptions& options,
                                 const Context& context) {
  return MergeRun(source, policy, options, context).run(input);
}

}  // namespace dialog
