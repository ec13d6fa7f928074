#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/archive/archive.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

inline constexpr std::size_t kRecordKeyBytesMax = 400;

/// One step of an atomic change of records.
struct RecordChange {
  std::string key;
  /// What must be there for the change to happen: absent means that no such record may exist.
  std::optional<Bytes> expected;
  /// What is there afterwards: absent removes the record.
  std::optional<Bytes> desired;
};

struct Record {
  std::string key;
  Bytes value;
  friend bool operator==(const Record&, const Record&) = default;
};

/// The small mutable part of a repository: branches, remotes, reflog, edits, configuration, as
/// named records. A key has 1 to `kRecordKeyBytesMax` bytes. Thread-safe, and safe between
/// processes where the implementation is on disk. Errors: `storage_failed`, `storage_full` (nothing
/// was changed), `busy`, `corrupt`, `invalid_argument`, `too_large`.
///
/// A change is submitted, and then it becomes durable: those who wait for their changes at the same
/// time may share one sync. Changes become durable in the order in which they were submitted. Where
/// power is lost or a sync fails, what is lost is a tail of that order.
class HeadStore {
 public:
  HeadStore() = default;
  HeadStore(const HeadStore&) = delete;
  HeadStore& operator=(const HeadStore&) = delete;
  virtual ~HeadStore() = default;

  /// What a read shows.
  enum class View : std::uint8_t {
    /// Only what survives a loss of power.
    durable,
    /// Also what this process has submitted and what is not durable yet: the state that `submit`
    /// compares with. It may never become durable.
    submitted,
  };

  /// The record's value; absent where there is none.
  [[nodiscard]] virtual Result<std::optional<Bytes>> read(std::string_view key,
                                                          View view = View::durable) = 0;

  struct Range {
    std::string_view prefix = {};
    /// Only records beyond this key, in the direction of the listing. Empty: from the start.
    std::string_view after = {};
    std::size_t limit = SIZE_MAX;
    bool reverse = false;
  };
  /// The records of a range in the order of their keys, from one snapshot.
  [[nodiscard]] virtual Result<std::vector<Record>> list(const Range& range,
                                                         View view = View::durable) = 0;

  /// Names a submission of this object. Later ones have greater numbers, or equal ones.
  struct Ticket {
    std::uint64_t number = 0;
  };
  /// Submits all changes or none. Absent where an expectation does not hold: then nothing was
  /// changed. Waits for no sync where the store can do without. A submission of no changes names
  /// all that came before it.
  [[nodiscard]] virtual Result<std::optional<Ticket>> submit(
      std::span<const RecordChange> changes) = 0;
  /// On success everything that was submitted up to this ticket is durable and visible to all, and
  /// so is every block that was put into the repository's archive before it was submitted: data
  /// before pointers. An error: nobody knows, until it is read with `View::durable`. Never a
  /// success after a failed sync. May be called again, and by any thread.
  [[nodiscard]] virtual Result<void> wait(Ticket ticket) = 0;

  /// `submit` and `wait`. False where an expectation does not hold: then nothing was changed.
  [[nodiscard]] Result<bool> commit(std::span<const RecordChange> changes);
};

/// For implementations of `HeadStore`: `invalid_argument` where a key is empty or longer than
/// `kRecordKeyBytesMax`.
Result<void> check_record_key(std::string_view key);

/// The same for a commit: also where it changes a record twice; `too_large` where a value exceeds
/// `kValueBytesMax`.
Result<void> check_record_changes(std::span<const RecordChange> changes);

/// What a process is about to do with the blocks of a store.
enum class LeaseKind : std::uint8_t {
  /// Put blocks and then refer to them. Any number of these at a time, in all processes.
  write,
  /// Remove blocks that nothing refers to. Alone: no other lease of any kind, in any process.
  collect,
};

/// Held for as long as it lives. It ends with the process too, however that dies: it is a lock of
/// the operating system's, never a record.
class StoreLease {
 public:
  StoreLease() = default;
  StoreLease(const StoreLease&) = delete;
  StoreLease& operator=(const StoreLease&) = delete;
  virtual ~StoreLease() = default;
};

/// What `RepositoryStore::check` found damaged.
struct StoreFault {
  std::optional<Hash> block;  ///< where it is one
  Error error;                ///< `corrupt`
};

struct StoreCheck {
  std::function<void(StoreFault fault)> on_fault;
  /// Gets the number of blocks looked at so far, now and then; false stops with `cancelled`.
  std::function<bool(std::uint64_t blocks)> on_progress = {};
  Context context = {};
};

/// Everything that a repository stands on. One object per open repository; its parts share its
/// lifetime.
class RepositoryStore {
 public:
  RepositoryStore() = default;
  RepositoryStore(const RepositoryStore&) = delete;
  RepositoryStore& operator=(const RepositoryStore&) = delete;
  virtual ~RepositoryStore() = default;

  [[nodiscard]] virtual CollectableArchive& archive() = 0;
  [[nodiscard]] virtual HeadStore& heads() = 0;

  /// An empty archive for blocks that are not yet proven. Bounded in memory; gone with the object,
  /// and with the process if that dies first. Needs no durability.
  [[nodiscard]] virtual Result<std::unique_ptr<Archive>> make_quarantine() = 0;

  /// Keeps a collector and those who write apart. Never waits: `busy` where leases that are out now
  /// do not allow it. Must not outlive this object. Readers need none.
  [[nodiscard]] virtual Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) = 0;

  /// Reads every stored block and what the store itself needs to find it, and tells of all that is
  /// damaged; returns how many blocks there are. Others may write meanwhile.
  [[nodiscard]] virtual Result<std::uint64_t> check(const StoreCheck& options);
};

/// A repository in memory. Thread-safe.
class MemoryRepositoryStore final : public RepositoryStore {
 public:
  MemoryRepositoryStore();
  ~MemoryRepositoryStore() override;
  CollectableArchive& archive() override;
  HeadStore& heads() override;
  Result<std::unique_ptr<Archive>> make_quarantine() override;
  Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dialog
