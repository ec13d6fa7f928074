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

  /// The records of a range that are known at a sequence number, one after the other in the order
  /// of their keys. The overlay must not change meanwhile.
  class RecordWalk {
   public:
    RecordWalk(const Overlay& overlay, const Index::RecordRange& range, std::uint64_t sequence);
    /// Where it stands; null at the end.
    [[nodiscard]] const Bytes* key() const { return key_; }
    /// Absent: removed.
    [[nodiscard]] const std::optional<Bytes>& value() const { return state_->value; }
    [[nodiscard]] const Position& at() const { return state_->at; }
    void step();

   private:
    using Records = std::map<Bytes, std::vector<RecordState>, std::less<>>;
    /// What of one generation is left.
    struct Part {
      Records::const_iterator begin;
      Records::const_iterator end;
    };
    [[nodiscard]] Records::const_iterator front(const Part& part) const;
    void pass();
    void find();

    std::vector<Part> parts_;  ///< of the newest generation first
    std::uint64_t sequence_;
    bool reverse_;
    const Bytes* key_ = nullptr;
    const RecordState* state_ = nullptr;
  };

  void for_each_block(const std::function<void(const BlockKey& key,
                                               const std::optional<Place>& place)>& visit) const;

  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::size_t bytes() const;
  /// Of frames of records, also of those that later ones have replaced.
  [[nodiscard]] std::uint64_t log_bytes() const;

  /// Takes over what comes after all that is here, and is durable.
  void append(const Overlay& newer);
  /// The generations that end at or before `sequence`, which change no more: what follows goes into
  /// another one. Shares them, so it can be read without a lock.
  [[nodiscard]] Overlay whole_until(std::uint64_t sequence);
  /// All of it, for the index; absent where there is nothing. Of a record with more bytes than
  /// `short_bytes_max` only where they lie.
  [[nodiscard]] std::optional<Index::Changes> changes(std::size_t short_bytes_max) const;
  /// Gives up the generations that end at or before `sequence`. They take a while to be destroyed.
  [[nodiscard]] Overlay take_until(std::uint64_t sequence);

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
    std::uint64_t log_bytes = 0;
  };
  static void set_block(Generation& generation, const BlockKey& key, std::optional<Place> place);
  static void set_record(Generation& generation, ByteView key, RecordState state,
                         std::uint64_t durable);
  /// The latest of a key's states that was there at `sequence`; null where there is none.
  static const RecordState* as_of(const std::vector<RecordState>& states, std::uint64_t sequence);
  static std::size_t filter_bit(const BlockKey& key);
  template <class Number>
  [[nodiscard]] Number sum_of(Number Generation::* number) const;
  Generation& newest();
  void begin_generation();
  /// Whether the oldest one has something, all of it at or before `sequence`.
  [[nodiscard]] bool first_ends_until(std::uint64_t sequence) const;
  /// From the oldest to the newest.
  std::deque<std::shared_ptr<Generation>> generations_;
};

}  // namespace dialog::store
