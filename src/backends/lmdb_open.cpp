#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <lmdb.h>
#include <map>
#include <sched.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "folder.hpp"
#include "lmdb_environment.hpp"
#include "lmdb_error.hpp"
#include "lmdb_record.hpp"

namespace dialog::lmdb {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kReaderSlots = 512;
// Room for as many: the library takes the number from the size of the file.
constexpr off_t kLockFileBytes = 36864;
constexpr std::uint32_t kFormatVersion = 1;
constexpr ByteView kMagic = "dialogdb";
constexpr ByteView kFormatKey = "format";
constexpr const char* kData = "/data.mdb";
constexpr const char* kTableNames[kTableCount] = {"format",  "blocks",   "heads",      "subjects",
                                                  "history", "places",   "records",    "segments",
                                                  "spaces",  "accounts", "revocations"};

bool is_index(Purpose purpose) {
  return purpose == Purpose::repository_index || purpose == Purpose::server_index;
}

bool has_table(Purpose purpose, Table table) {
  switch (table) {
    case Table::format:
      return true;
    case Table::blocks:
      return !is_index(purpose);
    case Table::heads:
      return purpose == Purpose::repository;
    case Table::subjects:
    case Table::history:
      return purpose == Purpose::server;
    case Table::places:
    case Table::records:
    case Table::segments:
      return is_index(purpose);
    case Table::spaces:
      return purpose == Purpose::server_index;
    case Table::accounts:
    case Table::revocations:
      return purpose == Purpose::server;
  }
  return false;
}

// What databases from before these tables lack.
bool is_later(Table table) {
  return table == Table::spaces || table == Table::accounts || table == Table::revocations;
}

std::string_view to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::server:
      return "a server's store";
    case Purpose::repository_index:
      return "the index of a repository's log";
    case Purpose::server_index:
      return "the index of a server's log";
    default:
      return "a repository";
  }
}

tl::unexpected<Error> foreign(const std::string& folder, std::string_view why) {
  return fail(ErrorCode::malformed, folder + kData + " is no database of this program: " +
                                        std::string(why) + "; choose another folder");
}

tl::unexpected<Error> truncated(const std::string& name) {
  return fail(ErrorCode::corrupt, name + " is truncated; restore it or clone it again");
}

// Looks before the library does: it would create its lock file beside anything, take an empty file
// for a new database, and a short one for no database at all.
Result<void> check_data_file(const std::string& folder) {
  const std::string name = folder + kData;
  const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return fail(system_failure(errno, "open " + name));
  // Of the first page: a header, the library's number and version, an address and a size, the size
  // of a page.
  constexpr std::size_t kMagicAt = 16;
  constexpr std::size_t kPageBytesAt = 40;
  struct stat status{};
  char head[kPageBytesAt + sizeof(std::uint32_t)] = {};
  int error_number = fstat(file, &status) == 0 ? 0 : errno;
  const bool regular = S_ISREG(status.st_mode);
  const ssize_t got = regular ? pread(file, head, sizeof head, 0) : 0;
  if (got < 0) error_number = errno;
  close(file);
  if (error_number == 0 && !regular) return foreign(folder, "it is not a regular file");
  if (error_number != 0) return fail(system_failure(error_number, "read " + name));
  constexpr std::uint32_t kLibraryMagic = 0xBEEFC0DE;
  const auto bytes = static_cast<std::size_t>(got);
  const std::size_t magic_bytes = std::min(sizeof kLibraryMagic, bytes - std::min(bytes, kMagicAt));
  if (std::memcmp(head + kMagicAt, &kLibraryMagic, magic_bytes) != 0) {
    return foreign(folder, "it is not an LMDB file");
  }
  std::uint32_t page_bytes = 0;
  std::memcpy(&page_bytes, head + kPageBytesAt, sizeof page_bytes);
  constexpr std::uint32_t kPageBytesMax = 65536;
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
  const bool short_of_two = page_bytes <= kPageBytesMax && file_bytes / 2 < page_bytes;
  if (bytes < sizeof head || short_of_two) return truncated(name);
  return {};
}

