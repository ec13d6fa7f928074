#include "node_end.hpp"

#include "dialog/tree/node_writer.hpp"

namespace dialog::detail {

NodeEnd find_end(const Node& node) {
  NodeWriter writer(node.level());
  for (EntryCursor entry(node); !entry.at_end(); entry.next()) {
    if (!writer.add_encoded(entry.key(), entry.payload())) continue;
    return entry.index() + 1 == node.count() ? NodeEnd::proper : NodeEnd::too_late;
  }
  return NodeEnd::open;
}

}  // namespace dialog::detail
