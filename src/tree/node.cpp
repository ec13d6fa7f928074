#include "dialog/tree/node.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dialog/base/check.hpp"
#include "layout.hpp"
#include "varint.hpp"

namespace dialog {
namespace {

tl::unexpected<Error> bad_node(const char* fault) {
  return fail(ErrorCode::corrupt, std::string("the block is no node of a tree: ") + fault);
}

}  // namespace

Result<NodePtr> Node::parse(Block block) {
  auto node = std::make_shared<Node>(Parsing{}, std::move(block));
  if (auto checked = node->check(); !checked) {
    return fail(checked.error().within("block " + node->hash().hex()));
  }
  return node;
}

Result<void> Node::check() {
  const ByteView all = block_.bytes();
  if (all.size() < detail::kHeaderBytes) return bad_node("it is too short");
  if (all.size() > kNodeBytesMax) return bad_node("it is too long");
  if (static_cast<std::uint8_t>(all[0]) != kTreeFormat.version) {
    return bad_node("its version is unknown");
  }
  level_ = static_cast<std::uint8_t>(all[1]);
  if (level_ > kTreeFormat.level_max) return bad_node("its level is too high");
  count_ = static_cast<std::uint16_t>(detail::get_u16(all.data() + 2));
  if (count_ == 0) return bad_node("it has no entry");
  DIALOG_TRY(check_entries());
  find_heads();
  return {};
}

Result<void> Node::check_entries() {
  const ByteView all = block_.bytes();
  const std::size_t entries_at = detail::kHeaderBytes + 2 * detail::restart_count(count_);
  // Each entry has at least two lengths and a payload of one byte.
  if (entries_at + 3 * std::size_t{count_} > all.size()) return bad_node("it is cut short");
  slots_.resize(count_);

  ByteView rest = all.substr(entries_at);
  Bytes key;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::size_t begin = all.size() - rest.size();
    if (detail::is_restart(i) && i > 0) {
      const std::size_t slot = i / kTreeFormat.restart_interval - 1;
      if (detail::get_u16(all.data() + detail::kHeaderBytes + 2 * slot) != begin) {
        return bad_node("its table of restarts is wrong");
      }
    }
    const auto shared = detail::take_varint(rest);
    const auto more = detail::take_varint(rest);
    if (!shared || !more) return bad_node("a length is not canonical");
    if (*more > rest.size()) return bad_node("a key is cut short");
    if (*shared > (detail::is_restart(i) ? 0 : key.size()) || *more > kKeyBytesMax - *shared) {
      return bad_node("a key's length is wrong");
    }
    const ByteView suffix = rest.substr(0, static_cast<std::size_t>(*more));
    rest.remove_prefix(suffix.size());
    const auto prefix = static_cast<std::size_t>(*shared);
    if (detail::is_restart(i)) {
      if (i > 0 && suffix <= ByteView(key)) return bad_node("its keys do not ascend");
    } else if (suffix.empty() ||
               (prefix < key.size() &&
                static_cast<std::uint8_t>(suffix[0]) <= static_cast<std::uint8_t>(key[prefix]))) {
      return bad_node("its keys do not ascend, or share more than they say");
    }
    key.resize(prefix);
    key.append(suffix);
    slots_[i] = {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(prefix),
                 static_cast<std::uint16_t>(suffix.size()), 0};

    auto payload = is_leaf() ? detail::leaf_payload(rest) : detail::inner_payload(rest);
    if (!payload) return bad_node("a payload is not canonical");
    rest.remove_prefix(payload->bytes);
    if (is_leaf()) payload->size.bytes += key.size();
    if (!detail::add_size(size_, payload->size)) return bad_node("its size overflows");
  }
  if (!rest.empty()) return bad_node("bytes follow its last entry");
  last_key_bytes_ = static_cast<std::uint16_t>(key.size());
  if (key.size() <= short_last_key_.size())
    std::memcpy(short_last_key_.data(), key.data(), key.size());
  keys_ = std::move(key);
  return {};
}

