#include "dialog/tree/edit.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "block_batch.hpp"
#include "child_ref.hpp"
#include "dialog/base/check.hpp"
#include "level_rewrite.hpp"
#include "old_tree.hpp"

namespace dialog {
namespace {

using detail::EntryChange;
using detail::LevelRewrite;
using detail::ListedNode;

template <class AnyEdit>
Result<void> check_keys(std::span<const AnyEdit> edits) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].key.size() > kKeyBytesMax) {
      return fail(ErrorCode::too_large, "a key of " + std::to_string(edits[i].key.size()) +
                                            " bytes is longer than " +
                                            std::to_string(kKeyBytesMax));
    }
    if (i > 0 && edits[i].key <= edits[i - 1].key) {
      return fail(ErrorCode::invalid_argument, "the keys of the edits do not strictly ascend");
    }
  }
  return {};
}

/// What the level above has to change, given what became of one level.
std::vector<EntryChange> changes_above(const std::vector<ListedNode>& removed,
                                       const std::vector<ListedNode>& added) {
  std::vector<EntryChange> changes;
  auto old = removed.begin();
  auto now = added.begin();
  while (old != removed.end() || now != added.end()) {
    if (now == added.end() || (old != removed.end() && old->last_key < now->last_key)) {
      changes.push_back({(old++)->last_key, std::nullopt});
    } else if (old == removed.end() || now->last_key < old->last_key) {
      changes.push_back({now->last_key, now->payload});
      ++now;
    } else {
      if (old->hash != now->hash) changes.push_back({now->last_key, now->payload});
      ++old;
      ++now;
    }
  }
  return changes;
}

/// The same where there is no level above yet: it has to list every node.
std::vector<EntryChange> entries_above(const std::vector<ListedNode>& nodes) {
  std::vector<EntryChange> entries;
  entries.reserve(nodes.size());
  for (const ListedNode& node : nodes) entries.push_back({node.last_key, node.payload});
  return entries;
}

class EditRun {
 public:
  EditRun(NodeSource& source, const EditOptions& options, const Context& context)
      : context_(context),
        options_(options),
        batch_(source.archive(), context_),
        tree_(source, context_, options_, meter_) {}

  detail::BlockBatch& batch() { return batch_; }

  Result<EditOutcome> run(const Hash& root, std::vector<EntryChange> changes) {
    EditOutcome outcome{root, {}};
    if (!changes.empty()) {
      DIALOG_TRY(tree_.open(root));
      DIALOG_TRY(tree_.read_ways(changes));
      DIALOG_ASSIGN(outcome.root, rewrite(root, std::move(changes)));
    }
    DIALOG_TRY(batch_.flush());
    outcome.meter = meter_;
    outcome.meter.bytes_written = batch_.bytes_total();
    return outcome;
  }

 private:
  Result<Hash> rewrite(const Hash& root, std::vector<EntryChange> changes) {
    // The changes of a level borrow from the rewrite of the level below.
    std::unique_ptr<LevelRewrite> below;
    for (std::size_t level = 0; level <= kTreeFormat.level_max; ++level) {
      auto here =
          std::make_unique<LevelRewrite>(tree_, batch_, meter_, static_cast<std::uint8_t>(level));
      DIALOG_TRY(here->run(changes));
      changes = changes_above(here->removed(), here->added());
      if (changes.empty()) return root;
      if (here->is_whole_level()) {
        if (here->added().empty()) return Hash{};
        if (here->added().size() == 1) return root_at_or_below(*here);
      }
      if (!tree_.has_level(static_cast<std::uint8_t>(level + 1))) {
        changes = entries_above(here->added());
      }
      DIALOG_TRY(here->release_first());
      below = std::move(here);
    }
    return fail(ErrorCode::resource_exhausted, "the tree would have too many levels");
  }

  /// The root is the lowest node that has its level for itself: not one with a single child.
  Result<Hash> root_at_or_below(LevelRewrite& level) {
    const ListedNode& only = level.added().front();
    if (only.count > 1 || !level.has_children()) {
      DIALOG_TRY(level.release_first());
      return only.hash;
    }
    DIALOG_ASSIGN(NodePtr node, level.first_node());
    for (;;) {
      EntryCursor entry(*node);
      // It was there before: had it been rewritten, the rewrite would have ended on its level.
      const NodeRef child = detail::child_ref(entry, node->level());
      if (node->level() == 1) return child.hash;
      DIALOG_ASSIGN(NodePtr next, tree_.load(child));
      if (next->count() > 1) return next->hash();
      node = std::move(next);
    }
  }

  const Context& context_;
  const EditOptions& options_;
  EditMeter meter_;
  detail::BlockBatch batch_;
  detail::OldTree tree_;
};

}  // namespace

Result<EditOutcome> edit_tree(NodeSource& source, const Hash& root, std::span<const Edit> edits,
                              const EditOptions& options, const Context& context) {
  DIALOG_TRY(check_keys(edits));
  EditRun run(source, options, context);
  std::vector<std::optional<StoredValue>> values(edits.size());
  std::vector<EntryChange> changes;
  changes.reserve(edits.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    EntryChange change{edits[i].key, std::nullopt};
    if (edits[i].value) {
      DIALOG_ASSIGN(SplitValue split, split_value(*edits[i].value));
      for (Block& block : split.blocks) DIALOG_TRY(run.batch().add(std::move(block)));
      values[i] = std::move(split.stored);
      change.payload = values[i]->view().payload();
    }
    changes.push_back(change);
  }
  return run.run(root, std::move(changes));
}

Result<EditOutcome> edit_tree(NodeSource& source, const Hash& root,
                              std::span<const StoredEdit> edits, const EditOptions& options,
                              const Context& context) {
  DIALOG_TRY(check_keys(edits));
  EditRun run(source, options, context);
  std::vector<EntryChange> changes;
  changes.reserve(edits.size());
  for (const StoredEdit& edit : edits) {
    EntryChange change{edit.key, std::nullopt};
    if (edit.value) change.payload = edit.value->view().payload();
    changes.push_back(change);
  }
  return run.run(root, std::move(changes));
}

}  // namespace dialog
