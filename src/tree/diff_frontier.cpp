#include "diff_frontier.hpp"

#include <algorithm>
#include <utility>

namespace dialog::detail {
namespace {

/// Inner nodes in memory at once.
constexpr std::size_t kBatchNodes = 1024;

}  // namespace

Result<void> DiffFrontier::run(const std::array<Hash, 2>& roots) {
  if (roots[0] == roots[1]) return {};
  DIALOG_TRY(read_tops(roots));
  for (;;) {
    if (sides_[0].level == sides_[1].level) drop_shared();
    const int level = std::max(sides_[0].level, sides_[1].level);
    if (level <= 0) return {};
    DIALOG_TRY(expand(level));
  }
}

Result<void> DiffFrontier::read_tops(const std::array<Hash, 2>& roots) {
  std::vector<NodeRef> refs;
  for (const Hash& root : roots) {
    if (!root.is_zero()) refs.push_back({root, {}, {}, {}});
  }
  DIALOG_ASSIGN(const std::vector<NodePtr> nodes, source_.load(refs, context_));
  auto node = nodes.begin();
  for (std::size_t side = 0; side < roots.size(); ++side) {
    if (roots[side].is_zero()) continue;
    tops_[side] = *node++;
    sides_[side].level = tops_[side]->level();
    sides_[side].refs.push_back({Bytes(tops_[side]->last_key()), roots[side], tops_[side]->size()});
  }
  return {};
}

void DiffFrontier::drop_shared() {
  // A node that both list holds the same entries on both sides.
  std::array<std::vector<Ref>, 2> kept;
  auto a = sides_[0].refs.begin();
  auto b = sides_[1].refs.begin();
  const auto a_end = sides_[0].refs.end();
  const auto b_end = sides_[1].refs.end();
  while (a != a_end || b != b_end) {
    if (b == b_end || (a != a_end && a->last_key < b->last_key)) {
      kept[0].push_back(std::move(*a++));
    } else if (a == a_end || b->last_key < a->last_key) {
      kept[1].push_back(std::move(*b++));
    } else {
      if (a->hash != b->hash) {
        kept[0].push_back(std::move(*a));
        kept[1].push_back(std::move(*b));
      }
      ++a;
      ++b;
    }
  }
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    sides_[side].refs = std::move(kept[side]);
  }
}

Result<void> DiffFrontier::expand(int level) {
  std::array<std::vector<Ref>, 2> below;
  MissingSet missing;
  std::vector<std::pair<std::size_t, const Ref*>> batch;
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    if (sides_[side].level != level) continue;
    for (const Ref& ref : sides_[side].refs) {
      batch.emplace_back(side, &ref);
      if (batch.size() < kBatchNodes) continue;
      DIALOG_TRY(expand_batch(batch, level, below, missing));
      batch.clear();
    }
  }
  DIALOG_TRY(expand_batch(batch, level, below, missing));
  DIALOG_TRY(missing.take());
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    if (sides_[side].level != level) continue;
    sides_[side].refs = std::move(below[side]);
    sides_[side].level = level - 1;
  }
  return {};
}

Result<void> DiffFrontier::expand_batch(
    const std::vector<std::pair<std::size_t, const Ref*>>& batch, int level,
    std::array<std::vector<Ref>, 2>& below, MissingSet& missing) {
  std::vector<NodePtr> nodes(batch.size());
  std::vector<NodeRef> refs;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& [side, ref] = batch[i];
    if (ref->hash == tops_[side]->hash()) {
      nodes[i] = tops_[side];
    } else {
      refs.push_back(ref->node_ref(static_cast<std::uint8_t>(level)));
    }
  }
  DIALOG_ASSIGN(std::vector<NodePtr> read, source_.find(refs, context_));
  auto next = read.begin();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& [side, ref] = batch[i];
    if (!nodes[i]) nodes[i] = std::move(*next++);
    if (!nodes[i]) {
      missing.add(ref->hash);
      continue;
    }
    for (EntryCursor entry(*nodes[i]); !entry.at_end(); entry.next()) {
      const Child child = entry.child();
      below[side].push_back({Bytes(entry.key()), child.hash, child.size});
    }
  }
  return {};
}

}  // namespace dialog::detail
