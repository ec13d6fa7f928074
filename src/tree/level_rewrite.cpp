#include "level_rewrite.hpp"

#include <utility>

#include "layout.hpp"

namespace dialog::detail {
namespace {

/// So many leaves are read together.
constexpr std::size_t kWindowNodes = 256;

}  // namespace

Result<void> LevelRewrite::run(std::span<const EntryChange> changes) {
  changes_ = changes;
  if (tree_.has_level(level_)) {
    LevelWalk walk(tree_, level_);
    while (next_change_ < changes_.size()) {
      auto merged = merge_region(walk);
      if (merged) continue;
      if (merged.error().code != ErrorCode::missing_blocks) return merged;
      // The other regions may need absent blocks as well.
      for (const Hash& hash : merged.error().missing) missing_.add(hash);
      writer_.clear();
    }
    DIALOG_TRY(missing_.take());
    whole_level_ = entries_merged_ == tree_.top()->size().entries;
  } else {
    for (const EntryChange& change : changes_) {
      if (change.payload) DIALOG_TRY(add(change.key, *change.payload));
    }
    whole_level_ = true;
  }
  return writer_.empty() ? Result<void>{} : close();
}

Result<void> LevelRewrite::merge_region(LevelWalk& walk) {
  DIALOG_TRY(walk.seek(changes_[next_change_].key));
  for (bool continues = false;; continues = true) {
    auto node = read(walk, continues);
    if (!node) {
      give_up_region(walk);
      return fail(std::move(node).error());
    }
    DIALOG_TRY(merge(*node, walk.is_last()));
    if (writer_.empty() || walk.is_last()) break;
    DIALOG_TRY(walk.next());
  }
  return {};
}

void LevelRewrite::give_up_region(const LevelWalk& walk) {
  while (next_change_ < changes_.size() &&
         (walk.is_last() || changes_[next_change_].key <= walk.last_key())) {
    ++next_change_;
  }
}

Result<NodePtr> LevelRewrite::read(const LevelWalk& walk, bool continues) {
  const NodeRef ref = walk.ref();
  if (level_ > 0) return tree_.load(ref);
  auto at = window_.find(ref.hash);
  if (at == window_.end()) {
    // A neighbour is read alone: whether the next one is needed too is known only after it.
    if (continues) return tree_.load(ref);
    DIALOG_TRY(read_window(walk));
    at = window_.find(ref.hash);
  }
  NodePtr node = std::move(at->second);
  window_.erase(at);
  if (!node) return fail(missing_blocks({ref.hash}));
  return node;
}

Result<void> LevelRewrite::read_window(const LevelWalk& walk) {
  NodeRefs refs;
  LevelWalk scout = walk;
  for (std::size_t i = next_change_; refs.size() < kWindowNodes;) {
    refs.add(scout.ref());
    if (scout.is_last()) break;
    while (i < changes_.size() && changes_[i].key <= scout.last_key()) ++i;
    if (i == changes_.size()) break;
    DIALOG_TRY(scout.seek(changes_[i].key));
  }
  window_.clear();
  DIALOG_ASSIGN(std::vector<NodePtr> nodes, tree_.find(refs.all()));
  for (std::size_t i = 0; i < refs.size(); ++i) {
    window_.emplace(refs.hash(i), std::move(nodes[i]));
  }
  return {};
}

Result<void> LevelRewrite::merge(const NodePtr& node, bool is_last) {
  EntryCursor entry(*node);
  if (last_old_key_ && entry.key() <= ByteView(*last_old_key_)) {
    return fail(ErrorCode::corrupt,
                "block " + node->hash().hex() + " overlaps the node to the left of it");
  }
  last_old_key_ = Bytes(node->last_key());
  entries_merged_ += node->size().entries;
  removed_.push_back({*last_old_key_, node->hash()});
  for (;;) {
    const EntryChange* change = next_change_ < changes_.size() ? &changes_[next_change_] : nullptr;
    if (change && (entry.at_end() ? !is_last : change->key > entry.key())) change = nullptr;
    if (!change) {
      if (entry.at_end()) return {};
      DIALOG_TRY(add(entry.key(), entry.payload()));
      entry.next();
      continue;
    }
    if (!entry.at_end() && change->key == entry.key()) entry.next();
    if (change->payload) DIALOG_TRY(add(change->key, *change->payload));
    ++next_change_;
  }
}

Result<void> LevelRewrite::add(ByteView key, ByteView payload) {
  return writer_.add_encoded(key, payload) ? close() : Result<void>{};
}

Result<void> LevelRewrite::close() {
  ListedNode listed{Bytes(writer_.last_key()), {}, {}, writer_.count()};
  Child child{{}, writer_.size()};
  Block block = writer_.finish();
  child.hash = block.hash();
  listed.hash = block.hash();
  put_child(listed.payload, child);
  const bool is_new = removed_.empty() || removed_.back().hash != block.hash();
  added_.push_back(std::move(listed));
  if (!is_new) return {};
  ++meter_.nodes_written;
  DIALOG_TRY(tree_.check_meter());
  if (level_ > 0 && added_.size() == 1) {
    first_ = std::move(block);
    return {};
  }
  DIALOG_TRY(release_first());
  return batch_.add(std::move(block));
}

Result<NodePtr> LevelRewrite::first_node() {
  if (first_) return Node::parse(*first_);
  return tree_.load({added_.front().hash, level_, {}, {}});
}

Result<void> LevelRewrite::release_first() {
  if (!first_) return {};
  Block block = *std::move(first_);
  first_.reset();
  return batch_.add(std::move(block));
}

}  // namespace dialog::detail
