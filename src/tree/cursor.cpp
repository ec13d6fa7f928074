#include "dialog/tree/cursor.hpp"

#include <algorithm>
#include <utility>

#include "child_ref.hpp"
#include "dialog/base/check.hpp"
#include "missing.hpp"

namespace dialog {

struct Cursor::Frame {
  explicit Frame(NodePtr held) : node(std::move(held)), entry(*node) {}

  NodePtr node;
  EntryCursor entry;
  // Children that were read together: of the entries from ahead_first on.
  std::vector<NodePtr> ahead;
  std::size_t ahead_first = 0;
};

Cursor::Cursor(NodeSource& source, const Hash& root, Context context)
    : source_(source), root_(root), context_(std::move(context)) {}

Cursor::~Cursor() = default;

bool Cursor::valid() const { return !frames_.empty(); }

EntryCursor& Cursor::entry() { return frames_.back().entry; }

ByteView Cursor::key() const { return frames_.back().entry.key(); }

ValueView Cursor::stored_value() const { return frames_.back().entry.value(); }

Result<Bytes> Cursor::value() { return load_value(source_, stored_value(), context_); }

void Cursor::read_ahead(std::size_t leaves, std::optional<Bytes> from, std::optional<Bytes> to) {
  ahead_max_ = leaves;
  ahead_ = std::min<std::size_t>(leaves, 1);
  ahead_from_ = std::move(from);
  ahead_to_ = std::move(to);
}

Result<bool> Cursor::seek_first() {
  frames_.clear();
  if (root_.is_zero()) return false;
  DIALOG_ASSIGN(NodePtr top, load_root());
  return descend(std::move(top), Edge::first);
}

Result<bool> Cursor::seek_last() {
  frames_.clear();
  if (root_.is_zero()) return false;
  DIALOG_ASSIGN(NodePtr top, load_root());
  return descend(std::move(top), Edge::last);
}

Result<bool> Cursor::seek(ByteView key) {
  frames_.clear();
  if (root_.is_zero()) return false;
  DIALOG_ASSIGN(NodePtr node, load_root());
  if (node->last_key() < key) return false;
  // Below, the last key of each node is the separator that led to it, so no node is left at its
  // end.
  for (;;) {
    const bool leaf = node->is_leaf();
    frames_.emplace_back(std::move(node));
    frames_.back().entry.seek(key);
    if (leaf) return true;
    DIALOG_ASSIGN(node, load_child(frames_.back(), Edge::first));
  }
}

Result<bool> Cursor::seek_before(ByteView key) {
  // The entry may be the last of the leaf to the left of where `key` would be.
  DIALOG_ASSIGN(const bool found, seek(key));
  if (!found) return seek_last();
  return prev();
}

Result<bool> Cursor::next() {
  DIALOG_CHECK(valid(), "a cursor moved that stands on no entry");
  Frame& leaf = frames_.back();
  if (leaf.entry.index() + 1 == leaf.node->count()) return step(Edge::first);
  leaf.entry.next();
  return true;
}

Result<bool> Cursor::prev() { return step(Edge::last); }

Result<bool> Cursor::step(Edge edge) {
  DIALOG_CHECK(valid(), "a cursor moved that stands on no entry");
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    const std::size_t index = frame.entry.index();
    if (edge == Edge::first ? index + 1 < frame.node->count() : index > 0) {
      edge == Edge::first ? frame.entry.next() : frame.entry.seek_index(index - 1);
      if (frame.node->is_leaf()) return true;
      DIALOG_ASSIGN(NodePtr child, load_child(frame, edge));
      return descend(std::move(child), edge);
    }
    frames_.pop_back();
  }
  return false;
}

Result<bool> Cursor::descend(NodePtr node, Edge edge) {
  for (;;) {
    const bool leaf = node->is_leaf();
    frames_.emplace_back(std::move(node));
    Frame& frame = frames_.back();
    if (edge == Edge::last) frame.entry.seek_index(frame.node->count() - 1);
    if (leaf) return true;
    DIALOG_ASSIGN(node, load_child(frame, edge));
  }
}

Result<NodePtr> Cursor::load_root() {
  ahead_ = std::min<std::size_t>(ahead_max_, 1);
  return source_.load_one({root_, {}, {}, {}}, context_);
}

Result<NodePtr> Cursor::load_child(Frame& frame, Edge edge) {
  const std::size_t index = frame.entry.index();
  if (index >= frame.ahead_first && index - frame.ahead_first < frame.ahead.size()) {
    if (const NodePtr& child = frame.ahead[index - frame.ahead_first]) return child;
  }
  detail::NodeRefs refs;
  EntryCursor entry(*frame.node);
  const std::size_t ahead = frame.node->level() == 1 ? ahead_ : 0;
  std::size_t first = index;
  std::size_t last = index;
  if (edge == Edge::first) {
    last = std::min(index + ahead, frame.node->count() - 1);
  } else {
    first = index - std::min(index, ahead);
  }
  entry.seek_index(first);
  for (std::size_t i = first; i <= last; ++i, entry.next()) {
    // Going back, what lies wholly before the range comes first.
    if (edge == Edge::last && i < index && ahead_from_ && entry.key() < *ahead_from_) {
      first = i + 1;
      continue;
    }
    refs.add(detail::child_ref(entry, frame.node->level()));
    if (edge == Edge::first && ahead_to_ && entry.key() >= *ahead_to_) break;
  }
  auto found = source_.find(refs.all(), context_);
  if (!found) {
    frames_.clear();
    return fail(std::move(found).error());
  }
  if (frame.node->level() == 1) ahead_ = std::min(ahead_ * 2, ahead_max_);
  if (NodePtr child = (*found)[index - first]) {
    frame.ahead = *std::move(found);
    frame.ahead_first = first;
    return child;
  }
  frames_.clear();
  detail::MissingSet missing;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (!(*found)[i]) missing.add(refs.hash(i));
  }
  return fail(missing_blocks(missing.hashes()));
}

}  // namespace dialog