// The library writes to its lock file through a map. Where the disk is full a page that has no room
// on it yet would kill the process, so all get theirs first. May run while others use the file, not
// while this process does: closing it drops the locks.
Result<void> reserve_lock_file(const std::string& folder) {
  const std::string name = folder + "/lock.mdb";
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(system_failure(errno, "open " + name));
  struct stat status{};
  int error_number = fstat(file, &status) == 0 ? 0 : errno;
  const off_t bytes = status.st_size > 0 ? status.st_size : kLockFileBytes;
  if (error_number == 0 && fallocate(file, 0, 0, bytes) != 0) error_number = errno;
  close(file);
  if (error_number == 0 || error_number == EOPNOTSUPP) return {};
  return fail(system_failure(error_number, "get room for " + name));
}

tl::unexpected<Error> wrong_purpose(const std::string& folder, Purpose actual, Purpose wanted) {
  return fail(ErrorCode::invalid_argument, folder + " holds " + std::string(to_string(actual)) +
                                               ", not " + std::string(to_string(wanted)));
}

Result<bool> exists(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return fail(system_failure(errno, "look at " + path));
}

// The databases that this process has open. LMDB does not bear a second handle on one file in one
// process: closing either would drop the locks of both.
struct OpenDatabases {
  using Id = std::pair<dev_t, ino_t>;
  std::mutex mutex;
  std::condition_variable closed;
  std::map<Id, std::weak_ptr<Environment>> by_file;
};

OpenDatabases& open_databases() {
  static OpenDatabases databases;
  return databases;
}

}  // namespace

// Makes the database beside its place and moves it there complete, so that no crash leaves half of
// one.
Result<void> Environment::create(const std::string& folder, Purpose purpose,
                                 const LmdbOptions& options) {
  DIALOG_ASSIGN(const auto scratch, ScratchFolder::make(folder));
  {
    Environment created(scratch->path(), purpose, options);
    DIALOG_TRY(created.open_files(0));
    DIALOG_TRY(created.create_tables());
  }
  const std::string name = folder + kData;
  if (link((scratch->path() + kData).c_str(), name.c_str()) == 0) return {};
  if (errno != EEXIST) return fail(system_failure(errno, "create " + name));
  // Another process was faster.
  if (options.open == StoreOpen::ensure) return {};
  return fail(ErrorCode::already_exists, folder + " holds a database already");
}

Result<void> Environment::prepare_folder(const std::string& folder, Purpose purpose,
                                         const LmdbOptions& options) {
  DIALOG_ASSIGN(const bool is_there, exists(folder + kData));
  if (is_there) {
    if (options.open != StoreOpen::create) return {};
    return fail(ErrorCode::already_exists, folder + " holds a database already");
  }
  if (options.open == StoreOpen::existing) {
    return fail(ErrorCode::not_found, "there is no database in " + folder);
  }
  DIALOG_TRY(make_folder(folder));
  std::error_code error;
  const bool is_folder = fs::is_directory(folder, error);
  if (error) return fail(system_failure(error.value(), "look at the folder " + folder));
  if (!is_folder) {
    return fail(ErrorCode::invalid_argument, folder + " is a file, not a folder");
  }
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name == ScratchFolder::kName || name == "lock.mdb") continue;
    DIALOG_ASSIGN(const bool is_made, exists(folder + kData));
    if (is_made) continue;
    return fail(ErrorCode::already_exists,
                folder + " holds other files (" + name + "); choose an empty or a new folder");
  }
  if (error) return fail(system_failure(error.value(), "read the folder " + folder));
  return create(folder, purpose, options);
}

