#include "dialog/tree/read.hpp"

#include <utility>

#include "descent.hpp"

namespace dialog {
namespace {

/// Some consecutive keys and the node below which they are, if anywhere.
struct KeyGroup {
  NodePtr node;
  std::size_t first = 0;
  std::size_t end = 0;
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
  DIALOG_TRY(detail::check_ascending(keys, "keys to look up"));
  std::vector<std::optional<StoredValue>> found(keys.size());
  if (root.is_zero() || keys.empty()) return found;
  const auto step = [&](const KeyGroup& group, std::vector<KeyGroup>& below,
                        detail::NodeRefs& refs) {
    EntryCursor entry(*group.node);
    for (std::size_t i = group.first; i < group.end;) {
      const bool is_here = entry.seek(keys[i]);
      if (entry.at_end()) return;
      if (group.node->is_leaf()) {
        if (is_here) found[i].emplace(entry.value());
        ++i;
        continue;
      }
      KeyGroup next{nullptr, i, i + 1};
      while (next.end < group.end && keys[next.end] <= entry.key()) ++next.end;
      i = next.end;
      below.push_back(std::move(next));
      refs.add(detail::child_ref(entry, group.node->level()));
    }
  };
  DIALOG_TRY(detail::descend(source, root, KeyGroup{nullptr, 0, keys.size()}, step, context));
  return found;
}

Result<TreeSummary> summarize_tree(NodeSource& source, const Hash& root, const Context& context) {
  if (root.is_zero()) return TreeSummary{};
  DIALOG_ASSIGN(const NodePtr top, source.load_one({root, {}, {}, {}}, context));
  return TreeSummary{top->size(), std::size_t{top->level()} + 1};
}

}  // namespace dialog
