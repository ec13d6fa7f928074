#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dialog/store/index.hpp"
#include "frame.hpp"

namespace dialog::store {

/// What the log says after the index's checkpoint, in generations: a checkpoint takes whole ones
/// away. Not thread-safe; reading calls may run together.
class Overlay {
 public:
  /// What one frame changes. `malformed` where its payload cannot be read.
  /// `durable`: up to where all is durable, so that nobody asks for an earlier state.
  Result<void> apply(FrameKind kind, ByteView payload, const Place& place, const Tip& tip,
                     std::uint64_t durable);
  /// The same for the frame of a block.
  void put_block(const BlockKey& key, const Place& place, const Tip& tip);

  /// The latest that is known of a block: null: nothing; an absent place: removed.
  [[nodiscard]] const std::optional<Place>* block(const BlockKey& key) const;

  /// What a record was at `sequence`: null: nothing is known; an absent value: removed.
  struct RecordState {
    std::uint64_t sequence = 0;
    Position at;  ///< of the value
    std::optional<Bytes> value;
  };
  [[nodiscard]] const RecordState* record(ByteView key, std::uint64_t sequence) const;

  /// Visits the records of a range that are known at `sequence`, of one key the older states
  /// first; in any order of the keys.
  void for_each_record(
      const Index::RecordRange& range, std::uint64_t sequence,
      const std::function<void(const Bytes& key, const std::optional<Bytes>& value)>& visit) const;
  void for_each_block(const std::function<void(const BlockKey& key,
                                               const std::optional<Place>& place)>& visit) const;

  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::size_t bytes() const;

  /// Takes over what comes after all that is here, and is durable.
  void append(const Overlay& newer);
  /// What follows goes into another generation.
  void begin_generation();
  /// All of the whole generations that end at or before `sequence`, for the index; absent where
  /// there is none. Of a key that several of them know only the latest. Of a record with more bytes
  /// than `short_bytes_max` only where they lie.
  [[nodiscard]] std::optional<Index::Changes> whole_until(std::uint64_t sequence,
                                                          std::size_t short_bytes_max) const;
  /// Forgets the generations that end at or before `sequence`.
  void forget_until(std::uint64_t sequence);

 private:
  struct Generation {
    Tip last;
    std::unordered_map<BlockKey, std::optional<Place>, BlockKeyHash> blocks;
    /// A bit for each hash, that several share: most of those who look for what is not here need
    /// not look further.
    std::vector<std::uint64_t> filter;
    /// Oldest first; those before the latest durable one are gone.
    std::map<Bytes, std::vector<RecordState>, std::less<>> records;
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };
  static void set_block(Generation& generation, const BlockKey& key, std::optional<Place> place);
  static void set_record(Generation& generation, ByteView key, RecordState state,
                         std::uint64_t durable);
  /// The latest of a key's states that was there at `sequence`; null where there is none.
  static const RecordState* as_of(const std::vector<RecordState>& states, std::uint64_t sequence);
  static std::size_t filter_bit(const BlockKey& key);
  Generation& newest();
  /// From the oldest to the newest.
  std::deque<Generation> generations_;
};

}  // namespace dialog::store
