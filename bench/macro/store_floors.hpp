#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dialog::bench {

/// What a user would take to keep keys and values on one disk, without hashes and history. Opened
/// in a folder of its own. Thread-safe. Ends the program where the store reports an error.
class StoreFloor {
 public:
  struct Item {
    std::string_view key;
    std::string_view value;
  };

  StoreFloor() = default;
  StoreFloor(const StoreFloor&) = delete;
  StoreFloor& operator=(const StoreFloor&) = delete;
  virtual ~StoreFloor() = default;

  /// All or nothing, and durable at return.
  virtual void put(std::span<const Item> items) = 0;

  /// Copies the value; false where there is none.
  virtual bool get(std::string_view key, std::string& value) = 0;
};

/// One write of 4 KiB and one `fdatasync` per put, into a file filled with zeros before: what the
/// disk asks for one durable commit. Keeps nothing.
std::unique_ptr<StoreFloor> open_disk_floor(const std::string& folder);

std::unique_ptr<StoreFloor> open_lmdb_floor(const std::string& folder);

/// With a write-ahead log that is synced at each put, and recycled; values from 1 KiB on in blob
/// files.
std::unique_ptr<StoreFloor> open_rocksdb_floor(const std::string& folder);

/// In WAL mode, `synchronous = full`.
std::unique_ptr<StoreFloor> open_sqlite_floor(const std::string& folder);

/// The candidate of our own: checksummed records appended to one file, which is zero-filled ahead
/// of small ones; one sync for all who wait. What is where stands in LMDB, written every 32,768
/// records, and until then in memory. No recovery: it measures what the design costs.
std::unique_ptr<StoreFloor> open_log_floor(const std::string& folder);

}  // namespace dialog::bench
