#include "old_tree.hpp"

#include <string>
#include <utility>

namespace dialog::detail {

/// Some consecutive changes and the inner node below which they belong.
struct OldTree::Way {
  NodePtr node;
  std::size_t first = 0;
  std::size_t end = 0;
};

Result<void> OldTree::open(const Hash& root) {
  if (root.is_zero()) return {};
  DIALOG_ASSIGN(top_, load({root, {}, {}, {}}));
  return {};
}

Result<void> OldTree::check_meter() const {
  if (meter_.nodes_touched() <= options_.nodes_touched_max) return {};
  return fail(ErrorCode::resource_exhausted, "the edit touches more than " +
                                                 std::to_string(options_.nodes_touched_max) +
                                                 " nodes of the tree");
}

Result<std::vector<NodePtr>> OldTree::find(std::span<const NodeRef> refs) {
  std::vector<NodePtr> nodes(refs.size());
  std::vector<NodeRef> wanted;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (top_ && refs[i].hash == top_->hash()) {
      nodes[i] = top_;
    } else if (const auto at = inner_.find(refs[i].hash); at != inner_.end()) {
      nodes[i] = at->second;
    } else {
      wanted.push_back(refs[i]);
      places.push_back(i);
    }
  }
  if (wanted.empty()) return nodes;
  meter_.nodes_read += wanted.size();
  DIALOG_TRY(check_meter());
  DIALOG_ASSIGN(std::vector<NodePtr> found, source_.find(wanted, context_));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (found[i] && !found[i]->is_leaf()) inner_.emplace(found[i]->hash(), found[i]);
    nodes[places[i]] = std::move(found[i]);
  }
  return nodes;
}

Result<NodePtr> OldTree::load(const NodeRef& ref) {
  DIALOG_ASSIGN(std::vector<NodePtr> nodes, find({&ref, 1}));
  if (!nodes.front()) return fail(missing_blocks({ref.hash}));
  return std::move(nodes.front());
}

Result<void> OldTree::read_ways(std::span<const EntryChange> changes) {
  if (!top_ || top_->is_leaf() || changes.empty()) return {};
  std::vector<Way> ways;
  ways.push_back({top_, 0, changes.size()});
  MissingSet missing;
  while (!ways.empty()) {
    std::vector<Way> below;
    NodeRefs refs;
    const bool leaves_next = ways.front().node->level() == 1;
    for (const Way& way : ways) split(way, changes, below, refs);
    if (leaves_next) {
      if (!missing.empty()) DIALOG_TRY(note_absent_leaves(refs.all(), missing));
      break;
    }
    ways.clear();
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, find(refs.all()));
    give_nodes(below, std::move(nodes), [&](std::size_t at) { missing.add(refs.hash(at)); });
    ways = std::move(below);
  }
  return missing.take();
}

void OldTree::split(const Way& way, std::span<const EntryChange> changes, std::vector<Way>& below,
                    NodeRefs& refs) const {
  EntryCursor entry(*way.node);
  for (std::size_t i = way.first; i < way.end;) {
    entry.seek(changes[i].key);
    Way next{nullptr, i, i + 1};
    if (entry.at_end()) {
      // What lies beyond the tree goes to its last leaf.
      entry.seek_index(way.node->count() - 1);
      next.end = way.end;
    }
    while (next.end < way.end && changes[next.end].key <= entry.key()) ++next.end;
    if (entry.index() + 1 == way.node->count()) next.end = way.end;
    i = next.end;
    below.push_back(std::move(next));
    refs.add(child_ref(entry, way.node->level()));
  }
}

Result<void> OldTree::note_absent_leaves(std::span<const NodeRef> refs, MissingSet& missing) {
  std::vector<Hash> hashes;
  for (const NodeRef& ref : refs) hashes.push_back(ref.hash);
  DIALOG_ASSIGN(const std::vector<bool> present, source_.archive().has(hashes, context_));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!present[i]) missing.add(hashes[i]);
  }
  return {};
}

Result<void> LevelWalk::push_child() {
  DIALOG_ASSIGN(NodePtr child,
                tree_->load(child_ref(frames_.back().entry, frames_.back().node->level())));
  frames_.emplace_back(std::move(child));
  return {};
}

Result<void> LevelWalk::seek(ByteView key) {
  if (tree_->top()->level() == level_) return {};
  if (frames_.empty()) frames_.emplace_back(tree_->top());
  while (frames_.size() > 1 && frames_.back().node->last_key() < key) frames_.pop_back();
  for (;;) {
    Frame& frame = frames_.back();
    frame.entry.seek(key);
    if (frame.entry.at_end()) frame.entry.seek_index(frame.node->count() - 1);
    if (frame.node->level() == level_ + 1) return {};
    DIALOG_TRY(push_child());
  }
}

Result<void> LevelWalk::next() {
  while (frames_.back().entry.index() + 1 == frames_.back().node->count()) frames_.pop_back();
  frames_.back().entry.next();
  while (frames_.back().node->level() != level_ + 1) DIALOG_TRY(push_child());
  return {};
}

bool LevelWalk::is_last() const {
  for (const Frame& frame : frames_) {
    if (frame.entry.index() + 1 != frame.node->count()) return false;
  }
  return true;
}

NodeRef LevelWalk::ref() const {
  if (frames_.empty()) return NodeRef{tree_->top()->hash(), level_, {}, last_key()};
  return child_ref(frames_.back().entry, frames_.back().node->level());
}

ByteView LevelWalk::last_key() const {
  return frames_.empty() ? tree_->top()->last_key() : frames_.back().entry.key();
}

}  // namespace dialog::detail
