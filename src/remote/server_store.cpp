#include "dialog/remote/server_store.hpp"

#include <map>
#include <mutex>
#include <unordered_set>

#include "dialog/archive/memory_archive.hpp"
#include "dialog/remote/memory_backend.hpp"

namespace dialog {
namespace {

Result<void> check_bound(const std::optional<std::uint64_t>& bound, std::uint64_t used,
                         std::uint64_t more, const std::string& what) {
  if (!bound || more == 0 || (used <= *bound && more <= *bound - used)) return {};
  return fail(ErrorCode::quota_exceeded, "the subject's quota is " + std::to_string(*bound) + " " +
                                             what + ": it holds " + std::to_string(used) +
                                             ", and this would add " + std::to_string(more) +
                                             "; nothing was stored");
}

}  // namespace

Result<void> check_quota(const Quota& quota, const Usage& used, const Usage& more) {
  DIALOG_TRY(check_bound(quota.bytes, used.bytes, more.bytes, "bytes"));
  return check_bound(quota.blocks, used.blocks, more.blocks, "blocks");
}

struct MemoryServerStore::State {
  /// What is kept of a subject beside its head.
  struct Kept {
    std::string did;
    MemoryArchive archive;
    std::optional<Quota> quota;
  };
  MemoryRegister head_register;
  MemoryRevocationStore revocations;
  mutable std::mutex mutex;
  Quota default_quota;
  // Never one without blocks and quota.
  std::map<Hash, Kept> kept;

  Kept& make(const Subject& subject) {
    Kept& found = kept[subject.id()];
    found.did = subject.did();
    return found;
  }
  void forget_if_empty(const Hash& id) {
    const auto at = kept.find(id);
    if (at == kept.end()) return;
    if (at->second.archive.block_count() == 0 && !at->second.quota) kept.erase(at);
  }
  [[nodiscard]] Usage usage(const Hash& id) const {
    const auto at = kept.find(id);
    if (at == kept.end()) return {};
    return {at->second.archive.block_count(), at->second.archive.byte_count()};
  }
  [[nodiscard]] Quota quota(const Hash& id) const {
    const auto at = kept.find(id);
    return at == kept.end() ? default_quota : at->second.quota.value_or(default_quota);
  }
};

/// Finds the subject's blocks anew for each call: they may have been removed.
class MemoryServerStore::SubjectArchive final : public Archive {
 public:
  SubjectArchive(State& state, Subject subject) : state_(state), subject_(std::move(subject)) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override {
    const std::lock_guard lock(state_.mutex);
    const auto at = state_.kept.find(subject_.id());
    return at == state_.kept.end() ? nothing_.get(hashes, context)
                                   : at->second.archive.get(hashes, context);
  }
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override {
    const std::lock_guard lock(state_.mutex);
    const auto at = state_.kept.find(subject_.id());
    return at == state_.kept.end() ? nothing_.has(hashes, context)
                                   : at->second.archive.has(hashes, context);
  }
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override {
    const Hash id = subject_.id();
    const std::lock_guard lock(state_.mutex);
    MemoryArchive& archive = state_.make(subject_).archive;
    const auto put = [&]() -> Result<void> {
      DIALOG_TRY(check_quota(state_.quota(id), state_.usage(id), added(archive, blocks)));
      return archive.put(blocks, context);
    }();
    state_.forget_if_empty(id);
    return put;
  }
  Result<void> do_flush(const Context& context) override { return nothing_.flush(context); }

  static Usage added(MemoryArchive& archive, std::span<const Block> blocks) {
    Usage more;
    std::unordered_set<Hash> seen;
    for (const Block& block : blocks) {
      const Hash hash = block.hash();
      const auto present = archive.has({&hash, 1});
      if ((present && present->front()) || !seen.insert(hash).second) continue;
      ++more.blocks;
      more.bytes += block.size();
    }
    return more;
  }

  State& state_;
  const Subject subject_;
  MemoryArchive nothing_;
};

MemoryServerStore::MemoryServerStore() : state_(std::make_unique<State>()) {}
MemoryServerStore::~MemoryServerStore() = default;

Register& MemoryServerStore::head_register() { return state_->head_register; }
RevocationStore* MemoryServerStore::revocations() { return &state_->revocations; }

std::shared_ptr<Archive> MemoryServerStore::archive_for(const Subject& subject) {
  return std::make_shared<SubjectArchive>(*state_, subject);
}

// Who looks for blocks waits meanwhile, so that all goes with the head.
Result<bool> MemoryServerStore::remove(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, system_clock()));
  const std::lock_guard lock(state_->mutex);
  const bool had_head = state_->head_register.remove(subject);
  const bool had_more = state_->kept.erase(subject.id()) > 0;
  return had_head || had_more;
}

Result<Usage> MemoryServerStore::usage(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, system_clock()));
  const std::lock_guard lock(state_->mutex);
  return state_->usage(subject.id());
}

Result<ServerStore::Page> MemoryServerStore::list(const std::optional<Hash>& after,
                                                  std::size_t limit, const Context& context) {
  DIALOG_TRY(check_context(context, system_clock()));
  const std::lock_guard lock(state_->mutex);
  std::map<Hash, Entry> entries;
  for (auto& [subject, record] : state_->head_register.heads()) {
    entries[subject.id()] = {subject.id(), subject.did(), std::move(record), {}, std::nullopt};
  }
  for (const auto& [id, kept] : state_->kept) {
    Entry& entry = entries[id];
    entry.id = id;
    entry.did = kept.did;
    entry.usage = state_->usage(id);
    entry.quota = kept.quota;
  }
  Page page;
  for (auto at = after ? entries.upper_bound(*after) : entries.begin(); at != entries.end(); ++at) {
    page.complete = page.entries.size() < limit;
    if (!page.complete) break;
    page.entries.push_back(std::move(at->second));
  }
  return page;
}

Result<void> MemoryServerStore::set_default_quota(const Quota& quota) {
  const std::lock_guard lock(state_->mutex);
  state_->default_quota = quota;
  return {};
}

Result<void> MemoryServerStore::set_quota(const Subject& subject, const std::optional<Quota>& quota,
                                          const Context& context) {
  DIALOG_TRY(check_context(context, system_clock()));
  const std::lock_guard lock(state_->mutex);
  state_->make(subject).quota = quota;
  state_->forget_if_empty(subject.id());
  return {};
}

Result<Quota> MemoryServerStore::quota(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, system_clock()));
  const std::lock_guard lock(state_->mutex);
  return state_->quota(subject.id());
}

}  // namespace dialog
