#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "branch_view.hpp"
#include "dialog/replica/snapshot.hpp"
#include "dialog/tree/cursor.hpp"

namespace dialog {

/// A cursor over a tree with runs of edits on top of it, the newest run last. Of several that know
/// a key the newest one counts, and a deletion hides it.
class MergedCursor {
 public:
  MergedCursor(NodeSource& source, const Hash& root, std::vector<RunPtr> runs, Context context);

  Result<bool> seek_first();
  Result<bool> seek_last();
  Result<bool> seek(ByteView key);
  Result<bool> seek_before(ByteView key);
  Result<bool> next();
  Result<bool> prev();

  [[nodiscard]] bool valid() const { return is_valid_; }
  [[nodiscard]] ByteView key() const { return run_ ? edit().key : tree_.key(); }
  [[nodiscard]] EntryValue value() const {
    return run_ ? EntryValue(*edit().value) : EntryValue(source_, tree_.stored_value(), context_);
  }

  /// As `Cursor::read_ahead`.
  void read_ahead(std::size_t leaves, std::optional<Bytes> from, std::optional<Bytes> to) {
    tree_.read_ahead(leaves, std::move(from), std::move(to));
  }

 private:
  enum class Direction : std::uint8_t { forward, backward };
  struct Place {
    RunPtr run;
    /// Outside of the run where it has no more edits in the direction of travel.
    std::ptrdiff_t at = 0;
  };

  [[nodiscard]] bool is_there(const Place& place) const {
    return place.at >= 0 && place.at < static_cast<std::ptrdiff_t>(place.run->size());
  }
  [[nodiscard]] static const PendingEdit& at(const Place& place) {
    return (*place.run)[static_cast<std::size_t>(place.at)];
  }
  [[nodiscard]] const PendingEdit& edit() const { return at(*run_); }

  /// Stands on the entry that comes first among all sources; each stands where it has an entry at
  /// or beyond the place to start from.
  Result<bool> settle();
  /// Leaves the key that comes first, in every source that stands on it.
  Result<void> leave(ByteView key);
  /// Of a result of the tree's cursor.
  Result<void> took(Result<bool> moved);

  NodeSource& source_;
  Context context_;
  Cursor tree_;
  bool tree_is_there_ = false;
  std::vector<Place> places_;
  Direction direction_ = Direction::forward;
  bool is_valid_ = false;
  const Place* run_ = nullptr;  // where it stands on an edit; null: on an entry of the tree
};

}  // namespace dialog
