#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "dialog/backends/lmdb_options.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "lmdb_pages.hpp"
#include "lmdb_transaction.hpp"
#include "writer_lock.hpp"

struct MDB_env;

namespace dialog::lmdb {

/// What a database is for, as its format record says.
enum class Purpose : std::uint32_t {
  repository = 1,
  server = 2,
  scratch = 3,
  repository_index = 4,  ///< of a repository's log
  server_index = 5,
};

/// A change that shares its transaction, and so its disk sync, with those that wait at the same
/// time.
class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  /// Makes the change. May run again, on a state where the run before never happened. A job that
  /// fails by itself after it wrote something costs the others of its group a repetition, no more.
  virtual Result<void> apply(WriteTransaction& transaction) = 0;
  /// After every run that did not become durable.
  virtual void undone() {}
  /// Once, when the change is durable.
  virtual void done() {}
  /// About how much it writes.
  [[nodiscard]] virtual std::size_t bytes() const { return 0; }
};

/// An open database: one for each file and process. Thread-safe.
class Environment {
 public:
  /// Shared with whoever else has it open in this process.
  static Result<std::shared_ptr<Environment>> open(const std::string& folder, Purpose purpose,
                                                   const LmdbOptions& options);
  /// A new database in an empty folder that nothing needs to survive: it never syncs.
  static Result<std::shared_ptr<Environment>> open_scratch(const std::string& folder,
                                                           const LmdbOptions& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Result<Reader> begin_read();

  /// Durable at return. `storage_full`: nothing was changed. After `storage_failed` of a sync the
  /// outcome is unknown, and every later call fails.
  ///
  /// Waits for the writers before it, in this process and in others, until `context` ends, whose
  /// deadline is on `clock`: `timeout` and `cancelled` say that nothing was changed. Once its
  /// transaction is under way it waits for the end of that.
  Result<void> run(Job& job, const Context& context, Clock& clock);
  /// Without an end to its patience.
  Result<void> run(Job& job) { return run(job, {}, system_clock()); }

  /// Fails once `run` fails for good. Does no I/O.
  [[nodiscard]] Result<void> check_writable() const;

  /// Checks that every page that the present state refers to is within the file and well-formed.
  Result<void> check_pages(PageScope scope);

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] unsigned handle(Table table) const {
    return handles_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] bool has(Table table) const { return handle(table) != 0; }

 private:
  friend class Reader;
  class AddTables;
  struct Waiting;

  Environment(std::string folder, Purpose purpose, const LmdbOptions& options);
  static Result<void> prepare_folder(const std::string& folder, Purpose purpose,
                                     const LmdbOptions& options);
  static Result<void> create(const std::string& folder, Purpose purpose,
                             const LmdbOptions& options);
  Result<void> open_files(unsigned flags);
  [[nodiscard]] std::size_t first_map_bytes() const;
  Result<void> create_tables();
  Result<void> open_tables();
  Result<void> add_later_tables();
  Result<void> check_format(ByteView format) const;
  Result<void> check_extent();

  // Whoever touches the map is between `enter` and `leave`; it moves only while nobody is.
  Result<void> enter();
  void leave();
  // Keeps a transaction that was reset for the next reader.
  void keep(MDB_txn* idle);
  enum class Move : std::uint8_t { follow, grow };
  Result<void> move_map(Move why);
  Result<void> resize_map(Move why);
  [[nodiscard]] Result<void> check_map() const;

  Result<void> wait_to_write(Waiting& self, const Context& context, Clock& clock,
                             std::unique_lock<std::mutex>& queue_lock);
  void pass_lead();
  std::vector<Waiting*> take_group();
  void commit_group(std::span<Waiting* const> group) noexcept;
  Result<void> attempt(std::span<Waiting* const> group);
  Result<MDB_txn*> begin_write();
  Result<void> check_reason();
  Error commit_failure(int code);
  bool has_room() const;

  const std::string folder_;
  const Purpose purpose_;
  const std::size_t map_bytes_;
  const std::size_t map_bytes_max_;
  MDB_env* environment_ = nullptr;
  std::array<unsigned, kTableCount> handles_{};

  std::mutex gate_mutex_;
  std::condition_variable gate_changed_;
  std::size_t inside_ = 0;
  bool moving_ = false;
  std::atomic<bool> map_lost_ = false;
  std::vector<MDB_txn*> idle_;

  std::mutex queue_mutex_;
  std::deque<Waiting*> queue_;
  bool leading_ = false;
  // Of the leader alone.
  WriterLock writer_lock_;
  std::uint64_t attempts_ = 0;
  // Held from the end of a commit until its failure is written down.
  std::mutex reason_mutex_;
  std::atomic<bool> poisoned_ = false;
  // Written before that is set, and never again.
  std::string first_failure_;
};

}  // namespace dialog::lmdb
