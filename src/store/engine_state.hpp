#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "dialog/store/engine.hpp"
#include "log_reader.hpp"
#include "log_writer.hpp"
#include "on_demand_thread.hpp"
#include "overlay.hpp"

namespace dialog::store {

/// Up to where a view sees that also shows what is not durable yet.
inline constexpr std::uint64_t kSubmitted = std::numeric_limits<std::uint64_t>::max();

// Two locks, the first before the second:
//   write_mutex  who appends to the log, or holds the right to; held for moments, never during I/O
//                but for reading what other processes wrote
//   state_mutex  what readers see
struct Engine::State {
  State(const Parts& engine_parts, const Limits& engine_limits)
      : parts(engine_parts),
        limits(engine_limits),
        segments(parts.disk, parts.folder),
        checked(limits.segment_bytes_max),
        appender(segments, limits.filled_ahead_bytes),
        buffer(limits.segment_bytes_max) {}
  ~State();

  using WriteLock = std::unique_lock<std::mutex>;

  // Writing; with the write lock.
  Result<void> enter(WriteLock& lock, const Context& context);
  [[nodiscard]] Error kept_by_another() const;
  void leave();
  void give_up_right();
  /// Whether all up to this number is durable for certain. Without any lock.
  [[nodiscard]] bool is_durable(std::uint64_t number) const {
    return durable_sequence >= number && !has_rolled_back;
  }
  Result<void> wait_durable(WriteLock& lock, std::uint64_t number);
  void sync_group(WriteLock& lock);
  void settle_group(const Tip& target);
  void fail_group(const Error& error);
  Result<void> roll_back(const Error& error);
  Result<void> append(FrameKind kind, ByteView payload);
  struct Pending {
    Block block;
    std::optional<Bytes> packed;  ///< what is written in its stead
  };
  [[nodiscard]] static std::size_t held_bytes(const Pending& pending) {
    return pending.block.size() + (pending.packed ? pending.packed->size() : 0);
  }
  /// Also with the state lock.
  void append_block(const BlockKey& key, const Pending& pending);
  void append_unwritten();
  Result<bool> holds(const RecordChange& change);

  // Putting; with both locks.
  struct Candidate {
    const Block* block = nullptr;
    std::optional<Bytes> packed;
    std::optional<Place> place;  ///< where it lies, as the index had it; it may be damaged there
  };
  /// What is not there yet of some blocks, packed. Without any lock.
  Result<std::vector<Candidate>> to_put(Space space, std::span<const Block> blocks);
  Result<PutOutcome> put(Space space, std::vector<Candidate> candidates, const PutTerms& terms);
  [[nodiscard]] bool is_damaged(const BlockKey& key, const Place& place) const;

  // Counting; with the write lock, and without the state lock.
  Result<SpaceUse> use_of(Space space);
  Result<void> count(std::optional<Space> only);
  /// Also with the state lock.
  void forget_counts() {
    uses.reset();
    ++follows;
  }

  // Following the log; with the write lock.
  Result<void> recover();
  Result<void> reload(std::optional<std::uint64_t> until);
  Result<void> reload_from(const Tip& base, std::optional<std::uint64_t> until);
  Result<void> follow(LogReader& reader, Overlay& into) const;
  Result<void> check_reaches(const Tip& base);
  Result<void> adopt(const Tip& from);
  Result<void> catch_up(Coordinator::Taken taken);
  Result<void> catch_up_to(const Published& published);
  /// What other processes have published meanwhile. Without any lock.
  Result<void> refresh();
  /// Where the log ends, with what other processes have published. Without any lock.
  Result<Tip> latest();
  /// Also what is in the index already. Without any lock.
  Result<void> refresh_to(const Tip& base);

  // Reading; with the state lock.
  struct Lookup {
    std::optional<Block> block;
    std::optional<Place> place;
    bool decided = false;  ///< else the index knows
  };
  [[nodiscard]] Lookup look_up(const BlockKey& key) const;

