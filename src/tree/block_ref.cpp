#include "dialog/tree/block_ref.hpp"

#include "varint.hpp"

namespace dialog {

std::size_t BlockRef::block_bytes_estimate() const {
  switch (kind) {
    case BlockKind::node:
      return kTreeFormat.node_bytes_target;
    case BlockKind::value_index: {
      const std::uint64_t chunks =
          (size.bytes + kTreeFormat.value_chunk_bytes - 1) / kTreeFormat.value_chunk_bytes;
      return 1 + detail::varint_size(size.bytes) + static_cast<std::size_t>(chunks) * Hash::kSize;
    }
    case BlockKind::value_chunk:
      break;
  }
  return static_cast<std::size_t>(size.bytes);
}

std::vector<BlockRef> refs_of(const Node& node) {
  std::vector<BlockRef> refs;
  for (EntryCursor entry(node); !entry.at_end(); entry.next()) {
    if (!node.is_leaf()) {
      const Child child = entry.child();
      refs.push_back({child.hash, BlockKind::node, static_cast<std::uint8_t>(node.level() - 1),
                      Bytes(entry.key()), child.size});
      continue;
    }
    const ValueView value = entry.value();
    if (value.is_inline()) continue;
    const bool chunked = value.is_chunked();
    refs.push_back({chunked ? value.index() : value.hash(),
                    chunked ? BlockKind::value_index : BlockKind::value_chunk, 0,
                    Bytes(entry.key()), TreeSize{0, value.size()}});
  }
  return refs;
}

}  // namespace dialog
