#include <utility>

#include "repository_core.hpp"

namespace dialog {

using View = HeadStore::View;

Result<std::vector<Remote>> Repository::remotes() const {
  HeadStore::Range range;
  range.prefix = records::kRemotePrefix;
  DIALOG_ASSIGN(const std::vector<Record> found, core_->heads().list(range));
  std::vector<Remote> remotes;
  for (const Record& record : found) {
    const std::string_view name =
        std::string_view(record.key).substr(records::kRemotePrefix.size());
    DIALOG_ASSIGN(Remote remote, records::decode_remote(name, record.value));
    remotes.push_back(std::move(remote));
  }
  return remotes;
}

Result<Remote> Repository::remote(std::string_view name) const {
  DIALOG_ASSIGN(const std::optional<Bytes> record, core_->heads().read(records::remote_key(name)));
  if (!record) return fail(ErrorCode::not_found, "there is no remote " + std::string(name));
  return records::decode_remote(name, *record);
}

Result<void> Repository::add_remote(const Remote& remote) {
  DIALOG_TRY(check_name(remote.name));
  const RecordChange change{records::remote_key(remote.name), std::nullopt,
                            records::encode(remote)};
  DIALOG_ASSIGN(const bool won, core_->heads().commit({&change, 1}));
  if (!won) return fail(ErrorCode::already_exists, "there is a remote " + remote.name + " already");
  return {};
}

Result<void> Repository::update_remote(const Remote& remote) {
  const std::string key = records::remote_key(remote.name);
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(std::optional<Bytes> record, core_->heads().read(key, View::submitted));
    if (!record) return fail(ErrorCode::not_found, "there is no remote " + remote.name);
    const RecordChange change{key, std::move(record), records::encode(remote)};
    DIALOG_ASSIGN(const bool won, core_->heads().commit({&change, 1}));
    if (won) return {};
  }
  return fail(moved_too_often("remote " + remote.name));
}

Result<void> Repository::remove_remote(std::string_view name) {
  const std::string key = records::remote_key(name);
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(std::optional<Bytes> record, core_->heads().read(key, View::submitted));
    if (!record) return fail(ErrorCode::not_found, "there is no remote " + std::string(name));
    std::vector<RecordChange> changes;
    changes.push_back({key, std::move(record), std::nullopt});
    HeadStore::Range range;
    range.prefix = records::kBranchPrefix;
    DIALOG_ASSIGN(std::vector<Record> branches, core_->heads().list(range, View::submitted));
    for (Record& stored : branches) {
      const std::string_view branch_name =
          std::string_view(stored.key).substr(records::kBranchPrefix.size());
      DIALOG_ASSIGN(Branch branch, records::decode_branch(branch_name, stored.value));
      const bool is_upstream = branch.upstream && *branch.upstream == name;
      if (branch.tracking.erase(std::string(name)) == 0 && !is_upstream) continue;
      if (is_upstream) branch.upstream.reset();
      changes.push_back({std::move(stored.key), std::move(stored.value), records::encode(branch)});
    }
    DIALOG_ASSIGN(const bool won, core_->heads().commit(changes));
    if (won) return {};
  }
  return fail(moved_too_often("the repository"));
}

}  // namespace dialog
