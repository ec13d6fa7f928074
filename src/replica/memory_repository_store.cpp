#include <map>
#include <mutex>
#include <utility>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/replica/head_store.hpp"

namespace dialog {
namespace {

class MemoryHeadStore final : public HeadStore {
 public:
  Result<std::optional<Bytes>> read(std::string_view key, View) override {
    DIALOG_TRY(check_record_key(key));
    const std::lock_guard lock(mutex_);
    return value_of(key);
  }

  Result<std::vector<Record>> list(const Range& range, View) override {
    const std::lock_guard lock(mutex_);
    std::vector<Record> found;
    const auto take = [&](const auto& record) {
      if (found.size() < range.limit) found.push_back({record.first, record.second});
      return found.size() < range.limit;
    };
    const auto has_prefix = [&](const auto& at) {
      return at->first.substr(0, range.prefix.size()) == range.prefix;
    };
    if (!range.reverse) {
      auto at = records_.lower_bound(range.prefix);
      if (!range.after.empty() && range.after >= range.prefix)
        at = records_.upper_bound(range.after);
      for (; at != records_.end() && has_prefix(at); ++at) {
        if (!take(*at)) break;
      }
      return found;
    }
    auto first = records_.lower_bound(range.prefix);
    auto at = first;
    while (at != records_.end() && has_prefix(at) &&
           (range.after.empty() || at->first < range.after))
      ++at;
    while (at != first) {
      if (!take(*--at)) break;
    }
    return found;
  }

  Result<std::optional<Ticket>> submit(std::span<const RecordChange> changes) override {
    DIALOG_TRY(check_record_changes(changes));
    const std::lock_guard lock(mutex_);
    for (const RecordChange& change : changes) {
      if (value_of(change.key) != change.expected) return std::nullopt;
    }
    for (const RecordChange& change : changes) {
      if (change.desired) {
        records_[change.key] = *change.desired;
      } else {
        records_.erase(change.key);
      }
    }
    return Ticket{};
  }

  // Here everything is as durable as it will ever be.
  Result<void> wait(Ticket) override { return {}; }

 private:
  std::optional<Bytes> value_of(std::string_view key) const {
    const auto at = records_.find(key);
    return at == records_.end() ? std::nullopt : std::optional<Bytes>(at->second);
  }

  std::mutex mutex_;
  std::map<std::string, Bytes, std::less<>> records_;
};

/// Who holds the store now.
struct Leases {
  std::mutex mutex;
  std::size_t writers = 0;
  bool is_collecting = false;
};

class MemoryLease final : public StoreLease {
 public:
  MemoryLease(std::shared_ptr<Leases> leases, LeaseKind kind)
      : leases_(std::move(leases)), kind_(kind) {}
  ~MemoryLease() override {
    const std::lock_guard lock(leases_->mutex);
    if (kind_ == LeaseKind::write) {
      --leases_->writers;
    } else {
      leases_->is_collecting = false;
    }
  }

 private:
  std::shared_ptr<Leases> leases_;
  LeaseKind kind_;
};

}  // namespace

struct MemoryRepositoryStore::State {
  MemoryArchive archive;
  MemoryHeadStore heads;
  std::shared_ptr<Leases> leases = std::make_shared<Leases>();
};

MemoryRepositoryStore::MemoryRepositoryStore() : state_(std::make_unique<State>()) {}
MemoryRepositoryStore::~MemoryRepositoryStore() = default;

CollectableArchive& MemoryRepositoryStore::archive() { return state_->archive; }
HeadStore& MemoryRepositoryStore::heads() { return state_->heads; }

Result<std::unique_ptr<Archive>> MemoryRepositoryStore::make_quarantine() {
  return std::make_unique<MemoryArchive>();
}

Result<std::unique_ptr<StoreLease>> MemoryRepositoryStore::lease(LeaseKind kind) {
  const std::shared_ptr<Leases>& leases = state_->leases;
  const std::lock_guard lock(leases->mutex);
  if (leases->is_collecting) {
    return fail(ErrorCode::busy, "garbage is being collected in this repository; try again later");
  }
  if (kind == LeaseKind::collect) {
    if (leases->writers > 0) {
      return fail(ErrorCode::busy, "somebody is writing to this repository; try again later");
    }
    leases->is_collecting = true;
  } else {
    ++leases->writers;
  }
  return std::make_unique<MemoryLease>(leases, kind);
}

}  // namespace dialog
