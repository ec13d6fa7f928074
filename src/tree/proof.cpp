#include "dialog/tree/proof.hpp"

#include <iterator>
#include <utility>

#include "dialog/tree/check.hpp"
#include "varint.hpp"

namespace dialog {
namespace {

constexpr std::uint8_t kVersion = 0;

tl::unexpected<Error> bad_proof(const char* fault) {
  return fail(ErrorCode::corrupt, std::string("this is no proof of that: ") + fault);
}

/// Whether a search for the range goes through a child.
bool is_on_the_way(const BlockExpectation& child, const KeyBounds& range) {
  if (child.ref.kind != BlockKind::node) return false;
  if (range.from && child.ref.key < *range.from) return false;
  return !range.to || !child.lower || *child.lower < *range.to;
}

/// Goes down from the root through all nodes on the way, level by level. `take` gives the nodes of
/// a level; each is checked against its parent. Returns the leaves, in order.
template <class Take>
Result<std::vector<NodePtr>> walk(const Hash& root, const KeyBounds& range, const Take& take) {
  std::vector<NodePtr> leaves;
  std::vector<BlockExpectation> level{expect_root(root)};
  while (!level.empty()) {
    std::vector<BlockExpectation> below;
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, take(level));
    for (std::size_t i = 0; i < level.size(); ++i) {
      DIALOG_ASSIGN(std::vector<BlockExpectation> children, check_node(*nodes[i], level[i]));
      if (nodes[i]->is_leaf()) {
        leaves.push_back(std::move(nodes[i]));
        continue;
      }
      for (BlockExpectation& child : children) {
        if (is_on_the_way(child, range)) below.push_back(std::move(child));
      }
    }
    level = std::move(below);
  }
  return leaves;
}

/// Takes the bytes of one node off the front of a proof.
Result<ByteView> take_node(ByteView& rest) {
  const auto size = detail::take_varint(rest);
  if (!size)
    return bad_proof(rest.empty() ? "a node is missing" : "the size of a node is malformed");
  if (*size > rest.size()) return bad_proof("it is cut short");
  const ByteView node = rest.substr(0, static_cast<std::size_t>(*size));
  rest.remove_prefix(node.size());
  return node;
}

}  // namespace

KeyBounds range_of(ByteView key) {
  Bytes after(key);
  after.push_back('\0');
  return {Bytes(key), std::move(after)};
}

Result<Bytes> prove_range(NodeSource& source, const Hash& root, const KeyBounds& range,
                          std::size_t bytes_max, const Context& context) {
  Bytes proof(1, static_cast<char>(kVersion));
  if (root.is_zero() || range.is_empty()) return proof;
  const auto take =
      [&](const std::vector<BlockExpectation>& level) -> Result<std::vector<NodePtr>> {
    std::vector<NodeRef> refs;
    refs.reserve(level.size());
    std::uint64_t bytes_min = proof.size();
    for (const BlockExpectation& one : level) {
      refs.push_back({one.ref.hash, {}, {}, {}});
      if (!one.is_rightmost) bytes_min += kTreeFormat.cut_bytes_min();
    }
    // Before they are read: memory stays bounded, too.
    const auto check_size = [&](std::uint64_t size) -> Result<void> {
      if (size <= bytes_max) return {};
      return fail(ErrorCode::too_large, "the proof would exceed " + std::to_string(bytes_max) +
                                            " bytes; prove parts of the range");
    };
    DIALOG_TRY(check_size(bytes_min));
    DIALOG_ASSIGN(std::vector<NodePtr> nodes, source.load(refs, context));
    for (const NodePtr& node : nodes) {
      detail::put_varint(proof, node->block().size());
      proof.append(node->block().bytes());
      DIALOG_TRY(check_size(proof.size()));
    }
    return nodes;
  };
  DIALOG_TRY(walk(root, range, take));
  return proof;
}

Result<std::vector<TreeEntry>> verify_range(const Hash& root, const KeyBounds& range,
                                            ByteView proof) {
  if (proof.empty() || static_cast<std::uint8_t>(proof.front()) != kVersion)
    return bad_proof("its version is not known");
  ByteView rest = proof.substr(1);
  std::vector<TreeEntry> entries;
  if (!root.is_zero() && !range.is_empty()) {
    const auto take =
        [&](const std::vector<BlockExpectation>& level) -> Result<std::vector<NodePtr>> {
      std::vector<NodePtr> nodes;
      for (const BlockExpectation& one : level) {
        DIALOG_ASSIGN(const ByteView bytes, take_node(rest));
        DIALOG_ASSIGN(Block block, Block::checked(one.ref.hash, Bytes(bytes)));
        DIALOG_ASSIGN(NodePtr node, Node::parse(std::move(block)));
        nodes.push_back(std::move(node));
      }
      return nodes;
    };
    DIALOG_ASSIGN(const std::vector<NodePtr> leaves, walk(root, range, take));
    for (const NodePtr& leaf : leaves) {
      EntryCursor entry(*leaf);
      if (range.from) entry.seek(*range.from);
      for (; !entry.at_end() && (!range.to || entry.key() < ByteView(*range.to)); entry.next())
        entries.push_back({Bytes(entry.key()), StoredValue(entry.value())});
    }
  }
  if (!rest.empty()) return bad_proof("something follows it");
  return entries;
}

Result<Bytes> prove_key(NodeSource& source, const Hash& root, ByteView key,
                        const Context& context) {
  return prove_range(source, root, range_of(key), kProofBytesMax, context);
}

Result<std::optional<StoredValue>> verify_key(const Hash& root, ByteView key, ByteView proof) {
  DIALOG_ASSIGN(auto entries, verify_range(root, range_of(key), proof));
  if (entries.empty()) return std::nullopt;
  return std::move(entries.front().value);
}

}  // namespace dialog
