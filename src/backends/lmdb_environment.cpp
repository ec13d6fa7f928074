#include "lmdb_environment.hpp"

#include <algorithm>
#include <cerrno>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lmdb_error.hpp"
#include "lmdb_pages.hpp"

namespace dialog::lmdb {
namespace {

// Each idle reader holds one of the database's slots, which all processes share.
constexpr std::size_t kIdleReadersMax = 32;

bool has_address_space(std::size_t bytes) {
  void* const probe =
      mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == MAP_FAILED) return false;
  munmap(probe, bytes);
  return true;
}

std::size_t map_size(MDB_env* environment) {
  MDB_envinfo info;
  mdb_env_info(environment, &info);
  return info.me_mapsize;
}

}  // namespace

Environment::Environment(std::string folder, Purpose purpose, const LmdbOptions& options)
    : folder_(std::move(folder)),
      purpose_(purpose),
      map_bytes_(std::min(options.map_bytes, options.map_bytes_max)),
      map_bytes_max_(options.map_bytes_max) {}

Environment::~Environment() {
  for (MDB_txn* const transaction : idle_) mdb_txn_abort(transaction);
  if (environment_ != nullptr) mdb_env_close(environment_);
}

std::size_t Environment::first_map_bytes() const {
  std::size_t bytes = map_bytes_;
  constexpr std::size_t kLeast = std::size_t{1} << 20;
  while (bytes > kLeast && !has_address_space(bytes)) bytes /= 2;
  return bytes;
}

void Environment::enter() {
  std::unique_lock lock(gate_mutex_);
  gate_changed_.wait(lock, [this] { return !moving_; });
  ++inside_;
}

void Environment::leave(MDB_txn* idle) {
  MDB_txn* surplus = nullptr;
  {
    const std::lock_guard lock(gate_mutex_);
    if (idle != nullptr) {
      if (idle_.size() < kIdleReadersMax) {
        idle_.push_back(idle);
      } else {
        surplus = idle;
      }
    }
    --inside_;
    if (moving_ && inside_ == 0) gate_changed_.notify_all();
  }
  if (surplus != nullptr) mdb_txn_abort(surplus);
}

Result<Reader> Environment::begin_read() {
  for (;;) {
    MDB_txn* transaction = nullptr;
    {
      std::unique_lock lock(gate_mutex_);
      gate_changed_.wait(lock, [this] { return !moving_; });
      if (map_lost_) return fail(failure(MDB_PANIC, "read", folder_));
      ++inside_;
      if (!idle_.empty()) {
        transaction = idle_.back();
        idle_.pop_back();
      }
    }
    const int code = transaction != nullptr
                         ? mdb_txn_renew(transaction)
                         : mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
    if (code == 0) return Reader(*this, transaction);
    leave(transaction);
    if (code == MDB_MAP_RESIZED) {
      DIALOG_TRY(move_map(Move::follow));
      continue;
    }
    int dead = 0;
    if (code == MDB_READERS_FULL && mdb_reader_check(environment_, &dead) == 0 && dead > 0)
      continue;
    return fail(failure(code, "read", folder_));
  }
}

Result<void> Environment::move_map(Move why) {
  std::unique_lock lock(gate_mutex_);
  gate_changed_.wait(lock, [this] { return !moving_; });
  moving_ = true;
  gate_changed_.wait(lock, [this] { return inside_ == 0; });
  const int code = set_map_size(why);
  moving_ = false;
  gate_changed_.notify_all();
  if (code != 0) return fail(failure(code, "map the database", folder_));
  return {};
}

int Environment::set_map_size(Move why) {
  const std::size_t before = map_size(environment_);
  int code = 0;
  if (why == Move::grow) {
    if (before >= map_bytes_max_) return MDB_MAP_FULL;
    const std::size_t after = before > map_bytes_max_ / 2 ? map_bytes_max_ : before * 2;
    if (!has_address_space(after)) return ENOMEM;
    code = mdb_env_set_mapsize(environment_, after);
  } else {
    code = mdb_env_set_mapsize(environment_, 0);
    // The size on record may be below the one that this process has grown to since.
    if (code == 0 && map_size(environment_) < before) {
      code = mdb_env_set_mapsize(environment_, before);
    }
  }
  // The library gives the old map up before it asks for the new one.
  if (code != 0) map_lost_ = true;
  return code;
}

Result<void> Environment::check_pages(PageScope scope) {
  int file = -1;
  mdb_env_get_fd(environment_, &file);
  for (;;) {
    DIALOG_ASSIGN(Reader reader, begin_read());
    // The pages are read from the file, and others may have to move the map meanwhile.
    reader.park();
    auto outcome = lmdb::check_pages(file, folder_ + "/data.mdb", reader.snapshot_number(), scope);
    reader.resume();
    // Two commits have passed since: the next snapshot is on record for a while.
    if (outcome || outcome.error().code != ErrorCode::busy) return outcome;
  }
}

Result<void> Environment::check_extent() {
  MDB_envinfo info;
  MDB_stat stat;
  int file = -1;
  struct stat status{};
  mdb_env_info(environment_, &info);
  mdb_env_stat(environment_, &stat);
  mdb_env_get_fd(environment_, &file);
  if (fstat(file, &status) != 0) return fail(failure(errno, "open the database", folder_));
  const auto pages = static_cast<std::size_t>(status.st_size) / stat.ms_psize;
  // The file may end before its last page: where the last ones are free and were never written.
  // Otherwise it is truncated, and a look through the map would kill the process.
  return check_pages(pages > info.me_last_pgno ? PageScope::tables : PageScope::all);
}

}  // namespace dialog::lmdb
