#include "sim_reach.hpp"

#include <set>
#include <utility>

#include "dialog/tree/block_ref.hpp"
#include "dialog/tree/node.hpp"
#include "dialog/tree/value.hpp"

namespace dialog::sim {

Reached reach(Archive& archive, const std::vector<Revision>& roots) {
  Reached reached;
  std::vector<BlockRef> open;
  std::set<std::pair<Hash, BlockKind>> seen;
  const auto add = [&](BlockRef ref) {
    if (seen.emplace(ref.hash, ref.kind).second) open.push_back(std::move(ref));
  };
  for (const Revision& root : roots)
    if (!root.is_zero()) add({root.root()});
  while (!open.empty()) {
    const BlockRef ref = std::move(open.back());
    open.pop_back();
    const auto block = archive.get_one(ref.hash);
    if (!block || !*block) {
      reached.absent.push_back(ref.hash);
      continue;
    }
    reached.present.push_back(ref.hash);
    if (ref.kind == BlockKind::node) {
      const auto node = Node::parse(**block);
      if (!node) continue;
      for (BlockRef& below : refs_of(**node)) add(std::move(below));
    } else if (ref.kind == BlockKind::value_index) {
      const auto chunks = parse_value_index(**block, ref.size.bytes);
      if (!chunks) continue;
      for (const Hash& chunk : *chunks) add({chunk, BlockKind::value_chunk});
    }
  }
  return reached;
}

std::vector<Revision> needed_by(const Branch& branch) {
  std::vector<Revision> roots{branch.built};
  for (const auto& [name, tracking] : branch.tracking) {
    roots.push_back(tracking.origin);
    if (tracking.fetched) roots.push_back(tracking.fetched->revision);
    for (const SwapIntent& intent : tracking.intents) roots.push_back(intent.desired);
  }
  return roots;
}

}  // namespace dialog::sim
