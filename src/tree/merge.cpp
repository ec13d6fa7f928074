#include "dialog/tree/merge.hpp"

#include <span>
#include <utility>

#include "dialog/tree/diff.hpp"
#include "dialog/tree/read.hpp"

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

class MergeRun {
 public:
  MergeRun(NodeSource& source, ConflictPolicy& policy, const MergeOptions& options,
           const Context& context)
      : source_(source), policy_(policy), options_(options), context_(context) {}

  Result<MergeOutcome> run(const MergeInput& input) {
    DIALOG_TRY(find_local_changes(input));
    outcome_.counts.local_changes = changes_.size();
    if (input.base == input.remote) {
      // Nothing to look up: the remote has of each key what base had.
      outcome_.counts.applied = changes_.size();
      outcome_.root = input.local;
      return std::move(outcome_);
    }
    std::vector<ByteView> keys(changes_.size());
    for (std::size_t i = 0; i < changes_.size(); ++i) keys[i] = changes_[i].key;
    DIALOG_ASSIGN(const auto remote, find_values(source_, input.remote, keys, context_));
    for (std::size_t i = 0; i < changes_.size(); ++i) DIALOG_TRY(decide(changes_[i], remote[i]));
    if (outcome_.counts.undecided > 0) return std::move(outcome_);
    DIALOG_ASSIGN(EditOutcome edited,
                  edit_tree(source_, input.remote, std::span<const StoredEdit>(edits_),
                            options_.edit, context_));
    outcome_.root = edited.root;
    outcome_.meter = edited.meter;
    return std::move(outcome_);
  }

 private:
  Result<void> find_local_changes(const MergeInput& input) {
    return diff_trees(
        source_, input.base, input.local,
        [this](const Change& change) {
          changes_.push_back({Bytes(change.key), stored(change.before), stored(change.after)});
          return true;
        },
        context_);
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
  std::vector<LocalChange> changes_;
  std::vector<StoredEdit> edits_;
  MergeOutcome outcome_;
};

}  // namespace

Result<MergeOutcome> merge_trees(NodeSource& source, const MergeInput& input,
                                 ConflictPolicy& policy, const MergeOptions& options,
                                 const Context& context) {
  return MergeRun(source, policy, options, context).run(input);
}

}  // namespace dialog
