#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include "report.hpp"
#include "store_floors.hpp"

namespace dialog::bench {
namespace {

void check(const rocksdb::Status& status) {
  if (!status.ok()) give_up("rocksdb: " + status.ToString());
}

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

rocksdb::Options options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  options.recycle_log_file_num = 4;
  options.enable_blob_files = true;
  options.min_blob_size = 1024;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(std::size_t{512} << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksDbFloor final : public StoreFloor {
 public:
  explicit RocksDbFloor(const std::string& folder) {
    rocksdb::DB* database = nullptr;
    check(rocksdb::DB::Open(options(), folder, &database));
    database_.reset(database);
  }

  void put(std::span<const Item> items) override {
    rocksdb::WriteBatch batch;
    for (const Item& item : items) check(batch.Put(slice(item.key), slice(item.value)));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    check(database_->Write(durable, &batch));
  }

  bool get(std::string_view key, std::string& value) override {
    const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), slice(key), &value);
    if (status.IsNotFound()) return false;
    check(status);
    return true;
  }

 private:
  std::unique_ptr<rocksdb::DB> database_;
};

}  // namespace

std::unique_ptr<StoreFloor> open_rocksdb_floor(const std::string& folder) {
  return std::make_unique<RocksDbFloor>(folder);
}

}  // namespace dialog::bench
