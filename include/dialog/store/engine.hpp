#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dialog/archive/block.hpp"
#include "dialog/base/clock.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/disk.hpp"
#include "dialog/base/result.hpp"
#include "dialog/store/coordinator.hpp"
#include "dialog/store/index.hpp"

namespace dialog::store {

/// What an engine stands on. All of it outlives the engine.
struct Parts {
  Disk& disk;
  std::string folder;  ///< for the log; must be there
  Index& index;
  Coordinator& coordinator;
  Clock& clock;
};

/// How blocks are written. Blocks of both kinds are read whatever it says, and compaction leaves
/// each as it is.
enum class Compression : std::uint8_t {
  none,
  zstd,  ///< where it makes a block at least an eighth smaller
};

struct Limits {
  /// Where a segment of the log ends, but for one larger frame.
  std::uint32_t segment_bytes_max = std::uint32_t{64} << 20;
  /// How much of the log is filled with zeros ahead of small writes.
  std::uint32_t filled_ahead_bytes = std::uint32_t{1} << 20;
  /// Blocks that are held in memory between two flushes, compressed forms included. What is beyond
  /// is written early: by a thread of the engine's own, while who puts goes on up to twice as many,
  /// or else by who puts.
  std::size_t buffered_bytes_max = std::size_t{8} << 20;
  bool writes_early_in_background = true;
  /// Entries after the last checkpoint, and what they take in memory, from which on a checkpoint is
  /// made. Four times that is the bound: then writers wait for it.
  std::size_t checkpoint_entries = 32768;
  std::size_t checkpoint_bytes = std::size_t{16} << 20;
  /// The same for the bytes of records in the log, however few of them are still the latest: who
  /// opens the store reads them all.
  std::uint64_t checkpoint_log_bytes = std::uint64_t{32} << 20;
  /// The index holds values of records up to this size itself, and knows where in the log longer
  /// ones lie. Those that it has already stay as they are.
  std::size_t short_value_bytes_max = 1024;
  /// How long a write waits for another process that keeps the right to write; then it is `busy`.
  std::chrono::milliseconds patience{30'000};
  /// A put compresses on the caller's thread, which keeps up to 1 MiB for it until it ends.
  Compression compression = Compression::zstd;
};

/// Whose states of a record count.
enum class View : std::uint8_t {
  durable,    ///< those that survive a power cut
  submitted,  ///< those that a further change is compared with, durable or not
};

/// A change of one record.
struct RecordChange {
  ByteView key;
  /// What must be there for the change to happen: absent means that no such record may exist.
  std::optional<ByteView> expected;
  /// What is there afterwards: absent removes the record.
  std::optional<ByteView> desired;
};

struct Record {
  Bytes key;
  Bytes value;
};

/// A log of blocks and records in one folder, with an index of what lies where. Whatever is written
/// at the same time, by whichever threads, becomes durable by one shared sync of the log. One
/// process writes at a time; readers of all processes go on meanwhile and see what is durable.
/// Thread-safe. Calls block.
///
/// The log is the truth: a frame is there with all that came before it, or not at all. The index
/// follows it from checkpoint to checkpoint; what is newer than the checkpoint is held in memory,
/// and read from the log again when the store is opened.
///
/// Errors of every call: `storage_failed`, `corrupt`; of those that write `storage_full`, then
/// nothing was changed, `busy` where another process kept the right to write for longer than
/// `Limits::patience` (the message names it), and `timeout` and `cancelled`. After a sync whose
/// outcome is unknown every write fails until the store is opened again.
class Engine {
 public:
  /// Reads the log from the last checkpoint on, and cuts off what a crash left half-written.
  static Result<std::unique_ptr<Engine>> open(const Parts& parts, const Limits& limits = {});
  /// Waits for what is being written. What was put and not flushed is gone.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Blocks. As in `Archive`.

  Result<std::vector<std::optional<Block>>> get(Space space, std::span<const Hash> hashes);
  Result<std::vector<bool>> has(Space space, std::span<const Hash> hashes);
  Result<void> put(Space space, std::span<const Block> blocks, const Context& context);
  /// On what a put depends.
  struct PutTerms {
    /// The record that must stand, with this value: compared with what was submitted.
    ByteView key;
    ByteView value;
    /// What the space may hold afterwards.
    std::optional<std::uint64_t> blocks_max;
    std::optional<std::uint64_t> bytes_max;
  };
  struct PutOutcome {
    enum class Kind : std::uint8_t {
      put,
      changed,   ///< the record is another one; nothing was put
      too_much,  ///< nothing was put
    };
    Kind kind = Kind::put;
    SpaceUse used;  ///< with `too_much`: what the space holds, and what would have been added
    SpaceUse more;
  };
  /// As `put`, on terms. A block that is there already adds nothing to what its space holds.
  Result<PutOutcome> put(Space space, std::span<const Block> blocks, const PutTerms& terms,
                         const Context& context);
  Result<void> flush(const Context& context);
  /// What a space holds, with what was put and not flushed. Reads little but for the first call
  /// after opening, and after another process wrote.
  Result<SpaceUse> use_of(Space space);
  struct SomeBlocks {
    std::vector<Hash> hashes;
    std::optional<Hash> rest_after;  ///< where there may be more, from here on
  };
  /// About `limit` of the flushed blocks of a space, those behind `after` where that is given.
  Result<SomeBlocks> blocks_of(Space space, const std::optional<Hash>& after, std::size_t limit);
  /// Durable at return.
  Result<void> remove(Space space, std::span<const Hash> hashes, const Context& context);
  /// Every durable block; one that is damaged with no bytes. Stops where `visit` returns false.
  /// Writers go on meanwhile.
  using StoredBlockVisitor = std::function<bool(const BlockKey& key, ByteView bytes)>;
  Result<void> for_each_block(const StoredBlockVisitor& visit);

