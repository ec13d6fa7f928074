#include "dialog/tree/order.hpp"

#include <set>
#include <utility>

#include "descent.hpp"
#include "dialog/tree/read.hpp"

namespace dialog {
namespace {

/// Some consecutive questions, the node below which their answers are, and what lies before that.
struct RankGroup {
  NodePtr node;
  std::size_t first = 0;
  std::size_t end = 0;
  TreeSize before;
};

void add(TreeSize& sum, const TreeSize& more) {
  sum.entries += more.entries;
  sum.bytes += more.bytes;
}

/// Of one entry of a leaf, or of all below one of an inner node.
TreeSize size_at(const Node& node, const EntryCursor& entry) {
  if (!node.is_leaf()) return entry.child().size;
  return {1, entry.key().size() + entry.value().size()};
}

TreeSize difference(const TreeSize& to, const TreeSize& from) {
  return {to.entries - from.entries, to.bytes - from.bytes};
}

/// Uniform in [0, bound]. No bias: what lies beyond the last whole multiple is drawn again.
std::uint64_t random_up_to(RandomSource& random, std::uint64_t bound) {
  if (bound == UINT64_MAX) return 0;  // no tree has so many entries
  const std::uint64_t count = bound + 1;
  const std::uint64_t beyond = (UINT64_MAX % count + 1) % count;
  while (true) {
    const std::uint64_t word = random_word(random);
    if (word <= UINT64_MAX - beyond) return word % count;
  }
}

}  // namespace

Result<std::vector<TreeSize>> measure_before(NodeSource& source, const Hash& root,
                                             std::span<const ByteView> keys,
                                             const Context& context) {
  DIALOG_TRY(detail::check_ascending(keys, "keys to measure before"));
  std::vector<TreeSize> before(keys.size());
  if (root.is_zero() || keys.empty()) return before;
  const auto step = [&](const RankGroup& group, std::vector<RankGroup>& below,
                        detail::NodeRefs& refs) {
    EntryCursor entry(*group.node);
    TreeSize passed = group.before;
    for (std::size_t i = group.first; i < group.end;) {
      for (; !entry.at_end() && entry.key() < keys[i]; entry.next())
        add(passed, size_at(*group.node, entry));
      if (entry.at_end() || group.node->is_leaf()) {
        before[i++] = passed;
        continue;
      }
      RankGroup next{nullptr, i, i + 1, passed};
      while (next.end < group.end && keys[next.end] <= entry.key()) ++next.end;
      i = next.end;
      below.push_back(std::move(next));
      refs.add(detail::child_ref(entry, group.node->level()));
    }
  };
  DIALOG_TRY(detail::descend(source, root, RankGroup{nullptr, 0, keys.size(), {}}, step, context));
  return before;
}

Result<TreeSize> measure_range(NodeSource& source, const Hash& root, const KeyBounds& range,
                               const Context& context) {
  if (range.is_empty()) return TreeSize{};
  std::vector<ByteView> keys;
  if (range.from) keys.emplace_back(*range.from);
  if (range.to) keys.emplace_back(*range.to);
  DIALOG_ASSIGN(const auto before, measure_before(source, root, keys, context));
  const TreeSize from = range.from ? before.front() : TreeSize{};
  if (range.to) return difference(before.back(), from);
  DIALOG_ASSIGN(const TreeSummary summary, summarize_tree(source, root, context));
  return difference(summary.size, from);
}

Result<std::uint64_t> rank_of(NodeSource& source, const Hash& root, ByteView key,
                              const Context& context) {
  DIALOG_ASSIGN(const auto before, measure_before(source, root, {&key, 1}, context));
  return before.front().entries;
}

Result<std::vector<TreeEntry>> select_entries(NodeSource& source, const Hash& root,
                                              std::span<const std::uint64_t> numbers,
                                              const Context& context) {
  DIALOG_TRY(detail::check_ascending(numbers, "numbers of the entries to select"));
  std::vector<TreeEntry> selected;
  if (root.is_zero() || numbers.empty()) return selected;
  const auto step = [&](const RankGroup& group, std::vector<RankGroup>& below,
                        detail::NodeRefs& refs) {
    EntryCursor entry(*group.node);
    std::uint64_t passed = group.before.entries;
    for (std::size_t i = group.first; i < group.end && !entry.at_end();) {
      const std::uint64_t beyond = passed + size_at(*group.node, entry).entries;
      if (beyond <= numbers[i]) {
        passed = beyond;
        entry.next();
        continue;
      }
      if (group.node->is_leaf()) {
        selected.push_back({Bytes(entry.key()), StoredValue(entry.value())});
        ++i;
        continue;
      }
      RankGroup next{nullptr, i, i + 1, {passed, 0}};
      while (next.end < group.end && numbers[next.end] < beyond) ++next.end;
      i = next.end;
      below.push_back(std::move(next));
      refs.add(detail::child_ref(entry, group.node->level()));
    }
  };
  DIALOG_TRY(
      detail::descend(source, root, RankGroup{nullptr, 0, numbers.size(), {}}, step, context));
  return selected;
}

Result<std::optional<TreeEntry>> select_entry(NodeSource& source, const Hash& root,
                                              std::uint64_t number, const Context& context) {
  DIALOG_ASSIGN(auto selected, select_entries(source, root, {&number, 1}, context));
  if (selected.empty()) return std::nullopt;
  return std::move(selected.front());
}

Result<std::vector<TreeEntry>> sample_entries(NodeSource& source, const Hash& root,
                                              std::size_t count, RandomSource& random,
                                              const Context& context) {
  DIALOG_ASSIGN(const TreeSummary summary, summarize_tree(source, root, context));
  const std::uint64_t all = summary.size.entries;
  std::set<std::uint64_t> chosen;
  for (std::uint64_t last = all - std::min<std::uint64_t>(count, all); last < all; ++last) {
    const std::uint64_t number = random_up_to(random, last);
    if (!chosen.insert(number).second) chosen.insert(last);
  }
  const std::vector<std::uint64_t> numbers(chosen.begin(), chosen.end());
  return select_entries(source, root, numbers, context);
}

}  // namespace dialog