// What a search needs. Inner nodes are few and searched most, so their keys are kept whole, unless
// that would take far more room than the node itself.
void Node::find_heads() {
  std::size_t bytes = 0;
  for (const Slot& slot : slots_) bytes += slot.key_bytes();
  const bool keeps_keys = !is_leaf() && bytes <= 2 * block_.size();
  Bytes keys;
  if (keeps_keys) keys.reserve(bytes);
  EntryCursor entry(*this);
  prefix_bytes_ = static_cast<std::uint16_t>(detail::shared_prefix(entry.key(), keys_));
  heads_.reserve(count_);
  for (Slot& slot : slots_) {
    const ByteView key = entry.key();
    heads_.push_back(head_of(key));
    slot.key_at = static_cast<std::uint16_t>(keys.size());
    if (keeps_keys) keys.append(key);
    entry.next();
  }
  if (!keeps_keys) {
    if (last_key_bytes_ <= short_last_key_.size()) keys_ = {};
    return;
  }
  has_whole_keys_ = true;
  keys_ = std::move(keys);
}

Node::Head Node::head_of(ByteView key) const {
  const ByteView rest = key.substr(prefix_bytes_);
  Head head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i)
    head = head << 8U | (i < rest.size() ? static_cast<std::uint8_t>(rest[i]) : 0U);
  return head;
}

std::size_t Node::memory_bytes() const {
  constexpr std::size_t kBookkeeping = 160;
  return sizeof(Node) + kBookkeeping + block_.size() + keys_.capacity() +
         heads_.capacity() * sizeof(Head) + slots_.capacity() * sizeof(Slot);
}

void EntryCursor::find_key() const {
  const Node::Slot* const slots = node_->slots_.data();
  const Node::Slot& slot = slots[index_];
  if (node_->has_whole_keys_) {
    whole_key_ = node_->keys_.data() + slot.key_at;
    key_bytes_ = slot.key_bytes();
  } else {
    // From the nearest key that is known, or that stands whole in the block.
    std::size_t from = index_;
    while (slots[from].shared != 0 && from - 1 != key_index_) --from;
    if (slots[from].shared == 0) {
      whole_key_ = node_->block_.bytes().data() + slots[from].rest_at();
      key_bytes_ = slots[from].more;
      ++from;
    }
    for (; from <= index_; ++from) append_rest(slots[from]);
  }
}

void EntryCursor::seek_index(std::size_t index) {
  DIALOG_CHECK(index <= node_->count(), "a cursor moved beyond the end of its node");
  index_ = index;
}

bool EntryCursor::seek(ByteView key) {
  const Node& node = *node_;
  const std::size_t prefix = node.prefix_bytes_;
  // The last key has what all of them share.
  const int order = key.substr(0, prefix).compare(node.last_key().substr(0, prefix));
  if (order != 0) {
    index_ = order < 0 ? 0 : node.count();
    return false;
  }
  const Node::Head head = node.head_of(key);
  const auto low = std::lower_bound(node.heads_.begin(), node.heads_.end(), head);
  index_ = static_cast<std::size_t>(low - node.heads_.begin());
  return !at_end() && *low == head && seek_among_equals(key);
}

// From the first key on that begins like this one.
bool EntryCursor::seek_among_equals(ByteView key) {
  const Node::Slot& slot = node_->slots_[index_];
  const std::size_t known = node_->prefix_bytes_ + sizeof(Node::Head);
  if (key.size() >= known && slot.key_bytes() >= known && slot.shared <= known) {
    // They do begin alike, and what the entry says of its key is what follows: as a rule this is
    // the key, and need not be put together.
    const ByteView rest(node_->block_.bytes().data() + slot.rest_at(), slot.more);
    const int order = key.substr(slot.shared).compare(rest);
    if (order <= 0) return order == 0;
  }
  while (!at_end() && this->key() < key) next();
  return !at_end() && this->key() == key;
}

Child EntryCursor::child() const { return detail::read_child(payload()); }

}  // namespace dialog
