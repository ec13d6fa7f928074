#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <utility>

#include "dialog/remote/composed_server_store.hpp"

namespace dialog {
namespace {

/// Hands on the entries of a store's list that `pick` has something of, until a page has any.
template <class Page, class Pick>
Result<Page> pick_page(ServerStore& store, std::optional<Hash> after, std::size_t limit,
                       const Context& context, const Pick& pick) {
  Page picked;
  do {
    DIALOG_ASSIGN(auto page, store.list(after, limit, context));
    picked.complete = page.complete;
    if (!page.entries.empty()) after = page.entries.back().id;
    for (ServerStore::Entry& entry : page.entries) pick(picked, entry);
  } while (picked.entries.empty() && !picked.complete);
  return picked;
}

class LocalHeads final : public SharedRegister {
 public:
  explicit LocalHeads(std::shared_ptr<ServerStore> store) : store_(std::move(store)) {}

  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override {
    DIALOG_TRY(check_present(subject));
    return heads().read(subject, context);
  }
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override {
    DIALOG_TRY(check_present(subject));
    return heads().swap(subject, swap, context);
  }
  std::vector<Result<SwapOutcome>> swap_all(std::span<const Asked> swaps,
                                            const Context& context) override {
    // One by one where one of them might have to wait.
    if (removals_ != 0) return Register::swap_all(swaps, context);
    return heads().swap_all(swaps, context);
  }
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override {
    DIALOG_TRY(check_present(subject));
    return heads().history(subject, after, limit, context);
  }

  // Not durable, and need not be: no other process has this store open, and after a crash nobody
  // is at work on what this one saw.
  Result<bool> begin_removal(const Subject& subject, bool unpublished_too,
                             const Context& context) override {
    mark(subject, true);
    auto removed = store_->remove(subject, context);
    const bool begun = removed && (*removed || unpublished_too);
    if (!begun) mark(subject, false);
    if (!removed) return fail(std::move(removed).error());
    return begun;
  }
  Result<void> end_removal(const Subject& subject, const Context&) override {
    mark(subject, false);
    return {};
  }

  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override {
    return pick_page<Page>(
        *store_, after, limit, context, [](Page& page, ServerStore::Entry& entry) {
          if (!entry.head) return;
          page.entries.push_back({entry.id, std::move(entry.did), *std::move(entry.head)});
        });
  }

 private:
  [[nodiscard]] Register& heads() { return store_->head_register(); }

  void mark(const Subject& subject, bool removing) {
    const std::lock_guard lock(mutex_);
    if (removing) {
      removing_.insert(subject);
    } else {
      removing_.erase(subject);
    }
    removals_ = removing_.size();
  }
  Result<void> check_present(const Subject& subject) {
    if (removals_ == 0) return {};
    const std::lock_guard lock(mutex_);
    if (!removing_.contains(subject)) return {};
    return fail(being_removed(subject));
  }

  const std::shared_ptr<ServerStore> store_;
  std::mutex mutex_;
  std::set<Subject> removing_;
  std::atomic<std::size_t> removals_ = 0;
};

class LocalArchives final : public SharedArchives {
 public:
  explicit LocalArchives(std::shared_ptr<ServerStore> store) : store_(std::move(store)) {}

  std::shared_ptr<Archive> archive_for(const Subject& subject) override {
    return store_->archive_for(subject);
  }
  Result<bool> any(const Subject& subject, const Context& context) override {
    DIALOG_ASSIGN(const auto page, store_->list(before(subject.id()), 1, context));
    return !page.entries.empty() && page.entries.front().id == subject.id();
  }
  Result<void> remove(const Subject& subject, const Context& context) override {
    DIALOG_ASSIGN([[maybe_unused]] const bool removed, store_->remove(subject, context));
    return {};
  }
  Result<Usage> usage(const Subject& subject, const Context& context) override {
    return store_->usage(subject, context);
  }
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit,
                    const Context& context) override {
    return pick_page<Page>(
        *store_, after, limit, context, [](Page& page, ServerStore::Entry& entry) {
          if (entry.usage == Usage{} && !entry.quota) return;
          page.entries.push_back({entry.id, std::move(entry.did), entry.usage, entry.quota});
        });
  }
  Result<void> set_default_quota(const Quota& quota) override {
    return store_->set_default_quota(quota);
  }
  Result<void> set_quota(const Subject& subject, const std::optional<Quota>& quota,
                         const Context& context) override {
    return store_->set_quota(subject, quota, context);
  }
  Result<Quota> quota(const Subject& subject, const Context& context) override {
    return store_->quota(subject, context);
  }

 private:
  /// The id right before another; absent before the first.
  static std::optional<Hash> before(const Hash& id) {
    Bytes bytes(id.bytes());
    for (std::size_t i = bytes.size(); i-- > 0;) {
      if (bytes[i]-- != '\0') return Hash::from_bytes(bytes);
    }
    return std::nullopt;
  }

  const std::shared_ptr<ServerStore> store_;
};

}  // namespace

std::shared_ptr<SharedRegister> heads_of(std::shared_ptr<ServerStore> store) {
  return std::make_shared<LocalHeads>(std::move(store));
}

std::shared_ptr<SharedArchives> archives_of(std::shared_ptr<ServerStore> store) {
  return std::make_shared<LocalArchives>(std::move(store));
}

std::shared_ptr<RevocationStore> revocations_of(const std::shared_ptr<ServerStore>& store) {
  return {store, store->revocations()};
}

}  // namespace dialog
