#include "lmdb_environment.hpp"

#include <algorithm>
#include <cerrno>
#include <lmdb.h>
#include <string>
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

Result<void> Environment::check_map() const {
  if (!map_lost_) return {};
  return fail(ErrorCode::storage_failed,
              "cannot use the database in " + folder_ +
                  ": it grew, and this process had no address space left to map it; open it again");
}

Result<void> Environment::enter() {
  std::unique_lock lock(gate_mutex_);
  gate_changed_.wait(lock, [this] { return !moving_; });
  DIALOG_TRY(check_map());
  ++inside_;
  return {};
}

void Environment::leave() {
  const std::lock_guard lock(gate_mutex_);
  --inside_;
  if (moving_ && inside_ == 0) gate_changed_.notify_all();
}

void Environment::keep(MDB_txn* idle) {
  {
    const std::lock_guard lock(gate_mutex_);
    if (idle_.size() < kIdleReadersMax) {
      idle_.push_back(idle);
      return;
    }
  }
  mdb_txn_abort(idle);
}

Result<Reader> Environment::begin_read() {
  for (;;) {
    DIALOG_TRY(enter());
    MDB_txn* transaction = nullptr;
    {
      const std::lock_guard lock(gate_mutex_);
      if (!idle_.empty()) {
        transaction = idle_.back();
        idle_.pop_back();
      }
    }
    const int code = transaction != nullptr
                         ? mdb_txn_renew(transaction)
                         : mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
    if (code == 0) return Reader(*this, transaction);
    if (transaction != nullptr) keep(transaction);
    leave();
    if (code == MDB_MAP_RESIZED) {
      DIALOG_TRY(move_map(Move::follow));
      continue;
    }
    int dead = 0;
    if (code == MDB_READERS_FULL && mdb_reader_check(environment_, &dead) == 0 && dead > 0)
      continue;
    if (code == MDB_PANIC) DIALOG_TRY(check_reason());
    return fail(failure(code, "read", folder_));
  }
}

Result<void> Environment::move_map(Move why) {
  std::unique_lock lock(gate_mutex_);
  gate_changed_.wait(lock, [this] { return !moving_; });
  DIALOG_TRY(check_map());
  moving_ = true;
  gate_changed_.wait(lock, [this] { return inside_ == 0; });
  auto outcome = resize_map(why);
  moving_ = false;
  gate_changed_.notify_all();
  return outcome;
}

// The library gives the old map up before it asks for the new one, hence the look before: where
// there is no room, the old one still serves.
Result<void> Environment::resize_map(Move why) {
  MDB_envinfo info;
  MDB_stat stat;
  mdb_env_info(environment_, &info);
  mdb_env_stat(environment_, &stat);
  const std::size_t before = info.me_mapsize;
  std::size_t after = before;
  const auto grow = [&] { after = after > map_bytes_max_ / 2 ? map_bytes_max_ : after * 2; };
  if (why == Move::grow) {
    if (before >= map_bytes_max_) return fail(failure(MDB_MAP_FULL, "write", folder_));
    grow();
  } else {
    // What another process wrote may go beyond what this one would ever write.
    const std::size_t needed = (info.me_last_pgno + 1) * stat.ms_psize;
    while (after < needed && after < map_bytes_max_) grow();
    if (after < needed || !has_address_space(after)) after = std::max(before, needed);
    if (after == before) return {};
  }
  if (!has_address_space(after)) {
    return fail(ErrorCode::resource_exhausted,
                "cannot map the database in " + folder_ +
                    ", which has grown: " + std::to_string(after) +
                    " bytes are more than the address space that is left to this process; raise "
                    "its limit (ulimit -v) and try again");
  }
  if (mdb_env_set_mapsize(environment_, after) == 0) return {};
  map_lost_ = true;
  return check_map();
}

Result<void> Environment::check_pages(PageScope scope) {
  int file = -1;
  mdb_env_get_fd(environment_, &file);
  for (;;) {
    DIALOG_ASSIGN(Reader reader, begin_read());
    // The pages are read from the file, and others may have to move the map meanwhile.
    reader.park();
    auto outcome = lmdb::check_pages(file, folder_ + "/data.mdb", reader.snapshot_number(), scope);
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
