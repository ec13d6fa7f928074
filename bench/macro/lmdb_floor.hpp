#pragma once

#include <functional>
#include <lmdb.h>
#include <string>
#include <string_view>

namespace dialog::bench {

/// Plain LMDB without hashes or history: what the disk and a good B-tree allow. Every commit is
/// durable.
class LmdbFloor {
 public:
  explicit LmdbFloor(const std::string& folder);
  LmdbFloor(const LmdbFloor&) = delete;
  LmdbFloor& operator=(const LmdbFloor&) = delete;
  ~LmdbFloor();

  /// One transaction around `work`.
  void write(const std::function<void(MDB_txn*, MDB_dbi)>& work);
  void read(const std::function<void(MDB_txn*, MDB_dbi)>& work);

  static void put(MDB_txn* txn, MDB_dbi dbi, std::string_view key, std::string_view value,
                  unsigned flags = 0);

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};

/// Ends the program where LMDB reports an error.
void check_lmdb(int code, const char* what);

}  // namespace dialog::bench
