#include "reach.hpp"

#include <iterator>

#include "dialog/tree/node.hpp"
#include "dialog/tree/value.hpp"

namespace dialog {
namespace {

constexpr std::size_t kWindow = 256;

/// What a node or an index refers to.
Result<std::vector<BlockRef>> refs_below(const BlockRef& ref, const Block& block) {
  if (ref.kind == BlockKind::node) {
    DIALOG_ASSIGN(const NodePtr node, Node::parse(block));
    return refs_of(*node);
  }
  DIALOG_ASSIGN(const std::vector<Hash> chunks, parse_value_index(block, ref.size.bytes));
  std::vector<BlockRef> below;
  below.reserve(chunks.size());
  for (const Hash& chunk : chunks) below.push_back({chunk, BlockKind::value_chunk, 0, {}, {}});
  return below;
}

}  // namespace

Result<void> Reach::add(const Revision& root) {
  if (root.is_zero()) return {};
  open_.push_back({root.root(), BlockKind::node, 0, {}, {}});
  while (!open_.empty()) {
    DIALOG_TRY(hooks_.goes_on(blocks()));
    DIALOG_TRY(step());
  }
  return {};
}

Result<void> Reach::step() {
  std::vector<BlockRef> refs;
  std::vector<Hash> chunks;
  while (!open_.empty() && refs.size() + chunks.size() < kWindow) {
    BlockRef ref = std::move(open_.back());
    open_.pop_back();
    if (ref.kind == BlockKind::value_chunk) {
      if (chunks_.insert(ref.hash).second) chunks.push_back(ref.hash);
    } else if ((ref.kind == BlockKind::node ? nodes_ : indexes_).insert(ref.hash).second) {
      refs.push_back(std::move(ref));
    }
  }
  DIALOG_TRY(open(refs));
  return look_for(chunks);
}

Result<void> Reach::open(const std::vector<BlockRef>& refs) {
  DIALOG_ASSIGN(const auto blocks, read(refs));
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const Hash& hash = refs[i].hash;
    if (!blocks[i]) {
      DIALOG_TRY(hooks_.on_fault(hash, blocks[i].error()));
    } else if (!*blocks[i]) {
      DIALOG_TRY(hooks_.on_fault(hash, missing_blocks({hash})));
    } else if (auto below = refs_below(refs[i], **blocks[i]); !below) {
      DIALOG_TRY(hooks_.on_fault(hash, std::move(below).error()));
    } else {
      std::move(below->begin(), below->end(), std::back_inserter(open_));
    }
  }
  return {};
}

Result<void> Reach::look_for(const std::vector<Hash>& chunks) {
  DIALOG_ASSIGN(const std::vector<bool> present, archive_.has(chunks, context_));
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (!present[i]) DIALOG_TRY(hooks_.on_fault(chunks[i], missing_blocks({chunks[i]})));
  }
  return {};
}

/// One element per reference; `corrupt` for those that are damaged at rest.
Result<std::vector<Result<std::optional<Block>>>> Reach::read(const std::vector<BlockRef>& refs) {
  std::vector<Hash> hashes;
  hashes.reserve(refs.size());
  for (const BlockRef& ref : refs) hashes.push_back(ref.hash);
  std::vector<Result<std::optional<Block>>> blocks;
  blocks.reserve(refs.size());
  auto together = archive_.get(hashes, context_);
  if (together) {
    std::move(together->begin(), together->end(), std::back_inserter(blocks));
    return blocks;
  }
  if (together.error().code != ErrorCode::corrupt) return fail(std::move(together).error());
  for (const Hash& hash : hashes) {
    auto alone = archive_.get_one(hash, context_);
    if (!alone && alone.error().code != ErrorCode::corrupt) return fail(std::move(alone).error());
    blocks.push_back(std::move(alone));
  }
  return blocks;
}

}  // namespace dialog
