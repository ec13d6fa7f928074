#include "dialog/backends/lmdb_repository_store.hpp"

#include <utility>

#include "lease.hpp"
#include "lmdb_archive.hpp"
#include "lmdb_head_store.hpp"
#include "lmdb_quarantine.hpp"

namespace dialog {

struct LmdbRepositoryStore::State {
  State(std::shared_ptr<lmdb::Environment> opened, const LmdbOptions& chosen)
      : options(chosen),
        environment(std::move(opened)),
        archive(environment, {}, options.buffered_bytes_max, *options.clock),
        heads(environment, archive) {}
  const LmdbOptions options;
  const std::shared_ptr<lmdb::Environment> environment;
  lmdb::BlockArchive archive;
  lmdb::RecordStore heads;
};

LmdbRepositoryStore::LmdbRepositoryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
LmdbRepositoryStore::~LmdbRepositoryStore() = default;

Result<std::unique_ptr<LmdbRepositoryStore>> LmdbRepositoryStore::open(const std::string& folder,
                                                                       const LmdbOptions& options) {
  DIALOG_ASSIGN(auto environment,
                lmdb::Environment::open(folder, lmdb::Purpose::repository, options));
  auto state = std::make_unique<State>(std::move(environment), options);
  return std::unique_ptr<LmdbRepositoryStore>(new LmdbRepositoryStore(std::move(state)));
}

CollectableArchive& LmdbRepositoryStore::archive() { return state_->archive; }
HeadStore& LmdbRepositoryStore::heads() { return state_->heads; }

Result<std::unique_ptr<Archive>> LmdbRepositoryStore::make_quarantine() {
  return std::make_unique<lmdb::Quarantine>(state_->environment->folder(), state_->options);
}

Result<std::unique_ptr<StoreLease>> LmdbRepositoryStore::lease(LeaseKind kind) {
  return take_lease(state_->environment->folder() + "/lease", kind);
}

Result<std::uint64_t> LmdbRepositoryStore::check(const StoreCheck& options) {
  auto pages = state_->environment->check_pages(lmdb::PageScope::all);
  if (pages) return RepositoryStore::check(options);
  if (pages.error().code != ErrorCode::corrupt) return fail(std::move(pages).error());
  options.on_fault({std::nullopt, std::move(pages).error()});
  return 0;
}

}  // namespace dialog
