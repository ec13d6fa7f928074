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
    if (!in_flight_.empty()) settle(static_cast<std::size_t>(random_.below(in_flight_.size() + 1)));
    in_flight_.clear();
    submitted_ = records_;
    is_dead_ = false;
    for (auto& [hash, block] : volatile_) {
      if (random_.chance(1, 2)) keep(hash, block);
    }
    volatile_.clear();
  }

  /// Makes the first submissions durable.
  void settle(std::size_t count) {
    if (count > 0) sync();
    for (std::size_t i = 0; i < count; ++i) {
      for (const RecordChange& change : in_flight_[i]) {
        ++changes_;
        apply(records_, change);
      }
    }
    in_flight_.erase(in_flight_.begin(), in_flight_.begin() + static_cast<std::ptrdiff_t>(count));
    settled_ += count;
  }

  static void apply(std::map<std::string, Bytes, std::less<>>& records,
                    const RecordChange& change) {
    if (change.desired) {
      records.insert_or_assign(change.key, *change.desired);
    } else {
      records.erase(change.key);
    }
  }

  [[nodiscard]] bool interrupted() {
    if (!random_.chance(interrupt_, 1000)) return false;
    ++interruptions_;
    is_dead_ = true;
    return true;
  }

  SeededRandom& random_;
  std::uint64_t interruptions_ = 0;
  std::uint64_t interrupt_ = 0;
  std::uint64_t changes_ = 0;
  std::map<Hash, Block> durable_;
  std::map<Hash, Block> volatile_;
  std::map<std::string, Bytes, std::less<>> records_;
  /// The records with all submissions.
  std::map<std::string, Bytes, std::less<>> submitted_;
  std::vector<std::vector<RecordChange>> in_flight_;
  std::uint64_t settled_ = 0;  // how many submissions are durable
  bool is_dead_ = false;
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

  Result<std::uint64_t> reclaim(const Context&) override { return 0; }

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
  Heads(Disk& disk, const std::function<void()>& while_waiting)
      : disk_(disk), while_waiting_(while_waiting) {}

  Result<std::optional<Bytes>> read(std::string_view key, View view) override {
    const auto& records = seen(view);
    const auto at = records.find(key);
    if (at == records.end()) return std::nullopt;
    return at->second;
  }

  Result<std::vector<Record>> list(const Range& range, View view) override {
    std::vector<Record> out;
    for (const auto& [key, value] : seen(view)) {
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

  Result<std::optional<Ticket>> submit(std::span<const RecordChange> changes) override {
    DIALOG_TRY(check_record_changes(changes));
    if (disk_.is_dead_) return lost();
    for (const RecordChange& change : changes) {
      const auto at = disk_.submitted_.find(change.key);
      const bool there = at != disk_.submitted_.end();
      if (there != change.expected.has_value() || (there && at->second != *change.expected))
        return std::nullopt;
    }
    if (!changes.empty()) {
      for (const RecordChange& change : changes) Disk::apply(disk_.submitted_, change);
      disk_.in_flight_.emplace_back(changes.begin(), changes.end());
    }
    return Ticket{disk_.settled_ + disk_.in_flight_.size()};
  }

  Result<void> wait(Ticket ticket) override {
    if (ticket.number <= disk_.settled_) return {};
    if (while_waiting_) while_waiting_();
    if (ticket.number <= disk_.settled_) return {};
    if (disk_.is_dead_) return lost();
    if (disk_.interrupted()) {
      disk_.settle(static_cast<std::size_t>(disk_.random_.below(disk_.in_flight_.size() + 1)));
      return lost();
    }
    const auto needed = static_cast<std::size_t>(ticket.number - disk_.settled_);
    disk_.settle(disk_.random_.chance(1, 2) ? needed : disk_.in_flight_.size());
    return {};
  }

 private:
  [[nodiscard]] const std::map<std::string, Bytes, std::less<>>& seen(View view) const {
    return view == View::durable ? disk_.records_ : disk_.submitted_;
  }
  static tl::unexpected<Error> lost() {
    return fail(ErrorCode::storage_failed, "injected: the power went during a commit");
  }

  Disk& disk_;
  const std::function<void()>& while_waiting_;
};

SimStore::SimStore(SeededRandom& random)
    : disk_(std::make_unique<Disk>(random)),
      blocks_(std::make_unique<Blocks>(*disk_)),
      heads_(std::make_unique<Heads>(*disk_, while_waiting)) {}

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
