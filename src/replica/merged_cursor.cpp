#include "merged_cursor.hpp"

#include "dialog/base/check.hpp"

namespace dialog {

MergedCursor::MergedCursor(NodeSource& source, const Hash& root, std::vector<RunPtr> runs,
                           Context context)
    : source_(source), context_(std::move(context)), tree_(source, root, context_) {
  places_.reserve(runs.size());
  for (RunPtr& run : runs) places_.push_back({std::move(run), 0});
}

Result<void> MergedCursor::took(Result<bool> moved) {
  is_valid_ = false;
  run_ = nullptr;
  tree_is_there_ = moved.value_or(false);
  if (!moved) return fail(std::move(moved).error());
  return {};
}

Result<bool> MergedCursor::seek_first() {
  DIALOG_TRY(took(tree_.seek_first()));
  for (Place& place : places_) place.at = 0;
  direction_ = Direction::forward;
  return settle();
}

Result<bool> MergedCursor::seek_last() {
  DIALOG_TRY(took(tree_.seek_last()));
  for (Place& place : places_) place.at = static_cast<std::ptrdiff_t>(place.run->size()) - 1;
  direction_ = Direction::backward;
  return settle();
}

Result<bool> MergedCursor::seek(ByteView key) {
  DIALOG_TRY(took(tree_.seek(key)));
  for (Place& place : places_) place.at = static_cast<std::ptrdiff_t>(lower_bound(*place.run, key));
  direction_ = Direction::forward;
  return settle();
}

Result<bool> MergedCursor::seek_before(ByteView key) {
  DIALOG_TRY(took(tree_.seek_before(key)));
  for (Place& place : places_)
    place.at = static_cast<std::ptrdiff_t>(lower_bound(*place.run, key)) - 1;
  direction_ = Direction::backward;
  return settle();
}

Result<bool> MergedCursor::next() {
  DIALOG_CHECK(is_valid_, "a cursor moved that stands on no entry");
  const Bytes here(key());
  // Whoever turns stands before this key with every source, and has to come past it.
  if (direction_ == Direction::backward) {
    DIALOG_TRY(seek(here));
    if (!is_valid_ || key() != here) return is_valid_;
  }
  DIALOG_TRY(leave(here));
  return settle();
}

Result<bool> MergedCursor::prev() {
  DIALOG_CHECK(is_valid_, "a cursor moved that stands on no entry");
  const Bytes here(key());
  if (direction_ == Direction::forward) return seek_before(here);
  DIALOG_TRY(leave(here));
  return settle();
}

Result<void> MergedCursor::leave(ByteView key) {
  const std::ptrdiff_t step = direction_ == Direction::forward ? 1 : -1;
  for (Place& place : places_)
    if (is_there(place) && at(place).key == key) place.at += step;
  if (!tree_is_there_ || tree_.key() != key) return {};
  return took(step > 0 ? tree_.next() : tree_.prev());
}

Result<bool> MergedCursor::settle() {
  for (;;) {
    is_valid_ = false;
    run_ = nullptr;
    // From the newest source to the tree, so that of equal keys the newest one stays.
    const auto comes_first = [&](ByteView key, ByteView than) {
      return direction_ == Direction::forward ? key < than : key > than;
    };
    for (auto place = places_.rbegin(); place != places_.rend(); ++place) {
      if (is_there(*place) && (!run_ || comes_first(at(*place).key, edit().key))) run_ = &*place;
    }
    if (tree_is_there_ && (!run_ || comes_first(tree_.key(), edit().key))) {
      run_ = nullptr;
      is_valid_ = true;
      return true;
    }
    if (run_ == nullptr) return false;
    if (edit().value) {
      is_valid_ = true;
      return true;
    }
    DIALOG_TRY(leave(edit().key));
  }
}

}  // namespace dialog
