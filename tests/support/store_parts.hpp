#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dialog/store/coordinator.hpp"
#include "dialog/store/index.hpp"

namespace dialog::test {

/// An index that is durable as if it were on disk, and survives whatever befalls the log.
class MemoryIndex final : public store::Index {
 public:
  Result<store::Tip> checkpoint() override {
    const std::lock_guard lock(mutex_);
    return tip_;
  }

  Result<std::vector<std::optional<store::Place>>> find(store::Space space,
                                                        std::span<const Hash> hashes) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::optional<store::Place>> found;
    for (const Hash& hash : hashes) {
      const auto at = blocks_.find({space, hash});
      found.push_back(at == blocks_.end() ? std::nullopt : std::optional(at->second));
    }
    return found;
  }

  Result<std::optional<StoredRecord>> record(ByteView key) override {
    const std::lock_guard lock(mutex_);
    const auto at = records_.find(key);
    return at == records_.end() ? std::nullopt : std::optional(at->second);
  }

  Result<void> for_each_record(const RecordRange& range, const RecordVisitor& visit) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Bytes, StoredRecord>> found;
    for (const auto& [key, value] : records_) {
      if (!key.starts_with(range.prefix)) continue;
      if (!range.after.empty() && (range.reverse ? key >= range.after : key <= range.after))
        continue;
      found.emplace_back(key, value);
    }
    if (range.reverse) std::reverse(found.begin(), found.end());
    for (const auto& [key, record] : found) {
      const auto* value = std::get_if<Bytes>(&record.value);
      const auto view = value
                            ? RecordView{record.segment, ByteView(*value)}
                            : RecordView{record.segment, std::get<store::LongValue>(record.value)};
      if (!visit(key, view)) break;
    }
    return {};
  }

  Result<void> for_each_block(const BlockVisitor& visit) override {
    std::map<std::pair<store::Space, Hash>, store::Place> snapshot;
    {
      const std::lock_guard lock(mutex_);
      snapshot = blocks_;
    }
    for (const auto& [key, place] : snapshot)
      if (!visit({key.first, key.second}, place)) break;
    return {};
  }

  Result<void> for_each_block_in(store::Space space, const std::optional<Hash>& after,
                                 const BlockVisitor& visit) override {
    return for_each_block([&](const store::BlockKey& key, const store::Place& place) {
      return key.space != space || (after && !(*after < key.hash)) || visit(key, place);
    });
  }

  Result<std::vector<store::SpaceUse>> uses(std::span<const store::Space> spaces,
                                            const BlockChanges& newer) override {
    const std::lock_guard lock(mutex_);
    auto blocks = blocks_;
    for (const auto& [key, place] : newer) {
      blocks.erase({key.space, key.hash});
      if (place) blocks.emplace(std::pair(key.space, key.hash), *place);
    }
    std::vector<store::SpaceUse> found(spaces.size());
    for (const auto& [key, place] : blocks) {
      for (std::size_t i = 0; i < spaces.size(); ++i) {
        if (spaces[i] != key.first) continue;
        ++found[i].blocks;
        found[i].bytes += store::stored_bytes(place);
      }
    }
    return found;
  }

  Result<void> apply(const Changes& changes) override {
    const std::lock_guard lock(mutex_);
    if (changes.tip.sequence <= tip_.sequence) return {};
    if (failing) return fail(ErrorCode::storage_full, "injected fault: no room for the index");
    tip_ = changes.tip;
    ++applied;
    for (const auto& [key, place] : changes.blocks) {
      if (place) {
        blocks_.insert_or_assign({key.space, key.hash}, *place);
      } else {
        blocks_.erase({key.space, key.hash});
      }
    }
    for (const auto& [key, value] : changes.records) {
      if (value) {
        records_.insert_or_assign(key, *value);
      } else {
        records_.erase(key);
      }
    }
    return {};
  }

  Result<std::map<std::uint32_t, std::uint64_t>> live_bytes() override {
    const std::lock_guard lock(mutex_);
    std::map<std::uint32_t, std::uint64_t> live;
    for (const auto& [key, place] : blocks_) live[place.at.segment] += store::needed_bytes(place);
    for (const auto& [key, record] : records_)
      live[record.segment] += store::needed_bytes(key, record);
    return live;
  }

  Result<void> check() override { return {}; }

  void clear() {
    const std::lock_guard lock(mutex_);
    tip_ = {};
    blocks_.clear();
    records_.clear();
  }

  int applied = 0;
  bool failing = false;

 private:
  std::mutex mutex_;
  store::Tip tip_;
  std::map<std::pair<store::Space, Hash>, store::Place> blocks_;
  std::map<Bytes, StoredRecord, std::less<>> records_;
};

/// What several processes would share: each has a `LocalCoordinator` of its own.
struct SharedStore {
  std::mutex mutex;
  const void* owner = nullptr;
  bool is_clean = true;
  std::vector<const void*> waiting;
  std::optional<store::Published> published;
};

class LocalCoordinator final : public store::Coordinator {
 public:
  explicit LocalCoordinator(SharedStore& shared) : shared_(shared) {}
  ~LocalCoordinator() override { abandon(); }

  Result<Taken> try_lock() override {
    const std::lock_guard lock(shared_.mutex);
    auto& waiting = shared_.waiting;
    const auto place = std::find(waiting.begin(), waiting.end(), this);
    if (shared_.owner != nullptr || (!waiting.empty() && waiting.front() != this)) {
      if (place == waiting.end()) waiting.push_back(this);
      return Taken::no;
    }
    if (place != waiting.end()) waiting.erase(place);
    shared_.owner = this;
    return std::exchange(shared_.is_clean, false) ? Taken::clean : Taken::after_failure;
  }
  void unlock() override { give_back(true); }
  void abandon() override { give_back(false); }
  bool is_awaited() override {
    const std::lock_guard lock(shared_.mutex);
    return !shared_.waiting.empty();
  }
  std::string holder() override { return "another one"; }

  std::optional<store::Published> published() override {
    const std::lock_guard lock(shared_.mutex);
    return shared_.published;
  }
  void publish(const store::Tip& durable) override {
    const std::lock_guard lock(shared_.mutex);
    if (!shared_.published) shared_.published.emplace();
    shared_.published->durable = durable;
  }
  void publish_checkpoint(std::uint64_t sequence) override {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.published)
      shared_.published->checkpoint = std::max(shared_.published->checkpoint, sequence);
  }

 private:
  void give_back(bool is_clean) {
    const std::lock_guard lock(shared_.mutex);
    std::erase(shared_.waiting, static_cast<const void*>(this));
    if (shared_.owner != this) return;
    shared_.owner = nullptr;
    shared_.is_clean = is_clean;
  }
  SharedStore& shared_;
};

}  // namespace dialog::test
