// Bytes that are taken for a node have one encoding: writing the node's entries again gives the
// same bytes.
#include "dialog/tree/node.hpp"
#include "dialog/tree/node_writer.hpp"
#include "fuzz_support.hpp"

using namespace dialog;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = fuzz::view_of(data, size);
  const auto node = Node::parse(Block::of(Bytes(bytes)));
  if (!node) return 0;
  NodeWriter writer((*node)->level());
  std::size_t seen = 0;
  for (EntryCursor entry(**node); !entry.at_end(); entry.next()) {
    if ((*node)->is_leaf()) {
      writer.add(entry.key(), entry.value());
    } else {
      writer.add(entry.key(), entry.child());
    }
    ++seen;
  }
  fuzz::require(seen == (*node)->count(), "a node has as many entries as it says");
  fuzz::require(writer.last_key() == (*node)->last_key(), "a node knows its last key");
  fuzz::require(writer.size() == (*node)->size(), "a node knows its size");
  fuzz::require(writer.finish().bytes() == bytes, "decode then encode is the identity");
  return 0;
}
