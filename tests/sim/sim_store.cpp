#include "sim_store.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialog/archive/memory_archive.hpp"

namespace dialog::sim {

class SimStore::Disk {
 public:
  explicit Disk(SeededRandom& random) : random_(random) {}

  void sync() {
    for (auto& [hash, block] : volatile_) keep(hash, block);
    volatile_.clear();
  }

  void keep(const Hash& hash, const Block& block) {
    if (durable_.emplace(hash, block).second) ++changes_;
  }

  void power_cut() {
    for (auto& [hash, block] : volatile_) {
      if (random_.chance(1, 2)) keep(hash, block);
    }
    volatile_.clear();
  }

  [[nodiscard]] bool interrupted() {
    if (!random_.chance(interrupt_, 1000)) return false;
    ++interruptions_;
    return true;
  }

  SeededRandom& random_;
  std::uint64_t interruptions_ = 0;
  std::uint64_t interrupt_ = 0;
  std::uint64_t changes_ = 0;
  std::map<Hash, Block> durable_;
  std::map<Hash, Block> volatile_;
  std::map<std::string, Bytes, std::less<>> records_;
};

class SimStore::Blocks final : public CollectableArchive {
 public:
  explicit Blocks(Disk& disk) : disk_(disk) {}

  Result<void> for_each(const std::function<bool(const Hash&, ByteView)>& visit) override {
    for (const auto& [hash, block] : disk_.durable_) {
      if (!visit(hash, block.bytes())) break;
    }
    return {};
  }

  Result<void> remove(std::span<const Hash> hashes) override {
    for (const Hash& hash : hashes) {
      disk_.changes_ += disk_.durable_.erase(hash);
      disk_.volatile_.erase(hash);
    }
    return {};
  }

 private:
  [[nodiscard]] std::optional<Block> find(const Hash& hash) const {
    for (const auto* blocks : {&disk_.volatile_, &disk_.durable_}) {
      if (const auto at = blocks->find(hash); at != blocks->end()) return at->second;
    }
    return std::nullopt;
  }

  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context&) override {
    std::vector<std::optional<Block>> out;
    for (const Hash& hash : hashes) out.push_back(find(hash));
    return out;
  }
  Result<void> do_put(std::span<const Block> blocks, const Context&) override {
    for (const Block& block : blocks) disk_.volatile_.insert_or_assign(block.hash(), block);
    return {};
  }
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context&) override {
    std::vector<bool> out;
    for (const Hash& hash : hashes) out.push_back(find(hash).has_value());
    return out;
  }
  Result<void> do_flush(const Context&) override {
    disk_.sync();
    return {};
  }

  Disk& disk_;
};

class SimStore::Heads final : public HeadStore {
 public:
  explicit Heads(Disk& disk) : disk_(disk) {}

  Result<std::optional<Bytes>> read(std::string_view key) override {
    const auto at = disk_.records_.find(key);
    if (at == disk_.records_.end()) return std::nullopt;
    return at->second;
  }

  Result<std::vector<Record>> list(const Range& range) override {
    std::vector<Record> out;
    for (const auto& [key, value] : disk_.records_) {
      if (!key.starts_with(range.prefix)) continue;
      if (!range.after.empty() && (range.reverse ? key >= range.after : key <= range.after))
        continue;
      out.push_back({key, value});
    }
    if (range.reverse) std::reverse(out.begin(), out.end());
    if (out.size() > range.limit)
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(range.limit), out.end());
    return out;
  }

  Result<bool> commit(std::span<const RecordChange> changes) override {
    for (const RecordChange& change : changes) {
      const auto at = disk_.records_.find(change.key);
      const bool there = at != disk_.records_.end();
      if (there != change.expected.has_value() || (there && at->second != *change.expected))
        return false;
    }
    if (disk_.interrupted()) {
      if (disk_.random_.chance(1, 2)) apply(changes);
      return fail(ErrorCode::storage_failed, "injected: the power went during a commit");
    }
    apply(changes);
    return true;
  }

 private:
  void apply(std::span<const RecordChange> changes) {
    disk_.sync();
    for (const RecordChange& change : changes) {
      ++disk_.changes_;
      if (change.desired) {
        disk_.records_.insert_or_assign(change.key, *change.desired);
      } else {
        disk_.records_.erase(change.key);
      }
    }
  }

  Disk& disk_;
};

SimStore::SimStore(SeededRandom& random)
    : disk_(std::make_unique<Disk>(random)),
      blocks_(std::make_unique<Blocks>(*disk_)),
      heads_(std::make_unique<Heads>(*disk_)) {}

SimStore::~SimStore() = default;

CollectableArchive& SimStore::archive() { return *blocks_; }
HeadStore& SimStore::heads() { return *heads_; }

Result<std::unique_ptr<Archive>> SimStore::make_quarantine() {
  return std::make_unique<MemoryArchive>();
}

Result<std::unique_ptr<StoreLease>> SimStore::lease(LeaseKind kind) { return leases_.lease(kind); }

std::uint64_t SimStore::interruptions() const { return disk_->interruptions_; }

void SimStore::power_cut() { disk_->power_cut(); }

void SimStore::interrupt_commits(std::uint64_t numerator) { disk_->interrupt_ = numerator; }

std::uint64_t SimStore::changes() const { return disk_->changes_; }

}  // namespace dialog::sim
