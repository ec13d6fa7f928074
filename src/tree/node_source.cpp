#include "dialog/tree/node_source.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "hash_table.hpp"
#include "missing.hpp"

namespace dialog {
namespace {

constexpr std::size_t kShardCount = 8;

Result<void> check_fits(const Node& node, const NodeRef& ref) {
  if ((ref.level && *ref.level != node.level()) || (ref.size && *ref.size != node.size()) ||
      (ref.last_key && *ref.last_key != node.last_key())) {
    return fail(ErrorCode::corrupt,
                "block " + node.hash().hex() + " is not the node that its parent describes");
  }
  return {};
}

}  // namespace

// Which ones were used last is known roughly, by a bit that a hand which goes round takes away
// again
// ("clock", or second chance, after Corbato): so a node that is found is only marked.
struct NodeCache::Shard {
  explicit Shard(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  NodePtr find(const Hash& hash) {
    const std::lock_guard lock(mutex_);
    const auto place = place_of(hash);
    if (!place) return nullptr;
    Slot& slot = slots_[*place];
    slot.was_used = true;
    return slot.node;
  }

  void insert(NodePtr node) {
    const std::size_t size = node->memory_bytes();
    if (size > bytes_max_) return;
    std::vector<NodePtr> dropped;  // after the lock
    const std::lock_guard lock(mutex_);
    if (place_of(node->hash())) return;
    while (bytes_ + size > bytes_max_) dropped.push_back(drop_one());
    places_.insert(node->hash(), static_cast<std::uint32_t>(slots_.size()));
    slots_.push_back({std::move(node), false});
    bytes_ += size;
  }

  std::size_t bytes() {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  struct Slot {
    NodePtr node;
    bool was_used = false;  // since the hand came by
  };

  [[nodiscard]] std::optional<std::uint32_t> place_of(const Hash& hash) const {
    return places_.find(hash,
                        [&](std::uint32_t place) { return slots_[place].node->hash() == hash; });
  }

  NodePtr drop_one() {
    while (true) {
      if (hand_ >= slots_.size()) hand_ = 0;
      Slot& slot = slots_[hand_];
      if (!slot.was_used) break;
      slot.was_used = false;
      ++hand_;
    }
    NodePtr dropped = std::move(slots_[hand_].node);
    bytes_ -= dropped->memory_bytes();
    const auto hole = static_cast<std::uint32_t>(hand_);
    places_.erase(dropped->hash(), hole);
    if (hand_ + 1 < slots_.size()) {
      slots_[hand_] = std::move(slots_.back());
      places_.move(slots_[hand_].node->hash(), static_cast<std::uint32_t>(slots_.size() - 1), hole);
    }
    slots_.pop_back();
    return dropped;
  }

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::vector<Slot> slots_;
  detail::HashTable places_;
  std::size_t hand_ = 0;
  std::size_t bytes_ = 0;
};

NodeCache::NodeCache(std::size_t bytes_max) {
  for (std::size_t i = 0; i < kShardCount; ++i) {
    shards_.push_back(std::make_unique<Shard>(bytes_max / kShardCount));
  }
}

NodeCache::~NodeCache() = default;

NodePtr NodeCache::find(const Hash& hash) {
  // The map within a shard takes its bucket from the low bytes, so the shard comes from the last
  // one.
  return shards_[static_cast<std::uint8_t>(hash.bytes().back()) % kShardCount]->find(hash);
}

void NodeCache::insert(NodePtr node) {
  const auto last = static_cast<std::uint8_t>(node->hash().bytes().back());
  shards_[last % kShardCount]->insert(std::move(node));
}

std::size_t NodeCache::bytes() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) sum += shard->bytes();
  return sum;
}

NodeSource::NodeSource(Archive& archive, std::size_t cache_bytes_max)
    : NodeSource(archive, std::make_shared<NodeCache>(cache_bytes_max)) {}

NodeSource::NodeSource(Archive& archive, std::shared_ptr<NodeCache> cache)
    : archive_(&archive), cache_(std::move(cache)) {}

Result<std::vector<NodePtr>> NodeSource::find(std::span<const NodeRef> refs,
                                              const Context& context) {
  std::vector<NodePtr> nodes(refs.size());
  std::vector<Hash> wanted;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    nodes[i] = cache_->find(refs[i].hash);
    if (!nodes[i]) {
      wanted.push_back(refs[i].hash);
      places.push_back(i);
    }
  }
  if (!wanted.empty()) {
    DIALOG_ASSIGN(auto blocks, archive_->get(wanted, context));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!blocks[i]) continue;
      DIALOG_ASSIGN(NodePtr node, Node::parse(*std::move(blocks[i])));
      cache_->insert(node);
      nodes[places[i]] = std::move(node);
    }
  }
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (nodes[i]) DIALOG_TRY(check_fits(*nodes[i], refs[i]));
  }
  return nodes;
}

Result<std::vector<NodePtr>> NodeSource::load(std::span<const NodeRef> refs,
                                              const Context& context) {
  DIALOG_ASSIGN(std::vector<NodePtr> nodes, find(refs, context));
  detail::MissingSet missing;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (!nodes[i]) missing.add(refs[i].hash);
  }
  DIALOG_TRY(missing.take());
  return nodes;
}

Result<NodePtr> NodeSource::load_one(const NodeRef& ref, const Context& context) {
  if (NodePtr cached = cache_->find(ref.hash)) {
    DIALOG_TRY(check_fits(*cached, ref));
    return cached;
  }
  DIALOG_ASSIGN(std::vector<NodePtr> nodes, load({&ref, 1}, context));
  return std::move(nodes.front());
}

}  // namespace dialog
