#include "dialog/backends/lmdb_server_store.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "lmdb_archive.hpp"
#include "lmdb_register.hpp"

namespace dialog {
namespace {

// Many subjects buffer at the same time.
constexpr std::size_t kSubjectBufferBytesMax = std::size_t{4} << 20;

}  // namespace

struct LmdbServerStore::State {
  State(std::shared_ptr<lmdb::Environment> opened, const LmdbOptions& chosen)
      : options(chosen),
        environment(std::move(opened)),
        heads(environment, std::max<std::uint64_t>(1, options.history_kept), *options.clock) {}
  const LmdbOptions options;
  const std::shared_ptr<lmdb::Environment> environment;
  lmdb::HeadRegister heads;
  std::mutex mutex;
  // Those that somebody holds: they share their buffers.
  std::unordered_map<Hash, std::weak_ptr<lmdb::BlockArchive>> archives;
  std::size_t prune_at = 1024;
};

LmdbServerStore::LmdbServerStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LmdbServerStore::~LmdbServerStore() = default;

Result<std::unique_ptr<LmdbServerStore>> LmdbServerStore::open(const std::string& folder,
                                                               const LmdbOptions& options) {
  DIALOG_ASSIGN(auto environment, lmdb::Environment::open(folder, lmdb::Purpose::server, options));
  auto state = std::make_unique<State>(std::move(environment), options);
  return std::unique_ptr<LmdbServerStore>(new LmdbServerStore(std::move(state)));
}

Register& LmdbServerStore::head_register() { return state_->heads; }

Result<void> LmdbServerStore::check_writable() const {
  return state_->environment->check_writable();
}

std::shared_ptr<Archive> LmdbServerStore::archive_for(const Subject& subject) {
  const Hash id = subject.id();
  const std::lock_guard lock(state_->mutex);
  auto& archives = state_->archives;
  if (auto shared = archives[id].lock()) return shared;
  auto made = std::make_shared<lmdb::BlockArchive>(
      state_->environment, Bytes(id.bytes()),
      std::min(state_->options.buffered_bytes_max, kSubjectBufferBytesMax), *state_->options.clock);
  archives[id] = made;
  if (archives.size() >= state_->prune_at) {
    std::erase_if(archives, [](const auto& entry) { return entry.second.expired(); });
    state_->prune_at = std::max<std::size_t>(1024, 2 * archives.size());
  }
  return made;
}

Result<LmdbServerStore::Checked> LmdbServerStore::check() {
  DIALOG_TRY(state_->environment->check_pages(lmdb::PageScope::all));
  Checked checked;
  DIALOG_ASSIGN(checked.subjects, state_->heads.check(lmdb::Table::subjects));
  DIALOG_ASSIGN(checked.swaps, state_->heads.check(lmdb::Table::history));
  DIALOG_ASSIGN(const lmdb::BlockCount blocks, lmdb::check_blocks(*state_->environment));
  checked.blocks = blocks.blocks;
  checked.bytes = blocks.bytes;
  return checked;
}

}  // namespace dialog