Result<std::shared_ptr<Environment>> Environment::open(const std::string& folder, Purpose purpose,
                                                       const LmdbOptions& options) {
  OpenDatabases& databases = open_databases();
  // Let go after the lock, which its last user takes to close it.
  std::shared_ptr<Environment> shared;
  std::unique_lock lock(databases.mutex);
  DIALOG_TRY(prepare_folder(folder, purpose, options));
  // Whoever created the names may have died before they were durable.
  DIALOG_TRY(sync_folder(folder));
  std::error_code error;
  const fs::path full = fs::absolute(folder, error).lexically_normal();
  if (error) return fail(system_failure(error.value(), "find the folder " + folder));
  DIALOG_TRY(sync_folder(parent_folder(full.string())));
  DIALOG_TRY(check_data_file(folder));

  struct stat status{};
  if (stat((folder + kData).c_str(), &status) != 0) {
    return fail(system_failure(errno, "open " + folder + kData));
  }
  const OpenDatabases::Id id{status.st_dev, status.st_ino};
  for (auto at = databases.by_file.find(id); at != databases.by_file.end();
       at = databases.by_file.find(id)) {
    shared = at->second.lock();
    if (shared) {
      if (shared->purpose_ != purpose) return wrong_purpose(folder, shared->purpose_, purpose);
      return shared;
    }
    // Its last user is just closing it.
    databases.closed.wait(lock);
  }

  auto made = std::unique_ptr<Environment>(new Environment(folder, purpose, options));
  DIALOG_TRY(made->open_files(0));
  DIALOG_TRY(made->check_extent());
  DIALOG_TRY(made->open_tables());
  // What a process left behind that died between writing and syncing is made durable before it is
  // shown.
  if (const int code = mdb_env_sync(made->environment_, 1); code != 0) {
    return fail(failure(code, "sync the database", folder));
  }
  ScratchFolder::remove_abandoned(folder);

  const auto close = [id](Environment* environment) {
    delete environment;
    OpenDatabases& all = open_databases();
    const std::lock_guard closing(all.mutex);
    all.by_file.erase(id);
    all.closed.notify_all();
  };
  shared = std::shared_ptr<Environment>(made.release(), close);
  databases.by_file.emplace(id, shared);
  return shared;
}

Result<std::shared_ptr<Environment>> Environment::open_scratch(const std::string& folder,
                                                               const LmdbOptions& options) {
  std::shared_ptr<Environment> made(new Environment(folder, Purpose::scratch, options));
  DIALOG_TRY(made->open_files(MDB_NOSYNC));
  DIALOG_TRY(made->create_tables());
  return made;
}

Result<void> Environment::open_files(unsigned flags) {
  DIALOG_TRY(reserve_lock_file(folder_));
  // A second try covers another process that opens or closes at the same moment, and a lock that
  // the system failed to give: the library takes that for another's, and then an empty lock file
  // for a damaged one.
  constexpr int kAttempts = 16;
  bool was_invalid = false;
  int code = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    code = mdb_env_create(&environment_);
    if (code != 0) break;
    mdb_env_set_mapsize(environment_, first_map_bytes());
    mdb_env_set_maxdbs(environment_, kTableCount);
    mdb_env_set_maxreaders(environment_, kReaderSlots);
    code = mdb_env_open(environment_, folder_.c_str(), flags | MDB_NOTLS, 0600);
    if (code == 0) break;
    mdb_env_close(std::exchange(environment_, nullptr));
    const bool is_first_invalid = code == MDB_INVALID && !std::exchange(was_invalid, true);
    if (code != EAGAIN && code != EBUSY && !is_first_invalid) break;
    sched_yield();
  }
  if (code == MDB_INVALID) {
    return fail(ErrorCode::corrupt,
                "the first pages of " + folder_ + kData +
                    " or its lock file are damaged; remove lock.mdb while nobody has the folder "
                    "open, and if that is not enough restore it or clone it again");
  }
  if (code != 0) return fail(failure(code, "open the database", folder_));
  // The library leaves this one open to programs that are started later.
  int file = -1;
  mdb_env_get_fd(environment_, &file);
  fcntl(file, F_SETFD, FD_CLOEXEC);
  writer_lock_.watch(file, folder_ + kData);
  int dead = 0;
  mdb_reader_check(environment_, &dead);
  return {};
}

