#include "lmdb_floor.hpp"

#include "report.hpp"

namespace dialog::bench {

void check_lmdb(int code, const char* what) {
  if (code != 0) give_up(std::string(what) + ": " + mdb_strerror(code));
}

LmdbFloor::LmdbFloor(const std::string& folder) {
  check_lmdb(mdb_env_create(&env_), "mdb_env_create");
  check_lmdb(mdb_env_set_mapsize(env_, std::size_t{16} << 30), "mdb_env_set_mapsize");
  check_lmdb(mdb_env_open(env_, folder.c_str(), 0, 0644), "mdb_env_open");
  write([&](MDB_txn* txn, MDB_dbi) {
    check_lmdb(mdb_dbi_open(txn, nullptr, 0, &dbi_), "mdb_dbi_open");
  });
}

LmdbFloor::~LmdbFloor() { mdb_env_close(env_); }

void LmdbFloor::write(const std::function<void(MDB_txn*, MDB_dbi)>& work) {
  MDB_txn* txn = nullptr;
  check_lmdb(mdb_txn_begin(env_, nullptr, 0, &txn), "mdb_txn_begin");
  work(txn, dbi_);
  check_lmdb(mdb_txn_commit(txn), "mdb_txn_commit");
}

void LmdbFloor::read(const std::function<void(MDB_txn*, MDB_dbi)>& work) {
  MDB_txn* txn = nullptr;
  check_lmdb(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn), "mdb_txn_begin");
  work(txn, dbi_);
  mdb_txn_abort(txn);
}

void LmdbFloor::put(MDB_txn* txn, MDB_dbi dbi, std::string_view key, std::string_view value,
                    unsigned flags) {
  MDB_val k{key.size(), const_cast<char*>(key.data())};
  MDB_val v{value.size(), const_cast<char*>(value.data())};
  check_lmdb(mdb_put(txn, dbi, &k, &v, flags), "mdb_put");
}

}  // namespace dialog::bench
