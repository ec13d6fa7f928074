#include "dialog/tree/check.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "dialog/tree/value.hpp"
#include "missing.hpp"
#include "node_end.hpp"

namespace dialog {
namespace {

tl::unexpected<Error> bad_block(const Hash& hash, const char* fault) {
  return fail(ErrorCode::corrupt, "block " + hash.hex() + ": " + fault);
}

/// Chunks of a value in memory at once.
constexpr std::size_t kChunksTogether = 16;

/// Some megabytes in memory. Each stands for 64 KiB of honest data, but for the last of a value.
constexpr std::size_t kCheckedMax = std::size_t{1} << 16;

Result<void> check_address(const Hash& hash, const BlockExpectation& expectation) {
  if (hash == expectation.ref.hash) return {};
  return bad_block(hash, "it is not the block that was asked for");
}

Result<void> check_place(const Node& node, const BlockExpectation& expectation) {
  const Hash& hash = node.hash();
  if (expectation.is_root) {
    if (!node.is_leaf() && node.count() == 1) {
      return bad_block(hash, "the root has a single child, which should be the root");
    }
  } else {
    if (node.level() != expectation.ref.level) return bad_block(hash, "its level is wrong");
    if (node.last_key() != expectation.ref.key) return bad_block(hash, "its separator is wrong");
    if (node.size() != expectation.ref.size) {
      return bad_block(hash, "it holds another number of entries or bytes than its parent says");
    }
  }
  if (expectation.lower && EntryCursor(node).key() <= ByteView(*expectation.lower)) {
    return bad_block(hash, "it overlaps the node to the left of it");
  }
  switch (detail::find_end(node)) {
    case detail::NodeEnd::too_late:
      return bad_block(hash, "it should have ended at an earlier entry");
    case detail::NodeEnd::open:
      if (!expectation.is_rightmost) return bad_block(hash, "it should have had more entries");
      break;
    case detail::NodeEnd::proper:
      break;
  }
  return {};
}

std::vector<BlockExpectation> children_of(const Node& node, const BlockExpectation& parent) {
  std::vector<BlockExpectation> children;
  if (!node.is_leaf()) {
    std::optional<Bytes> lower = parent.lower;
    for (BlockRef& ref : refs_of(node)) {
      BlockExpectation child{std::move(ref), false, std::move(lower), false, {}};
      lower = child.ref.key;
      children.push_back(std::move(child));
    }
    children.back().is_rightmost = parent.is_rightmost;
    return children;
  }
  auto refs = refs_of(node);
  auto ref = refs.begin();
  for (EntryCursor entry(node); ref != refs.end(); entry.next()) {
    if (entry.value().is_inline()) continue;
    children.push_back({std::move(*ref++), false, {}, false, entry.value().hash()});
  }
  return children;
}

Result<std::vector<BlockExpectation>> check_index(const Block& block,
                                                  const BlockExpectation& expectation) {
  const std::uint64_t value_bytes = expectation.ref.size.bytes;
  DIALOG_ASSIGN(const std::vector<Hash> chunks, parse_value_index(block, value_bytes));
  std::vector<BlockExpectation> children;
  std::uint64_t left = value_bytes;
  for (const Hash& chunk : chunks) {
    const std::uint64_t bytes = std::min<std::uint64_t>(left, kTreeFormat.value_chunk_bytes);
    left -= bytes;
    BlockExpectation child;
    child.ref = {chunk, BlockKind::value_chunk, 0, expectation.ref.key, TreeSize{0, bytes}};
    children.push_back(std::move(child));
  }
  return children;
}

}  // namespace

CheckedValues::Checked CheckedValues::key_of(const BlockExpectation& expectation) {
  const BlockRef& ref = expectation.ref;
  // A chunk is what its size and its address say, whatever it is a part of.
  const Hash whole = ref.kind == BlockKind::value_index ? expectation.value_hash : Hash{};
  return {ref.hash, ref.kind, ref.size.bytes, whole};
}

bool CheckedValues::contains(const BlockExpectation& expectation) const {
  return checked_.contains(key_of(expectation));
}

bool CheckedValues::add(const BlockExpectation& expectation) {
  if (checked_.size() == kCheckedMax) checked_.clear();
  return checked_.insert(key_of(expectation)).second;
}

BlockExpectation expect_root(const Hash& root) {
  BlockExpectation expectation;
  expectation.ref.hash = root;
  expectation.is_root = true;
  expectation.is_rightmost = true;
  return expectation;
}

Result<std::vector<BlockExpectation>> check_node(const Node& node,
                                                 const BlockExpectation& expectation) {
  DIALOG_TRY(check_address(node.hash(), expectation));
  DIALOG_TRY(check_place(node, expectation));
  return children_of(node, expectation);
}

Result<std::vector<BlockExpectation>> check_block(const Block& block,
                                                  const BlockExpectation& expectation) {
  DIALOG_TRY(check_address(block.hash(), expectation));
  switch (expectation.ref.kind) {
    case BlockKind::node: {
      DIALOG_ASSIGN(const NodePtr node, Node::parse(block));
      return check_node(*node, expectation);
    }
    case BlockKind::value_index:
      return check_index(block, expectation);
    case BlockKind::value_chunk:
      break;
  }
  if (block.size() != expectation.ref.size.bytes) {
    return bad_block(block.hash(), "a part of a value has the wrong size");
  }
  return std::vector<BlockExpectation>{};
}

Result<void> check_value(NodeSource& source, const BlockExpectation& expectation,
                         const Context& context) {
  DIALOG_ASSIGN(const auto index, source.archive().get_one(expectation.ref.hash, context));
  if (!index) return fail(missing_blocks({expectation.ref.hash}));
  DIALOG_ASSIGN(const std::vector<Hash> chunks,
                parse_value_index(*index, expectation.ref.size.bytes));
  const std::span<const Hash> all(chunks);
  Hasher hasher;
  std::uint64_t bytes = 0;
  for (std::size_t at = 0; at < all.size(); at += kChunksTogether) {
    const auto some = all.subspan(at, std::min(kChunksTogether, all.size() - at));
    DIALOG_ASSIGN(const auto blocks, source.archive().get(some, context));
    for (const auto& block : blocks) {
      if (!block) {
        DIALOG_ASSIGN(const auto present, source.archive().has(all.subspan(at), context));
        detail::MissingSet missing;
        for (std::size_t i = 0; i < present.size(); ++i) {
          if (!present[i]) missing.add(all[at + i]);
        }
        return missing.take();
      }
      hasher.update(block->bytes());
      bytes += block->size();
    }
  }
  if (bytes != expectation.ref.size.bytes || hasher.finish() != expectation.value_hash) {
    return bad_block(expectation.ref.hash, "its chunks are not the value that its entry names");
  }
  return {};
}

}  // namespace dialog
