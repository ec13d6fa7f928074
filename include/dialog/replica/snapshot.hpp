#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "dialog/base/bytes.hpp"
#include "dialog/base/context.hpp"
#include "dialog/base/result.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/tree/cursor.hpp"
#include "dialog/tree/node_source.hpp"
#include "dialog/tree/read.hpp"

namespace dialog {

/// A value where a scan meets it: in the tree, or in an edit that is in no tree yet. Valid until
/// the scan goes on.
class EntryValue final {
 public:
  /// For cursors and scans.
  explicit EntryValue(ByteView pending) : pending_(pending) {}
  EntryValue(NodeSource& source, const ValueView& stored, const Context& context)
      : source_(&source), stored_(stored), context_(&context) {}

  [[nodiscard]] std::uint64_t size() const;
  /// The whole value where that takes no read.
  [[nodiscard]] std::optional<ByteView> at_hand() const;
  /// The whole value; reads the archive where it is not at hand.
  [[nodiscard]] Result<Bytes> load() const;

 private:
  ByteView pending_;
  NodeSource* source_ = nullptr;  // null: the value is `pending_`
  ValueView stored_{ByteView{}};
  const Context* context_ = nullptr;
};

/// Gets one entry; false stops. Both are valid during the call only.
using SnapshotVisitor = std::function<bool(ByteView key, const EntryValue& value)>;

/// Steps through the entries of a snapshot: a `Cursor`, and each function as it is there, but over
/// edits that are in no tree yet, too. The snapshot must outlive it.
class SnapshotCursor final {
 public:
  SnapshotCursor(const SnapshotCursor&) = delete;
  SnapshotCursor& operator=(const SnapshotCursor&) = delete;
  ~SnapshotCursor();

  [[nodiscard]] Result<bool> seek_first();
  [[nodiscard]] Result<bool> seek_last();
  [[nodiscard]] Result<bool> seek(ByteView key);
  [[nodiscard]] Result<bool> seek_before(ByteView key);
  [[nodiscard]] Result<bool> next();
  [[nodiscard]] Result<bool> prev();

  [[nodiscard]] bool valid() const;
  [[nodiscard]] ByteView key() const;
  [[nodiscard]] Result<Bytes> value();

 private:
  friend class Snapshot;
  struct State;
  explicit SnapshotCursor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One state of the database, to read from: a revision, or what a branch held at one moment, built
/// or not. It never changes, whatever is committed meanwhile; it needs no lock and no closing.
/// Cheap to copy. Thread-safe. Must not outlive its repository. On a partial repository a read
/// fetches the blocks that it needs; elsewhere an absent block is the error `missing_blocks`.
class Snapshot final {
 public:
  /// The branch's version that it shows; absent where it is a revision's.
  [[nodiscard]] std::optional<std::uint64_t> version() const;

  /// Its revision. Where that was not built yet, builds it: as a part of the branch where the
  /// branch still holds these edits as pending, by itself otherwise. Then, and where the branch has
  /// built later commits since, nothing keeps it from the collection of garbage. `busy` while
  /// garbage is collected.
  [[nodiscard]] Result<Revision> revision(const Context& context = {}) const;

  /// Absent where there is no such key.
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key, const Context& context = {}) const;

  /// Visits a range in order; see `scan_range`.
  [[nodiscard]] Result<void> scan(const ScanRange& range, const SnapshotVisitor& visit,
                                  const Context& context = {}) const;

  /// A cursor that reads as it goes. This snapshot must outlive it.
  [[nodiscard]] std::unique_ptr<SnapshotCursor> cursor(const Context& context = {}) const;

  /// How many entries and bytes it holds, and how deep its tree is. Builds its revision.
  [[nodiscard]] Result<TreeSummary> summary(const Context& context = {}) const;

  /// Where its blocks are read from; for the functions of the tree layer, which see the tree of its
  /// revision.
  [[nodiscard]] NodeSource& source() const;

 private:
  friend class Repository;
  friend class Transaction;
  struct State;
  explicit Snapshot(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace dialog
