#include "branch_view.hpp"

#include <algorithm>
#include <utility>

namespace dialog {
namespace {

/// Of two edits of one key the newer one counts.
RunPtr merge(const Run& older, const Run& newer) {
  auto merged = std::make_shared<Run>();
  merged->reserve(older.size() + newer.size());
  auto old = older.begin();
  for (const PendingEdit& edit : newer) {
    for (; old != older.end() && old->key < edit.key; ++old) merged->push_back(*old);
    if (old != older.end() && old->key == edit.key) ++old;
    merged->push_back(edit);
  }
  merged->insert(merged->end(), old, older.end());
  return merged;
}

RunPtr run_of(const std::vector<records::EditView>& edits,
              const std::shared_ptr<const Bytes>& record) {
  auto run = std::make_shared<Run>();
  run->reserve(edits.size());
  for (const records::EditView& edit : edits) run->push_back({edit.key, edit.value, record});
  return run;
}

}  // namespace

RunPtr make_run(const records::Edits& edits) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : edits) bytes += key.size() + (value ? value->size() : 0);
  const auto copy = std::make_shared<Bytes>();
  copy->reserve(bytes);
  auto run = std::make_shared<Run>();
  run->reserve(edits.size());
  const auto keep = [&](const Bytes& from) {
    const std::size_t at = copy->size();
    copy->append(from);
    return ByteView(*copy).substr(at, from.size());
  };
  for (const auto& [key, value] : edits) {
    const ByteView kept = keep(key);
    run->push_back({kept, value ? std::optional(keep(*value)) : std::nullopt, copy});
  }
  return run;
}

void add_run(std::vector<RunPtr>& runs, RunPtr run) {
  if (run->empty()) return;
  while (!runs.empty() && runs.back()->size() < 2 * run->size()) {
    run = merge(*runs.back(), *run);
    runs.pop_back();
  }
  runs.push_back(std::move(run));
}

std::size_t lower_bound(const Run& run, ByteView key) {
  const auto at =
      std::lower_bound(run.begin(), run.end(), key,
                       [](const PendingEdit& edit, ByteView k) { return edit.key < k; });
  return static_cast<std::size_t>(at - run.begin());
}

const PendingEdit* BranchView::find(ByteView key) const {
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    const std::size_t at = lower_bound(**run, key);
    if (at < (*run)->size() && (**run)[at].key == key) return &(**run)[at];
  }
  return nullptr;
}

std::vector<Edit> BranchView::merged() const {
  RunPtr all = std::make_shared<Run>();
  // The newer runs are the smaller ones.
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) all = merge(**run, *all);
  std::vector<Edit> edits;
  edits.reserve(all->size());
  for (const PendingEdit& edit : *all)
    edits.push_back(
        {Bytes(edit.key), edit.value ? std::optional(Bytes(*edit.value)) : std::nullopt});
  return edits;
}

BranchView built_view(const Branch& branch) {
  BranchView view;
  view.branch = branch.name;
  view.built = branch.built;
  view.version = branch.built_version();
  if (branch.pending.commits == 0) view.history = branch.history;
  return view;
}

Result<bool> extend(BranchView& view, std::vector<Record> next) {
  bool is_known = !view.history.is_zero();
  for (Record& record : next) {
    if (record.key != records::edits_key(view.branch, view.version + 1)) return false;
    const auto bytes = std::make_shared<const Bytes>(std::move(record.value));
    DIALOG_ASSIGN(const records::EditsRecord decoded, records::decode_edits(record.key, *bytes));
    if (std::exchange(is_known, true) && decoded.before != view.history) return false;
    view.history = Hash::of(*bytes);
    ++view.version;
    add_run(view.runs, run_of(decoded.edits, bytes));
  }
  return true;
}

ViewPtr ViewCache::find(const Branch& branch) {
  const auto suits = [&](const BranchView& view) {
    return view.branch == branch.name && view.built == branch.built &&
           (view.history == branch.history ||
            (view.version >= branch.built_version() && view.version < branch.moves));
  };
  const std::lock_guard lock(mutex_);
  auto best = kept_.end();
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if (!suits(*at->view)) continue;
    if (best == kept_.end() || at->view->history == branch.history ||
        (best->view->history != branch.history && at->view->version > best->view->version)) {
      best = at;
    }
  }
  if (best == kept_.end()) return nullptr;
  std::rotate(best, best + 1, kept_.end());
  return kept_.back().view;
}

bool ViewCache::is_beyond(HeadStore::View kind, const Branch& branch) {
  const std::lock_guard lock(mutex_);
  return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& kept) {
    return kept.kind == kind && kept.view->branch == branch.name &&
           kept.view->built == branch.built && kept.view->version > branch.moves;
  });
}

void ViewCache::keep(HeadStore::View kind, ViewPtr view) {
  // Freed outside of the lock.
  std::vector<ViewPtr> dropped;
  const std::lock_guard lock(mutex_);
  const auto is_later = [&](const Kept& kept) {
    return kept.kind == kind && kept.view->branch == view->branch &&
           kept.view->built == view->built && kept.view->version > view->version;
  };
  if (std::any_of(kept_.begin(), kept_.end(), is_later)) return;
  for (auto at = kept_.begin(); at != kept_.end();) {
    if (at->kind == kind && at->view->branch == view->branch) {
      dropped.push_back(std::move(at->view));
      at = kept_.erase(at);
    } else {
      ++at;
    }
  }
  if (view->runs.empty()) return;
  kept_.push_back({kind, std::move(view)});
  if (kept_.size() <= kViewsMax) return;
  dropped.push_back(std::move(kept_.front().view));
  kept_.erase(kept_.begin());
}

void ViewCache::drop(std::string_view branch) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const Kept& kept) { return kept.view->branch == branch; });
}

}  // namespace dialog