  // Records.

  Result<std::optional<Bytes>> read(ByteView key, View view);
  /// Takes in what other processes have published, and says how often that was something new: a
  /// number that is the same as before tells that no other process changed a record.
  Result<std::uint64_t> follow();
  struct Listing {
    ByteView prefix = {};
    ByteView after = {};  ///< only beyond this key, in the direction of the listing; empty: all
    std::size_t limit = SIZE_MAX;
    bool reverse = false;
  };
  /// In the order of the keys, from one snapshot.
  Result<std::vector<Record>> list(const Listing& listing, View view);

  /// Makes all changes or none; the number to wait for, or absent where an expectation does not
  /// hold. Compared with what was submitted before. Every block that was put before comes first.
  Result<std::optional<std::uint64_t>> submit(std::span<const RecordChange> changes,
                                              const Context& context);
  /// On return, what was submitted up to this number is durable.
  Result<void> wait(std::uint64_t number);

  // Upkeep.

  /// Fails once writes fail for good. Does no I/O.
  [[nodiscard]] Result<void> check_writable() const;
  /// Brings the index up to what is durable. Runs by itself, too.
  Result<void> checkpoint();

  struct Rebuilt {
    std::uint64_t log_bytes = 0;       ///< that were read and are sound
    std::uint64_t damaged_blocks = 0;  ///< they are lost
    std::uint64_t damaged_places = 0;  ///< where something else was lost, records perhaps
  };
  /// Fills an empty index from the log alone, and leaves out what is damaged. Only while nobody has
  /// the store open. A block that was removed may be there again. `busy` where somebody writes.
  static Result<Rebuilt> rebuild(const Parts& parts, const Limits& limits = {});

  struct CheckOptions {
    /// Told of each: `corrupt`, and the block where it is one.
    std::function<void(const std::optional<BlockKey>& block, Error error)> on_fault;
    /// Gets the number of blocks looked at so far, now and then; false stops with `cancelled`.
    std::function<bool(std::uint64_t blocks)> on_progress;
    Context context;
  };
  struct Checked {
    std::uint64_t blocks = 0;
    std::uint64_t block_bytes = 0;     ///< as they are stored
    std::uint64_t log_bytes = 0;       ///< that were read and are sound
    std::uint64_t faults = 0;          ///< what is lost, or will be
    std::uint64_t damaged_places = 0;  ///< of the log, also where they hold nothing that is needed
  };
  /// Reads every byte of the log and of the index. Blocks that are found damaged can be put again,
  /// by this object. Others may read and write meanwhile.
  Result<Checked> check(const CheckOptions& options);

  /// Reads every durable record. `corrupt` names the first that is damaged.
  Result<void> check_records();

  struct CopyOptions {
    /// Gets the bytes that were copied so far, now and then; false stops with `cancelled`.
    std::function<bool(std::uint64_t bytes)> on_progress;
    Context context;
  };
  struct Copied {
    std::uint64_t segments = 0;   ///< of the copy
    std::uint64_t bytes = 0;      ///< of the copy
    std::uint64_t new_bytes = 0;  ///< of these, that were not there already
  };
  /// Copies the log as it is durable now, without the index, to another folder; on return the copy
  /// survives a power cut. A folder that holds an earlier copy of this log gets only what is new;
  /// after an error it is that earlier copy, or already some of what is new. `already_exists` where
  /// it holds another log, or a state that this one does not have. Others read and write meanwhile.
  Result<Copied> copy_log(const std::string& folder, const CopyOptions& options);

  struct Compacted {
    std::uint64_t segments = 0;  ///< that are gone
    std::uint64_t bytes = 0;     ///< of them
    std::uint64_t moved = 0;     ///< bytes of blocks and records that were still needed
    std::uint64_t damaged = 0;   ///< of these, that cannot be read; they stay where they are
  };
  /// Gives back the room of what is no longer needed: moves the blocks of segments less than
  /// `share` full of blocks to the end of the log, and removes what holds none. Readers and writers
  /// go on meanwhile. Runs by itself, too, for segments that are less than half full.
  Result<Compacted> compact(double share, const Context& context);

 private:
  struct State;
  class Inspection;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dialog::store
