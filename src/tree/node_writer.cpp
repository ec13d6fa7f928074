#include "dialog/tree/node_writer.hpp"

#include "dialog/base/check.hpp"
#include "layout.hpp"
#include "varint.hpp"

namespace dialog {

std::size_t NodeWriter::encoded_bytes() const {
  return detail::kHeaderBytes + 2 * detail::restart_count(count_) + entries_.size();
}

bool NodeWriter::add(ByteView key, const ValueView& value) {
  return append(key, value.payload(), {1, key.size() + value.size()});
}

bool NodeWriter::add(ByteView last_key, const Child& child) {
  Bytes payload;
  detail::put_child(payload, child);
  return append(last_key, payload, child.size);
}

bool NodeWriter::add_encoded(ByteView key, ByteView payload) {
  if (level_ == 0) return add(key, ValueView(payload));
  return append(key, payload, detail::read_child(payload).size);
}

bool NodeWriter::append(ByteView key, ByteView payload, const TreeSize& size) {
  DIALOG_CHECK(count_ == 0 || ByteView(last_key_) < key, "the keys of a node must ascend");
  const std::size_t before = encoded_bytes();
  std::size_t shared = 0;
  if (!detail::is_restart(count_)) {
    shared = detail::shared_prefix(last_key_, key);
  } else if (count_ > 0) {
    restarts_.push_back(entries_.size());
  }
  detail::put_varint(entries_, shared);
  detail::put_varint(entries_, key.size() - shared);
  entries_.append(key.substr(shared));
  entries_.append(payload);
  ++count_;
  last_key_.assign(key);
  size_.entries += size.entries;
  size_.bytes += size.bytes;
  return ends_node(level_, key, before, encoded_bytes());
}

Block NodeWriter::finish() { return Block::of(finish_unhashed()); }

Bytes NodeWriter::finish_unhashed() {
  DIALOG_CHECK(count_ > 0, "a node must not be empty");
  Bytes node;
  node.reserve(encoded_bytes());
  node.push_back(static_cast<char>(kTreeFormat.version));
  node.push_back(static_cast<char>(level_));
  detail::put_u16(node, count_);
  const std::size_t entries_at = detail::kHeaderBytes + 2 * restarts_.size();
  for (const std::size_t restart : restarts_) detail::put_u16(node, entries_at + restart);
  node.append(entries_);
  clear();
  return node;
}

void NodeWriter::clear() {
  count_ = 0;
  entries_.clear();
  restarts_.clear();
  last_key_.clear();
  size_ = {};
}

}  // namespace dialog