  Result<Block> read_block(const BlockKey& key, const Place& place);
  /// `whole`: what the stored bytes lie in.
  Result<Block> sound_block(const BlockKey& key, const Place& place, const BlockPayload& stored,
                            std::shared_ptr<const Bytes> whole);
  Result<std::optional<Block>> read_block(const BlockKey& key, Lookup lookup);
  Result<void> for_each_place(const Index::BlockVisitor& visit);
  void note_damaged(const BlockKey& key, const Place& place);
  Result<std::vector<Lookup>> find(Space space, std::span<const Hash> hashes);
  Result<std::optional<Bytes>> read_submitted(ByteView key);
  Result<std::optional<Bytes>> indexed_record(ByteView key);
  /// `not_found` where its segment was compacted away meanwhile; `corrupt`.
  Result<Bytes> value_of(Index::StoredRecord record);
  struct FoundRecord {
    Bytes key;
    Index::StoredRecord record;
  };
  Result<std::vector<FoundRecord>> list(const Listing& listing, View view, std::uint64_t& seen);
  /// `not_found` where a segment was compacted away meanwhile.
  Result<std::vector<Record>> values_of(std::vector<FoundRecord> found);

  Result<void> flush(const Context& context);
  void write_early();
  Result<void> checkpoint();
  [[nodiscard]] bool is_behind(std::size_t times);
  void checkpoint_if_due();
  Result<void> remove_empty_segments(Compacted& result);
  using Placed = std::pair<BlockKey, Place>;
  using PlacedRecord = std::pair<Bytes, std::uint32_t>;  ///< its key and its segment
  struct Movable {
    std::vector<Placed> blocks;
    std::vector<PlacedRecord> records;
    std::uint32_t last_segment = 0;  ///< the greatest of those that they are in
  };
  Result<Movable> to_move(double share, std::uint32_t before);
  Result<void> move(const Movable& movable, Compacted& result, const Context& context);
  Result<void> enter_to_move(WriteLock& lock, const Movable& movable, const Context& context);
  Result<void> move(const Movable& movable, std::span<const Placed> blocks, Compacted& result,
                    const Context& context);
  Result<void> move(const Movable& movable, std::span<const PlacedRecord> records,
                    Compacted& result, const Context& context);
  Result<std::uint32_t> first_to_stay(double share);
  Result<bool> is_at(const Placed& block);
  void follow_in_background();
  Result<void> compact_in_background();

  const Parts parts;
  const Limits limits;
  Segments segments;
  CheckedPlaces checked;
  LogAppender appender;  ///< of the thread that syncs

  std::mutex write_mutex;
  std::condition_variable changed;
  LogBuffer buffer;
  bool has_right = false;
  Tip left_at;  ///< where the log ended when the right was given back
  MonotonicTime right_since{0};
  std::uint64_t followed_checkpoint = 0;  ///< the latest that another process told of
  bool draining = false;                  ///< nobody enters until the right was given back
  bool syncing = false;
  /// Counts the syncs that have ended: who waits for one looks at this alone, so that those who
  /// have what they wait for go on without the lock.
  std::atomic<std::uint32_t> syncs_ended = 0;
  std::optional<Error> failure;        ///< for good
  std::optional<Error> early_failure;  ///< of what was written early, until somebody is told
  struct Rollback {
    std::uint64_t after = 0;
    std::uint64_t until = 0;
    Error error;
  };
  std::vector<Rollback> rollbacks;
  std::atomic<bool> has_rolled_back = false;
  /// Blocks in the order in which they were put, and which are not yet in the buffer.
  std::deque<BlockKey> unwritten;
  std::size_t unwritten_bytes = 0;
  /// Those that are, with the numbers of their frames.
  std::deque<std::pair<std::uint64_t, BlockKey>> in_flight;

  std::shared_mutex state_mutex;
  Overlay overlay;
  Tip durable;
  /// Blocks that were put and are not durable yet.
  std::unordered_map<BlockKey, Pending, BlockKeyHash> pending;
  /// Blocks that did not read, where they lay.
  std::unordered_map<BlockKey, Place, BlockKeyHash> damaged;
  /// Counts what moved from the overlay to the index: what the index said before may be old.
  std::uint64_t forgets = 0;
  /// How often other processes had something new.
  std::atomic<std::uint64_t> follows = 0;
  /// What spaces hold, once somebody has asked: all that the overlay or `pending` says something
  /// of. Absent: not known any more. For changes also with the write lock.
  std::optional<std::unordered_map<Space, std::optional<SpaceUse>>> uses;
  std::atomic<std::uint64_t> durable_sequence = 0;
  std::atomic<std::uint64_t> checkpoint_sequence = 0;
  std::atomic<bool> is_writable = true;

  std::mutex checkpoint_mutex;
  OnDemandThread checkpoints{[this] { follow_in_background(); }};
  CancelSource early_writes_end;
  OnDemandThread early_writes{[this] { write_early(); }};
};

}  // namespace dialog::store
