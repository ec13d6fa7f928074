#include "dialog/tree/node.hpp"

#include <algorithm>
#include <cstring>

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
  // No make_shared: the constructor is private.
  std::shared_ptr<Node> node(new Node(std::move(block)));
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
  count_ = detail::get_u16(all.data() + 2);
  if (count_ == 0) return bad_node("it has no entry");
  entries_at_ = detail::kHeaderBytes + 2 * detail::restart_count(count_);
  if (entries_at_ > all.size()) return bad_node("its table of restarts is cut short");

  ByteView rest = all.substr(entries_at_);
  Bytes key;
  for (std::size_t i = 0; i < count_; ++i) {
    if (detail::is_restart(i) && i > 0) {
      const std::size_t slot = i / kTreeFormat.restart_interval - 1;
      if (detail::get_u16(all.data() + detail::kHeaderBytes + 2 * slot) !=
          all.size() - rest.size()) {
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

    auto payload = is_leaf() ? detail::leaf_payload(rest) : detail::inner_payload(rest);
    if (!payload) return bad_node("a payload is not canonical");
    rest.remove_prefix(payload->bytes);
    if (is_leaf()) payload->size.bytes += key.size();
    if (!detail::add_size(size_, payload->size)) return bad_node("its size overflows");
  }
  if (!rest.empty()) return bad_node("bytes follow its last entry");
  last_key_ = std::move(key);
  return {};
}

std::size_t Node::memory_bytes() const {
  constexpr std::size_t kBookkeeping = 160;
  return sizeof(Node) + kBookkeeping + block_.size() + last_key_.capacity();
}

std::size_t EntryCursor::restart_offset(std::size_t group) const {
  if (group == 0) return node_->entries_at_;
  return detail::get_u16(node_->block_.bytes().data() + detail::kHeaderBytes + 2 * (group - 1));
}

ByteView EntryCursor::restart_key(std::size_t group) const {
  // Nothing is shared at a restart: one zero byte, the length, the whole key.
  const char* at = node_->block_.bytes().data() + restart_offset(group) + 1;
  const std::uint64_t size = detail::take_checked_varint(at);
  return {at, static_cast<std::size_t>(size)};
}

void EntryCursor::read_key(std::size_t shared, const char* at, std::size_t more) {
  key_size_ = shared + more;
  if (shared == 0) {
    whole_key_ = at;
    return;
  }
  if (whole_key_ != nullptr) std::memcpy(key_.data(), whole_key_, shared);
  whole_key_ = nullptr;
  const ByteView all = node_->block_.bytes();
  const auto left = static_cast<std::size_t>(all.data() + all.size() - at);
  // Of a known number of bytes a copy is two instructions.
  if (more <= kCopiedAtOnce && left >= kCopiedAtOnce) {
    std::memcpy(key_.data() + shared, at, kCopiedAtOnce);
  } else {
    std::memcpy(key_.data() + shared, at, more);
  }
}

void EntryCursor::read_at(std::size_t offset) {
  const ByteView all = node_->block_.bytes();
  const char* at = all.data() + offset;
  const auto shared = static_cast<std::size_t>(detail::take_checked_varint(at));
  const auto more = static_cast<std::size_t>(detail::take_checked_varint(at));
  read_key(shared, at, more);
  at += more;
  const char* const payload = at;
  if (node_->is_leaf()) {
    const std::uint64_t header = detail::take_checked_varint(at);
    const std::uint64_t size = header >> 1;
    if ((header & 1) == 0) {
      at += size;
    } else {
      at += size > kTreeFormat.value_chunk_bytes ? 2 * Hash::kSize : Hash::kSize;
    }
  } else {
    at += Hash::kSize;
    detail::take_checked_varint(at);
    detail::take_checked_varint(at);
  }
  payload_ = {payload, static_cast<std::size_t>(at - payload)};
  next_offset_ = static_cast<std::size_t>(at - all.data());
}

void EntryCursor::next() {
  DIALOG_CHECK(!at_end(), "a cursor moved beyond the end of its node");
  if (++index_ < node_->count()) read_at(next_offset_);
}

void EntryCursor::seek_index(std::size_t index) {
  DIALOG_CHECK(index <= node_->count(), "a cursor moved beyond the end of its node");
  if (index == node_->count()) {
    index_ = index;
    return;
  }
  const std::size_t group = index / kTreeFormat.restart_interval;
  index_ = group * kTreeFormat.restart_interval;
  read_at(restart_offset(group));
  while (index_ < index) next();
}

bool EntryCursor::seek(ByteView key) {
  if (node_->last_key() < key) {
    index_ = node_->count();
    return false;
  }
  // The last group whose first key is not greater holds the entry, or ends just before it.
  std::size_t low = 0;
  std::size_t high = detail::restart_count(node_->count()) + 1;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    if (restart_key(middle) <= key) {
      low = middle;
    } else {
      high = middle;
    }
  }
  seek_index(low * kTreeFormat.restart_interval);
  while (this->key() < key) next();
  return this->key() == key;
}

Child EntryCursor::child() const { return detail::read_child(payload_); }

}  // namespace dialog
