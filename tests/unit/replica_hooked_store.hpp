#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dialog/replica/head_store.hpp"

namespace dialog::test {

/// Records in memory, with a place to step in.
class HookedHeads final : public HeadStore {
 public:
  explicit HookedHeads(HeadStore& inner) : inner_(inner) {}

  Result<std::optional<Bytes>> read(std::string_view key, View view) override {
    return inner_.read(key, view);
  }
  Result<std::vector<Record>> list(const Range& range, View view) override {
    auto found = inner_.list(range, view);
    ++lists;
    if (after_next_list) std::exchange(after_next_list, nullptr)();
    return found;
  }
  Result<std::optional<Ticket>> submit(std::span<const RecordChange> changes) override {
    ++commits;
    if (before_next_submit) std::exchange(before_next_submit, nullptr)();
    if (is_full) return fail(ErrorCode::storage_full, "the disk is full");
    return inner_.submit(changes);
  }
  Result<void> wait(Ticket ticket) override { return inner_.wait(ticket); }

  std::size_t lists = 0;
  std::size_t commits = 0;
  /// Called once, between a listing and whatever is made of it.
  std::function<void()> after_next_list;
  /// Called once, between what a change expects and the change.
  std::function<void()> before_next_submit;
  /// No commit succeeds.
  bool is_full = false;

 private:
  HeadStore& inner_;
};

/// A repository in memory whose records have hooks.
class HookedStore final : public RepositoryStore {
 public:
  CollectableArchive& archive() override { return inner_.archive(); }
  HeadStore& heads() override { return heads_; }
  HookedHeads& hooks() { return heads_; }
  Result<std::unique_ptr<Archive>> make_quarantine() override { return inner_.make_quarantine(); }
  Result<std::unique_ptr<StoreLease>> lease(LeaseKind kind) override { return inner_.lease(kind); }

 private:
  MemoryRepositoryStore inner_;
  HookedHeads heads_{inner_.heads()};
};

}  // namespace dialog::test
