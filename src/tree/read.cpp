#include "dialog/tree/read.hpp"

#include <utility>

#include "child_ref.hpp"
#include "missing.hpp"

namespace dialog {
namespace {

/// Some consecutive keys and the node below which they are, if anywhere.
struct Group {
  NodePtr node;
  std::size_t first = 0;
  std::size_t end = 0;
};

/// Looks many keys up, level by level.
class Lookup {
 public:
  Lookup(NodeSource& source, std::span<const ByteView> keys, const Context& context)
      : source_(source), keys_(keys), context_(context), found_(keys.size()) {}

  Result<std::vector<std::optional<StoredValue>>> run(const Hash& root) {
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      if (keys_[i] <= keys_[i - 1]) {
        return fail(ErrorCode::invalid_argument, "the keys to look up do not strictly ascend");
      }
    }
    if (root.is_zero() || keys_.empty()) return std::move(found_);
    DIALOG_ASSIGN(NodePtr top, source_.load_one({root, {}, {}, {}}, context_));
    groups_.push_back({std::move(top), 0, keys_.size()});
    // All groups stand on one level, for the nodes of a tree's level all have the same depth.
    while (!groups_.empty()) DIALOG_TRY(descend());
    DIALOG_TRY(missing_.take());
    return std::move(found_);
  }

 private:
  Result<void> descend() {
    std::vector<Group> below;
    detail::NodeRefs refs;
    for (const Group& group : groups_) {
      if (group.node->is_leaf()) {
        read_leaf(group);
      } else {
        split(group, below, refs);
      }
    }
    groups_.clear();
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source_.find(refs.all(), context_));
    detail::give_nodes(below, std::move(nodes),
                       [&](std::size_t at) { missing_.add(refs.hash(at)); });
    groups_ = std::move(below);
    return {};
  }

  void read_leaf(const Group& group) {
    EntryCursor entry(*group.node);
    for (std::size_t i = group.first; i < group.end; ++i) {
      if (entry.seek(keys_[i])) found_[i].emplace(entry.value());
    }
  }

  void split(const Group& group, std::vector<Group>& below, detail::NodeRefs& refs) {
    EntryCursor entry(*group.node);
    for (std::size_t i = group.first; i < group.end;) {
      entry.seek(keys_[i]);
      if (entry.at_end()) return;
      Group next{nullptr, i, i + 1};
      while (next.end < group.end && keys_[next.end] <= entry.key()) ++next.end;
      i = next.end;
      below.push_back(std::move(next));
      refs.add(detail::child_ref(entry, group.node->level()));
    }
  }

  NodeSource& source_;
  std::span<const ByteView> keys_;
  const Context& context_;
  std::vector<Group> groups_;
  std::vector<std::optional<StoredValue>> found_;
  detail::MissingSet missing_;
};

}  // namespace

Result<std::optional<Bytes>> get_value(NodeSource& source, const Hash& root, ByteView key,
                                       const Context& context) {
  if (root.is_zero()) return std::nullopt;
  DIALOG_ASSIGN(NodePtr node, source.load_one({root, {}, {}, {}}, context));
  while (!node->is_leaf()) {
    EntryCursor entry(*node);
    entry.seek(key);
    if (entry.at_end()) return std::nullopt;
    DIALOG_ASSIGN(node, source.load_one(detail::child_ref(entry, node->level()), context));
  }
  EntryCursor entry(*node);
  if (!entry.seek(key)) return std::nullopt;
  DIALOG_ASSIGN(Bytes value, load_value(source, entry.value(), context));
  return value;
}

Result<std::vector<std::optional<StoredValue>>> find_values(NodeSource& source, const Hash& root,
                                                            std::span<const ByteView> keys,
                                                            const Context& context) {
  return Lookup(source, keys, context).run(root);
}

Result<TreeSummary> summarize_tree(NodeSource& source, const Hash& root, const Context& context) {
  if (root.is_zero()) return TreeSummary{};
  DIALOG_ASSIGN(const NodePtr top, source.load_one({root, {}, {}, {}}, context));
  return TreeSummary{top->size(), std::size_t{top->level()} + 1};
}

}  // namespace dialog
