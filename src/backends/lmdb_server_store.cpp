#include "dialog/backends/lmdb_server_store.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lmdb_accounts.hpp"
#include "lmdb_archive.hpp"
#include "lmdb_register.hpp"
#include "lmdb_revocations.hpp"

namespace dialog {
namespace {

// Many subjects buffer at the same time.
constexpr std::size_t kSubjectBufferBytesMax = std::size_t{4} << 20;

/// The blocks of one subject, for all who hold them.
struct SubjectBlocks {
  SubjectBlocks(std::shared_ptr<lmdb::Environment> environment, const Subject& subject,
                std::size_t buffered_bytes_max, Clock& clock)
      : archive(std::move(environment), Bytes(subject.id().bytes()), buffered_bytes_max, clock,
                subject.did()) {}
  lmdb::BlockArchive archive;
  std::mutex bounded_puts;
};

}  // namespace

struct LmdbServerStore::State {
  State(std::shared_ptr<lmdb::Environment> opened, const LmdbOptions& chosen)
      : options(chosen),
        environment(std::move(opened)),
        heads(environment, std::max<std::uint64_t>(1, options.history_kept), *options.clock),
        revocations(environment, *options.clock) {}
  const LmdbOptions options;
  const std::shared_ptr<lmdb::Environment> environment;
  lmdb::HeadRegister heads;
  lmdb::Revocations revocations;
  std::mutex mutex;
  // Those that somebody holds: they share their buffers.
  std::unordered_map<Hash, std::weak_ptr<SubjectBlocks>> archives;
  std::size_t prune_at = 1024;
  Quota default_quota;

  std::shared_ptr<SubjectBlocks> blocks_of(const Subject& subject);
  Result<Quota> quota(const Hash& id) {
    DIALOG_ASSIGN(const lmdb::Account account, lmdb::read_account(*environment, id));
    const std::lock_guard lock(mutex);
    return account.quota.value_or(default_quota);
  }
};

/// Sees to it that a subject keeps within its quota.
class LmdbServerStore::SubjectArchive final : public Archive {
 public:
  SubjectArchive(State& state, const Subject& subject)
      : state_(state), id_(subject.id()), blocks_(state.blocks_of(subject)) {}

 private:
  Result<std::vector<std::optional<Block>>> do_get(std::span<const Hash> hashes,
                                                   const Context& context) override {
    return blocks_->archive.get(hashes, context);
  }
  Result<std::vector<bool>> do_has(std::span<const Hash> hashes, const Context& context) override {
    return blocks_->archive.has(hashes, context);
  }
  Result<void> do_flush(const Context& context) override { return blocks_->archive.flush(context); }

  // Where there is a quota one put is counted and durable before the next one is looked at.
  Result<void> do_put(std::span<const Block> blocks, const Context& context) override {
    lmdb::BlockArchive& archive = blocks_->archive;
    DIALOG_ASSIGN(const Quota quota, state_.quota(id_));
    if (quota == Quota{}) return archive.put(blocks, context);
    const std::lock_guard lock(blocks_->bounded_puts);
    DIALOG_TRY(archive.flush(context));
    std::vector<Hash> hashes;
    for (const Block& block : blocks) hashes.push_back(block.hash());
    DIALOG_ASSIGN(const std::vector<bool> present, archive.has(hashes, context));
    Usage more;
    std::unordered_set<Hash> seen;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (present[i] || !seen.insert(hashes[i]).second) continue;
      ++more.blocks;
      more.bytes += blocks[i].size();
    }
    DIALOG_ASSIGN(const lmdb::Account account, lmdb::read_account(*state_.environment, id_));
    DIALOG_TRY(check_quota(quota, account.usage, more));
    DIALOG_TRY(archive.put(blocks, context));
    return archive.flush(context);
  }

  State& state_;
  const Hash id_;
  const std::shared_ptr<SubjectBlocks> blocks_;
};

