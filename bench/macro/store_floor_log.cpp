#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <shared_mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>
#include <xxhash.h>

#include "lmdb_floor.hpp"
#include "report.hpp"
#include "store_floors.hpp"

namespace dialog::bench {
namespace {

constexpr std::uint64_t kMapBytes = std::uint64_t{16} << 30;
constexpr std::uint64_t kReservedBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kZeroedBytes = std::uint64_t{1} << 20;
/// Larger appends hide the cost of a first write behind their own.
constexpr std::size_t kSmallAppendBytes = std::size_t{64} << 10;
constexpr std::size_t kTailRecordsMax = 32768;

struct RecordHead {
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
  std::uint64_t checksum;
};

struct Place {
  std::uint64_t offset;
  std::uint64_t bytes;
};

class LogFloor final : public StoreFloor {
 public:
  explicit LogFloor(const std::string& folder)
      : index_(folder),
        descriptor_(::open((folder + "/log").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    map_ =
        static_cast<const char*>(::mmap(nullptr, kMapBytes, PROT_READ, MAP_SHARED, descriptor_, 0));
    if (descriptor_ < 0 || map_ == MAP_FAILED) give_up("log: cannot open");
  }
  ~LogFloor() override {
    ::munmap(const_cast<char*>(map_), kMapBytes);
    ::close(descriptor_);
  }

  void put(std::span<const Item> items) override {
    std::vector<Place> places;
    const std::string records = encode(items, places);
    std::unique_lock lock(mutex_);
    const std::uint64_t at = end_;
    append(records);
    {
      const std::unique_lock tail_lock(tail_mutex_);
      for (std::size_t i = 0; i < items.size(); ++i)
        tail_[std::string(items[i].key)] = {at + places[i].offset, places[i].bytes};
      if (tail_.size() > kTailRecordsMax) move_tail_to_index();
    }
    sync_up_to(end_, lock);
  }

  bool get(std::string_view key, std::string& value) override {
    const std::shared_lock lock(tail_mutex_);
    Place place{};
    if (const auto found = tail_.find(std::string(key)); found != tail_.end()) {
      place = found->second;
    } else {
      bool indexed = false;
      index_.read([&](MDB_txn* txn, MDB_dbi dbi) {
        MDB_val wanted{key.size(), const_cast<char*>(key.data())};
        MDB_val stored;
        indexed = mdb_get(txn, dbi, &wanted, &stored) == 0;
        if (indexed) std::memcpy(&place, stored.mv_data, sizeof place);
      });
      if (!indexed) return false;
    }
    value.assign(map_ + place.offset, place.bytes);
    return true;
  }

 private:
  static std::string encode(std::span<const Item> items, std::vector<Place>& places) {
    std::string records;
    std::size_t bytes = 0;
    for (const Item& item : items)
      bytes += sizeof(RecordHead) + item.key.size() + item.value.size();
    records.reserve(bytes);
    for (const Item& item : items) {
      const RecordHead head{static_cast<std::uint32_t>(item.key.size()),
                            static_cast<std::uint32_t>(item.value.size()),
                            XXH3_64bits(item.value.data(), item.value.size())};
      records.append(reinterpret_cast<const char*>(&head), sizeof head);
      records.append(item.key);
      places.push_back({records.size(), item.value.size()});
      records.append(item.value);
    }
    return records;
  }

  void append(const std::string& records) {
    const std::uint64_t at = end_;
    end_ += records.size();
    if (end_ > reserved_) {
      const std::uint64_t more = std::max<std::uint64_t>(kReservedBytes, records.size());
      if (::posix_fallocate(descriptor_, static_cast<off_t>(reserved_), static_cast<off_t>(more)) !=
          0)
        give_up("log: no space");
      reserved_ += more;
    }
    if (end_ > zeroed_) {
      if (records.size() < kSmallAppendBytes) {
        static const std::string zeros(kZeroedBytes, '\0');
        write(end_, zeros);
        zeroed_ = end_ + zeros.size();
      } else {
        zeroed_ = end_;
      }
    }
    write(at, records);
  }

  void write(std::uint64_t at, const std::string& bytes) const {
    if (::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at)) !=
        static_cast<ssize_t>(bytes.size()))
      give_up("log: write");
  }

  /// One of those who wait syncs for all whose records were written before.
  void sync_up_to(std::uint64_t end, std::unique_lock<std::mutex>& lock) {
    while (synced_ < end) {
      if (is_syncing_) {
        synced_changed_.wait(lock);
        continue;
      }
      is_syncing_ = true;
      const std::uint64_t written = end_;
      lock.unlock();
      if (::fdatasync(descriptor_) != 0) give_up("log: sync");
      lock.lock();
      synced_ = written;
      is_syncing_ = false;
      synced_changed_.notify_all();
    }
  }

  void move_tail_to_index() {
    std::vector<std::pair<std::string_view, Place>> sorted(tail_.begin(), tail_.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    index_.write([&](MDB_txn* txn, MDB_dbi dbi) {
      for (const auto& [key, place] : sorted) {
        LmdbFloor::put(txn, dbi, key, {reinterpret_cast<const char*>(&place), sizeof place});
      }
    });
    tail_.clear();
  }

  LmdbFloor index_;
  int descriptor_;
  const char* map_ = nullptr;

  std::mutex mutex_;
  std::uint64_t end_ = 0;
  std::uint64_t reserved_ = 0;
  std::uint64_t zeroed_ = 0;
  std::uint64_t synced_ = 0;
  bool is_syncing_ = false;
  std::condition_variable synced_changed_;

  std::shared_mutex tail_mutex_;
  std::unordered_map<std::string, Place> tail_;
};

}  // namespace

std::unique_ptr<StoreFloor> open_log_floor(const std::string& folder) {
  return std::make_unique<LogFloor>(folder);
}

}  // namespace dialog::bench
