#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"
#include "dialog/store/place.hpp"

namespace dialog::store {

/// A record's value that the index leaves in the log.
struct LongValue {
  std::uint32_t offset = 0;  ///< in the segment's file
  std::uint32_t bytes = 0;
  std::uint64_t checksum = 0;  ///< `checksum_of` it
  friend bool operator==(const LongValue&, const LongValue&) = default;
};

/// A record as the index has it.
template <class Short>
struct IndexedRecord {
  std::uint32_t segment = 0;  ///< of the log, that holds the frame which wrote it
  std::variant<Short, LongValue> value;

  [[nodiscard]] std::uint64_t value_bytes() const {
    const auto* long_value = std::get_if<LongValue>(&value);
    return long_value ? long_value->bytes : std::get<Short>(value).size();
  }
  /// With a copy of the value, if that is short.
  [[nodiscard]] IndexedRecord<Bytes> owned() const {
    if (const auto* long_value = std::get_if<LongValue>(&value)) return {segment, *long_value};
    return {segment, Bytes(std::get<Short>(value))};
  }
  friend bool operator==(const IndexedRecord&, const IndexedRecord&) = default;
};

/// What is counted of a segment for a block and for a record that it holds.
inline std::uint64_t needed_bytes(const Place& place) { return place.length; }
template <class Short>
std::uint64_t needed_bytes(ByteView key, const IndexedRecord<Short>& record) {
  return key.size() + record.value_bytes();
}

/// What is counted of a space for a block.
inline std::uint64_t stored_bytes(const Place& place) {
  // The payload begins with the space and the hash.
  return place.length - sizeof(Space) - Hash::kSize;
}

/// What the log says up to a checkpoint: where each block lies, and the latest value of each
/// record, or where that lies, if it is long. What comes after it is read from the log.
/// Thread-safe, and safe between processes where it is on disk.
///
/// Errors of every call: `storage_failed`, `storage_full` where something is changed, `corrupt`.
class Index {
 public:
  Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  virtual ~Index() = default;

  /// How far it goes.
  [[nodiscard]] virtual Result<Tip> checkpoint() = 0;

  /// One element per hash, in order.
  [[nodiscard]] virtual Result<std::vector<std::optional<Place>>> find(
      Space space, std::span<const Hash> hashes) = 0;

  using StoredRecord = IndexedRecord<Bytes>;
  [[nodiscard]] virtual Result<std::optional<StoredRecord>> record(ByteView key) = 0;

  struct RecordRange {
    ByteView prefix = {};
    ByteView after = {};  ///< only beyond this key, in the direction of the walk; empty: all
    bool reverse = false;
  };
  using RecordView = IndexedRecord<ByteView>;
  using RecordVisitor = std::function<bool(ByteView key, const RecordView& record)>;
  /// In the order of the keys, from one snapshot, until `visit` returns false. `visit` must not
  /// call this object.
  [[nodiscard]] virtual Result<void> for_each_record(const RecordRange& range,
                                                     const RecordVisitor& visit) = 0;

  using BlockVisitor = std::function<bool(const BlockKey& key, const Place& place)>;
  /// In the order of the hashes of each space, from one snapshot, until `visit` returns false.
  /// `visit` may call this object, and may take its time.
  [[nodiscard]] virtual Result<void> for_each_block(const BlockVisitor& visit) = 0;

  /// The same for one space, and only for hashes behind `after`, where that is given.
  [[nodiscard]] virtual Result<void> for_each_block_in(Space space,
                                                       const std::optional<Hash>& after,
                                                       const BlockVisitor& visit) = 0;

  using BlockChanges = std::vector<std::pair<BlockKey, std::optional<Place>>>;
  /// What spaces hold where `newer`, each key of which occurs once, is so, whatever of it was
  /// applied already: in the order of `spaces`, from one snapshot. What `newer` says of other
  /// spaces is passed over. `unsupported` for an index that does not count this.
  [[nodiscard]] virtual Result<std::vector<SpaceUse>> uses(std::span<const Space> spaces,
                                                           const BlockChanges& newer) = 0;

  struct Changes {
    Tip tip;              ///< how far the log is known afterwards
    BlockChanges blocks;  ///< absent: removed
    std::vector<std::pair<Bytes, std::optional<StoredRecord>>> records;  ///< absent: removed
  };
  /// All or nothing, and durable at return. Does nothing where it goes as far as `tip` already. The
  /// changes may begin before the present checkpoint, as long as they go on without a gap: they
  /// hold the latest state of whatever they name.
  [[nodiscard]] virtual Result<void> apply(const Changes& changes) = 0;

  /// For each segment that holds anything that is needed: the bytes of it, by `needed_bytes`.
  [[nodiscard]] virtual Result<std::map<std::uint32_t, std::uint64_t>> live_bytes() = 0;

  /// Reads all of itself. `corrupt` names the first thing that is damaged or contradicts another.
  [[nodiscard]] virtual Result<void> check() = 0;
};

}  // namespace dialog::store