LmdbServerStore::LmdbServerStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LmdbServerStore::~LmdbServerStore() = default;

Result<std::unique_ptr<LmdbServerStore>> LmdbServerStore::open(const std::string& folder,
                                                               const LmdbOptions& options) {
  DIALOG_ASSIGN(auto environment, lmdb::Environment::open(folder, lmdb::Purpose::server, options));
  DIALOG_TRY(lmdb::prepare_accounts(*environment));
  auto state = std::make_unique<State>(std::move(environment), options);
  return std::unique_ptr<LmdbServerStore>(new LmdbServerStore(std::move(state)));
}

Register& LmdbServerStore::head_register() { return state_->heads; }
RevocationStore* LmdbServerStore::revocations() { return &state_->revocations; }

Result<void> LmdbServerStore::check_writable() const {
  return state_->environment->check_writable();
}

std::shared_ptr<SubjectBlocks> LmdbServerStore::State::blocks_of(const Subject& subject) {
  const Hash id = subject.id();
  const std::lock_guard lock(mutex);
  if (auto shared = archives[id].lock()) return shared;
  auto made = std::make_shared<SubjectBlocks>(
      environment, subject, std::min(options.buffered_bytes_max, kSubjectBufferBytesMax),
      *options.clock);
  archives[id] = made;
  if (archives.size() >= prune_at) {
    std::erase_if(archives, [](const auto& entry) { return entry.second.expired(); });
    prune_at = std::max<std::size_t>(1024, 2 * archives.size());
  }
  return made;
}

std::shared_ptr<Archive> LmdbServerStore::archive_for(const Subject& subject) {
  return std::make_shared<SubjectArchive>(*state_, subject);
}

Result<bool> LmdbServerStore::remove(const Subject& subject, const Context& context) {
  Clock& clock = *state_->options.clock;
  DIALOG_TRY(check_context(context, clock));
  const auto blocks = state_->blocks_of(subject);
  return lmdb::remove_subject(*state_->environment, blocks->archive, subject, context, clock);
}

Result<Usage> LmdbServerStore::usage(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, *state_->options.clock));
  DIALOG_ASSIGN(const auto account, lmdb::read_account(*state_->environment, subject.id()));
  return account.usage;
}

Result<ServerStore::Page> LmdbServerStore::list(const std::optional<Hash>& after, std::size_t limit,
                                                const Context& context) {
  DIALOG_TRY(check_context(context, *state_->options.clock));
  return lmdb::list_subjects(*state_->environment, after, limit);
}

Result<void> LmdbServerStore::set_default_quota(const Quota& quota) {
  const std::lock_guard lock(state_->mutex);
  state_->default_quota = quota;
  return {};
}

Result<void> LmdbServerStore::set_quota(const Subject& subject, const std::optional<Quota>& quota,
                                        const Context& context) {
  Clock& clock = *state_->options.clock;
  DIALOG_TRY(check_context(context, clock));
  return lmdb::set_quota(*state_->environment, subject, quota, context, clock);
}

Result<Quota> LmdbServerStore::quota(const Subject& subject, const Context& context) {
  DIALOG_TRY(check_context(context, *state_->options.clock));
  return state_->quota(subject.id());
}

Result<LmdbServerStore::Checked> LmdbServerStore::check() {
  DIALOG_TRY(state_->environment->check_pages(lmdb::PageScope::all));
  Checked checked;
  DIALOG_ASSIGN(checked.subjects, state_->heads.check(lmdb::Table::subjects));
  DIALOG_ASSIGN(checked.swaps, state_->heads.check(lmdb::Table::history));
  DIALOG_ASSIGN(const lmdb::BlockCount blocks, lmdb::check_blocks(*state_->environment));
  checked.blocks = blocks.blocks;
  checked.bytes = blocks.bytes;
  DIALOG_TRY(lmdb::check_accounts(*state_->environment));
  DIALOG_TRY(state_->revocations.check());
  return checked;
}

}  // namespace dialog
