#include "tree_transfer.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "dialog/sync/action.hpp"
#include "seeded_bugs.hpp"

namespace dialog {
namespace {

// What the blocks of a window refer to is held in memory all at once.
constexpr std::uint64_t kWindowChildrenMax = 16'384;

std::uint64_t children_estimate(const BlockRef& ref) {
  switch (ref.kind) {
    case BlockKind::node:
      return ref.level > 0 ? 64 : 4;
    case BlockKind::value_index:
      return 1 + ref.size.bytes / kTreeFormat.value_chunk_bytes;
    case BlockKind::value_chunk:
      break;
  }
  return 0;
}

}  // namespace

TreeTransfer::TreeTransfer(OverlayArchive& archive, const Hash& root,
                           const std::vector<Hash>& bases, Absent absent, Context context)
    : archive_(archive),
      source_(archive, kNodeCacheBytes),
      absent_(absent),
      context_(std::move(context)) {
  std::vector<Hash> known;
  for (const Hash& base : bases) {
    const bool is_repeat = std::find(known.begin(), known.end(), base) != known.end();
    if (base.is_zero() || is_repeat) continue;
    known.push_back(base);
    bases_.push_back(std::make_unique<BaseIndex>(source_, base));
  }
  Frame frame;
  frame.blocks.push_back(expect_root(root));
  frames_.push_back(std::move(frame));
}

Result<std::vector<Hash>> TreeTransfer::advance() {
  for (;;) {
    if (!window_.empty()) {
      DIALOG_TRY(close_window());
    } else if (frames_.empty()) {
      return std::vector<Hash>{};
    } else if (frames_.back().next == frames_.back().blocks.size()) {
      DIALOG_TRY(finish_frame());
    } else {
      DIALOG_ASSIGN(std::vector<Hash> wanted, open_window());
      if (!wanted.empty()) return wanted;
    }
  }
}

Result<std::vector<Hash>> TreeTransfer::open_window() {
  Frame& frame = frames_.back();
  std::size_t bytes = 0;
  std::uint64_t children = 0;
  std::vector<Hash> hashes;
  while (frame.next < frame.blocks.size() && window_.size() < kWindowBlocksMax) {
    BlockExpectation& block = frame.blocks[frame.next];
    bytes += block.ref.block_bytes_estimate();
    children += children_estimate(block.ref);
    if (!window_.empty() && (bytes > kWindowBytesMax || children > kWindowChildrenMax)) break;
    hashes.push_back(block.ref.hash);
    window_.push_back(std::move(block));
    ++frame.next;
  }
  DIALOG_ASSIGN(window_blocks_, archive_.get(hashes, context_));

  std::vector<Hash> wanted;
  if (absent_ == Absent::boundary) return wanted;
  std::unordered_set<Hash> asked;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!window_blocks_[i] && asked.insert(hashes[i]).second) wanted.push_back(hashes[i]);
  }
  return wanted;
}

Result<void> TreeTransfer::supply(const std::vector<Hash>& wanted,
                                  std::vector<std::optional<Block>> blocks) {
  DIALOG_ASSIGN(fetched_, received(wanted, std::move(blocks)));
  std::unordered_map<Hash, const Block*> by_hash;
  for (std::size_t i = 0; i < wanted.size(); ++i) by_hash.emplace(wanted[i], &fetched_[i]);
  for (std::size_t i = 0; i < window_.size(); ++i) {
    if (!window_blocks_[i]) window_blocks_[i] = *by_hash.at(window_[i].ref.hash);
  }
  return {};
}

Result<void> TreeTransfer::close_window() {
  Frame children;
  for (std::size_t i = 0; i < window_.size(); ++i) {
    if (!window_blocks_[i]) continue;
    auto below = check_block(*window_blocks_[i], window_[i]);
    if (!below) {
      if (DIALOG_BUG(blocks_are_not_checked)) continue;
      return fail(
          below.error().within("block " + window_[i].ref.hash.hex() + " of the remote's tree"));
    }
    std::move(below->begin(), below->end(), std::back_inserter(children.blocks));
    if (window_[i].ref.kind == BlockKind::value_index && !window_[i].is_root) {
      children.values.push_back(std::move(window_[i]));
    }
  }
  if (!fetched_.empty()) DIALOG_TRY(archive_.put(fetched_, context_));
  fetched_.clear();
  window_.clear();
  window_blocks_.clear();
  DIALOG_ASSIGN(children.blocks, only_new(std::move(children.blocks)));
  if (!children.blocks.empty() || !children.values.empty()) frames_.push_back(std::move(children));
  return {};
}

Result<std::vector<BlockExpectation>> TreeTransfer::only_new(std::vector<BlockExpectation> blocks) {
  // A value that another key has, too, is checked there, or was: where it fails all fails.
  std::erase_if(blocks, [this](const BlockExpectation& block) {
    return block.ref.kind != BlockKind::node && !values_.add(block);
  });
  for (const std::unique_ptr<BaseIndex>& base : bases_) {
    if (blocks.empty()) break;
    DIALOG_ASSIGN(const auto membership,
                  base->contains(std::span<const BlockExpectation>(blocks), context_));
    std::size_t kept = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (membership[i] == Membership::member) continue;
      if (kept != i) blocks[kept] = std::move(blocks[i]);
      ++kept;
    }
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(kept), blocks.end());
  }
  return blocks;
}

Result<void> TreeTransfer::finish_frame() {
  const std::vector<BlockExpectation> values = std::move(frames_.back().values);
  frames_.pop_back();
  for (const BlockExpectation& value : values) {
    const auto checked = check_value(source_, value, context_);
    if (checked) continue;
    const bool is_boundary =
        absent_ == Absent::boundary && checked.error().code == ErrorCode::missing_blocks;
    if (is_boundary || DIALOG_BUG(blocks_are_not_checked)) continue;
    return fail(
        checked.error().within("value of the remote's tree, index " + value.ref.hash.hex()));
  }
  return {};
}

Result<std::vector<Block>> received(const std::vector<Hash>& wanted,
                                    std::vector<std::optional<Block>> blocks) {
  if (blocks.size() != wanted.size()) {
    return fail(ErrorCode::internal, "asked for " + std::to_string(wanted.size()) +
                                         " blocks and was answered " +
                                         std::to_string(blocks.size()));
  }
  std::vector<Hash> absent;
  std::vector<Block> got;
  got.reserve(blocks.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!blocks[i]) {
      absent.push_back(wanted[i]);
    } else if (blocks[i]->hash() != wanted[i] && !DIALOG_BUG(blocks_are_not_checked)) {
      return fail(ErrorCode::corrupt, "asked the remote for block " + wanted[i].hex() +
                                          ", which answered with " + blocks[i]->hash().hex());
    } else {
      got.push_back(*std::move(blocks[i]));
    }
  }
  if (!absent.empty()) {
    Error error = missing_blocks(std::move(absent));
    return fail(error.within("the remote's archive lacks blocks of its own tree"));
  }
  return got;
}

}  // namespace dialog