Result<void> Environment::create_tables() {
  MDB_txn* transaction = nullptr;
  int code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
  if (code != 0) return fail(failure(code, "create the database", folder_));
  for (std::size_t i = 0; i < kTableCount && code == 0; ++i) {
    if (!has_table(purpose_, static_cast<Table>(i))) continue;
    code = mdb_dbi_open(transaction, kTableNames[i], MDB_CREATE, &handles_[i]);
  }
  if (code == 0) {
    Bytes value(kMagic);
    append_u32(value, kFormatVersion);
    append_u32(value, static_cast<std::uint32_t>(purpose_));
    WriteTransaction writes(*this, transaction);
    if (!writes.put(Table::format, kFormatKey, value)) code = writes.code();
  }
  if (code == 0) {
    code = mdb_txn_commit(transaction);
  } else {
    mdb_txn_abort(transaction);
  }
  if (code != 0) return fail(failure(code, "create the database", folder_));
  return {};
}

Result<void> Environment::open_tables() {
  MDB_txn* transaction = nullptr;
  int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
  if (code != 0) return fail(failure(code, "open the database", folder_));
  code = mdb_dbi_open(transaction, kTableNames[0], 0, &handles_[0]);
  MDB_val key{kFormatKey.size(), const_cast<char*>(kFormatKey.data())};
  MDB_val value{};
  if (code == 0) code = mdb_get(transaction, handles_[0], &key, &value);
  const Bytes format(static_cast<const char*>(value.mv_data), code == 0 ? value.mv_size : 0);
  Result<void> readable;
  if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE) {
    readable = foreign(folder_, "another program's LMDB file");
    code = 0;
  } else if (code == 0) {
    readable = check_format(format);
  }
  for (std::size_t i = 1; i < kTableCount && code == 0 && readable; ++i) {
    if (!has_table(purpose_, static_cast<Table>(i))) continue;
    code = mdb_dbi_open(transaction, kTableNames[i], 0, &handles_[i]);
    if (code == MDB_NOTFOUND) code = is_later(static_cast<Table>(i)) ? 0 : MDB_CORRUPTED;
  }
  if (code == 0 && readable) {
    code = mdb_txn_commit(transaction);
  } else {
    mdb_txn_abort(transaction);
  }
  if (code != 0) return fail(failure(code, "open the database", folder_));
  DIALOG_TRY(std::move(readable));
  return add_later_tables();
}

class Environment::AddTables final : public Job {
 public:
  AddTables(std::array<unsigned, kTableCount>& handles, std::vector<std::size_t> missing)
      : handles_(handles), missing_(std::move(missing)) {}
  Result<void> apply(WriteTransaction& transaction) override {
    made_.clear();
    for (const std::size_t table : missing_) {
      DIALOG_ASSIGN(const unsigned handle, transaction.make_table(kTableNames[table]));
      made_.push_back(handle);
    }
    return {};
  }
  void done() override {
    for (std::size_t i = 0; i < missing_.size(); ++i) handles_[missing_[i]] = made_[i];
  }

 private:
  std::array<unsigned, kTableCount>& handles_;
  const std::vector<std::size_t> missing_;
  std::vector<unsigned> made_;
};

// Whoever has the database open at the same time, in an older version, passes them over.
Result<void> Environment::add_later_tables() {
  std::vector<std::size_t> missing;
  for (std::size_t i = 1; i < kTableCount; ++i) {
    if (has_table(purpose_, static_cast<Table>(i)) && handles_[i] == 0) missing.push_back(i);
  }
  if (missing.empty()) return {};
  AddTables job(handles_, std::move(missing));
  return run(job);
}

Result<void> Environment::check_format(ByteView format) const {
  if (format.size() < kMagic.size() + 8 || !format.starts_with(kMagic)) {
    return foreign(folder_, "its format record is unknown");
  }
  const std::uint32_t version = read_u32(format.substr(kMagic.size()));
  const std::uint32_t purpose = read_u32(format.substr(kMagic.size() + 4));
  if (version != kFormatVersion) {
    return fail(ErrorCode::unsupported, folder_ + kData + " has format " + std::to_string(version) +
                                            "; this version reads format " +
                                            std::to_string(kFormatVersion));
  }
  if (purpose == static_cast<std::uint32_t>(purpose_)) return {};
  return wrong_purpose(folder_, static_cast<Purpose>(purpose), purpose_);
}

}  // namespace dialog::lmdb
