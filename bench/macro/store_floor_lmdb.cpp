#include "lmdb_floor.hpp"
#include "store_floors.hpp"

namespace dialog::bench {
namespace {

class LmdbStoreFloor final : public StoreFloor {
 public:
  explicit LmdbStoreFloor(const std::string& folder) : lmdb_(folder) {}

  void put(std::span<const Item> items) override {
    lmdb_.write([&](MDB_txn* txn, MDB_dbi dbi) {
      for (const Item& item : items) LmdbFloor::put(txn, dbi, item.key, item.value);
    });
  }

  bool get(std::string_view key, std::string& value) override {
    bool found = false;
    lmdb_.read([&](MDB_txn* txn, MDB_dbi dbi) {
      MDB_val wanted{key.size(), const_cast<char*>(key.data())};
      MDB_val stored;
      found = mdb_get(txn, dbi, &wanted, &stored) == 0;
      if (found) value.assign(static_cast<const char*>(stored.mv_data), stored.mv_size);
    });
    return found;
  }

 private:
  LmdbFloor lmdb_;
};

}  // namespace

std::unique_ptr<StoreFloor> open_lmdb_floor(const std::string& folder) {
  return std::make_unique<LmdbStoreFloor>(folder);
}

}  // namespace dialog::bench
