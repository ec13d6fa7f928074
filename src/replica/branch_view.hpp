#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/replica/branch.hpp"
#include "dialog/replica/head_store.hpp"
#include "dialog/tree/edit.hpp"
#include "records.hpp"

namespace dialog {

/// One edit that is in no tree yet, and the record that its bytes lie in.
struct PendingEdit {
  ByteView key;
  std::optional<ByteView> value;
  std::shared_ptr<const Bytes> record;
};

/// Edits whose keys strictly ascend. Immutable, so that any number of views share it.
using Run = std::vector<PendingEdit>;
using RunPtr = std::shared_ptr<const Run>;

/// Edits as the newest run of a view. Copies their bytes.
RunPtr make_run(const records::Edits& edits);

/// Adds a run, and merges what has become too small, so that n edits lie in at most log2(n) + 1
/// runs.
void add_run(std::vector<RunPtr>& runs, RunPtr run);

/// The first edit of the run whose key is not less than `key`.
std::size_t lower_bound(const Run& run, ByteView key);

/// What a branch held at one moment: a tree, and the edits on top of it, oldest run first.
struct BranchView {
  /// The branch; empty where this is the view of a revision.
  std::string branch = {};
  Revision built = {};
  std::uint64_t version = 0;
  Hash history = {};
  std::vector<RunPtr> runs = {};

  /// Null where no pending edit is about that key.
  [[nodiscard]] const PendingEdit* find(ByteView key) const;
  /// All pending edits, as one.
  [[nodiscard]] std::vector<Edit> merged() const;
};
using ViewPtr = std::shared_ptr<const BranchView>;

/// The view of a branch of which nothing is read yet but its record: at its built revision.
BranchView built_view(const Branch& branch);

/// Adds the records of the next commits, in order. False where they do not follow what is there:
/// then the view is of no use any more. `corrupt`, `unsupported`. Where the view does not know its
/// history, the first record is taken as it is; its successors name it.
Result<bool> extend(BranchView& view, std::vector<Record> next);

/// The views that were used last. They save reading the records of pending commits again, and hold
/// nothing that the records do not say. Thread-safe.
class ViewCache {
 public:
  /// The view of this very state, or one that should only lack its latest commits; null where there
  /// is none. What it holds may also have been lost since, or of another branch that had the name:
  /// its history tells.
  [[nodiscard]] ViewPtr find(const Branch& branch);
  /// Whether the view of that kind is later than the branch: then that has moved since it was read,
  /// or the view is of no use.
  [[nodiscard]] bool is_beyond(HeadStore::View kind, const Branch& branch);
  /// In the place of the view of that kind, unless that is later: many threads read while others
  /// commit.
  void keep(HeadStore::View kind, ViewPtr view);
  /// Forgets the views of a branch.
  void drop(std::string_view branch);

 private:
  static constexpr std::size_t kViewsMax = 8;

  struct Kept {
    HeadStore::View kind;
    ViewPtr view;
  };
  std::mutex mutex_;
  std::vector<Kept> kept_;  // the one last used at the end
};

}  // namespace dialog
