#include <mutex>
#include <sqlite3.h>

#include "report.hpp"
#include "store_floors.hpp"

namespace dialog::bench {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

class SqliteFloor final : public StoreFloor {
 public:
  explicit SqliteFloor(const std::string& folder) {
    sqlite3* database = nullptr;
    check(sqlite3_open((folder + "/db").c_str(), &database));
    database_.reset(database);
    run("pragma journal_mode = wal");
    run("pragma synchronous = full");
    run("pragma mmap_size = 8000000000");
    run("create table if not exists item (key blob primary key, value blob) without rowid");
    insert_ = prepare("insert or replace into item values (?, ?)");
    select_ = prepare("select value from item where key = ?");
  }

  void put(std::span<const Item> items) override {
    const std::lock_guard lock(mutex_);
    run("begin immediate");
    for (const Item& item : items) {
      bind(insert_, 1, item.key);
      bind(insert_, 2, item.value);
      if (sqlite3_step(insert_.get()) != SQLITE_DONE) give_up("sqlite: insert");
      sqlite3_reset(insert_.get());
    }
    run("commit");
  }

  bool get(std::string_view key, std::string& value) override {
    const std::lock_guard lock(mutex_);
    bind(select_, 1, key);
    const bool found = sqlite3_step(select_.get()) == SQLITE_ROW;
    if (found) {
      value.assign(static_cast<const char*>(sqlite3_column_blob(select_.get(), 0)),
                   static_cast<std::size_t>(sqlite3_column_bytes(select_.get(), 0)));
    }
    sqlite3_reset(select_.get());
    return found;
  }

 private:
  void check(int code) const {
    if (code != SQLITE_OK) give_up(std::string("sqlite: ") + sqlite3_errstr(code));
  }
  void run(const char* sql) const {
    check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr));
  }
  [[nodiscard]] Statement prepare(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr));
    return Statement(statement);
  }
  void bind(const Statement& statement, int index, std::string_view bytes) const {
    check(sqlite3_bind_blob(statement.get(), index, bytes.data(), static_cast<int>(bytes.size()),
                            SQLITE_STATIC));
  }

  std::mutex mutex_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  Statement insert_;
  Statement select_;
};

}  // namespace

std::unique_ptr<StoreFloor> open_sqlite_floor(const std::string& folder) {
  return std::make_unique<SqliteFloor>(folder);
}

}  // namespace dialog::bench
