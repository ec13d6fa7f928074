#include <algorithm>
#include <utility>

#include "repository_core.hpp"
#include "roots.hpp"

namespace dialog {
namespace {

/// A move may have been told its revision after the next one was noted.
void fill_in(std::vector<ReflogEntry>& latest_first) {
  for (std::size_t i = 0; i + 1 < latest_first.size(); ++i) {
    const ReflogEntry& older = latest_first[i + 1];
    if (older.sequence + 1 == latest_first[i].sequence && !latest_first[i].before)
      latest_first[i].before = older.after;
  }
}

struct BuiltVersion {
  std::uint64_t version = 0;
  Revision revision;
};

/// All versions that the reflog knows a revision of, in order.
std::vector<BuiltVersion> built_versions(const std::vector<ReflogEntry>& oldest_first) {
  std::vector<BuiltVersion> built;
  for (const ReflogEntry& move : oldest_first) {
    const bool is_known = !built.empty() && built.back().version + 1 == move.sequence;
    if (move.before && !is_known) built.push_back({move.sequence - 1, *move.before});
    if (move.after) built.push_back({move.sequence, *move.after});
  }
  return built;
}

Error no_revision(std::string_view branch, std::uint64_t version, std::uint64_t latest,
                  const std::vector<BuiltVersion>& built) {
  const auto distance = [&](const BuiltVersion& other) {
    return other.version > version ? other.version - version : version - other.version;
  };
  // Of two that are as near the later one.
  const auto nearest =
      std::min_element(built.rbegin(), built.rend(),
                       [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  std::string message =
      "version " + std::to_string(version) + " of branch " + std::string(branch) +
      " has no revision: nobody asked for one before later commits were built, or "
      "the log has forgotten it";
  if (nearest != built.rend()) {
    message += "; the nearest one is version " + std::to_string(nearest->version) + " (" +
               std::string(branch) + "~" + std::to_string(latest - nearest->version) +
               "), revision " + nearest->revision.hex();
  }
  return Error{ErrorCode::not_found, std::move(message), {}};
}

}  // namespace

Result<std::vector<ReflogEntry>> Repository::log(std::string_view branch,
                                                 const LogRange& range) const {
  DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(branch));
  const std::string prefix = records::reflog_prefix(branch);
  const std::string before =
      range.before ? records::reflog_key(branch, *range.before) : std::string();
  HeadStore::Range wanted;
  wanted.prefix = prefix;
  wanted.after = before;
  // The one before tells the last one what it may not know itself.
  wanted.limit = std::max(range.limit, range.limit + 1);
  wanted.reverse = true;
  DIALOG_ASSIGN(const std::vector<Record> found, core_->heads().list(wanted));
  std::vector<ReflogEntry> entries;
  for (const Record& record : found) {
    DIALOG_ASSIGN(ReflogEntry entry, records::decode_reflog(record.key, record.value));
    if (!entry.after && entry.sequence == stored.branch.built_version()) {
      // What is shown is kept; so where it cannot be told, it is not shown.
      const auto told = core_->tell(branch, entry.sequence, stored.branch.built);
      if (told && *told) entry.after = stored.branch.built;
    }
    entries.push_back(std::move(entry));
  }
  fill_in(entries);
  if (entries.size() > range.limit) entries.resize(range.limit);
  return entries;
}

Result<Revision> Repository::revision_at(std::string_view branch, std::uint64_t version,
                                         const Context& context) const {
  DIALOG_ASSIGN(const StoredBranch stored, core_->read_branch(branch));
  const std::uint64_t latest = stored.branch.moves;
  if (version > latest) {
    return fail(ErrorCode::not_found, "branch " + std::string(branch) + " is at version " +
                                          std::to_string(latest) + " and has no version " +
                                          std::to_string(version));
  }
  DIALOG_ASSIGN(const auto pending,
                core_->build(branch, Core::Point{version, {}}, Core::Purpose::revision, context));
  if (pending) return *pending;
  DIALOG_ASSIGN(const std::vector<ReflogEntry> moves, reflog_of(core_->heads(), branch));
  const std::vector<BuiltVersion> built = built_versions(moves);
  for (const BuiltVersion& known : built)
    if (known.version == version) return known.revision;
  return fail(no_revision(branch, version, latest, built));
}

Result<Retention> Repository::Core::retention(HeadStore::View kind) {
  DIALOG_ASSIGN(const std::optional<Bytes> record, heads().read(records::kConfigKey, kind));
  // Every move asks, and it hardly ever changes.
  if (record == config_record) return config.retention;
  DIALOG_ASSIGN(const StoredConfig now, read_config(heads(), kind));
  return now.config.retention;
}

Result<Retention> Repository::retention() const {
  return core_->retention(HeadStore::View::durable);
}

Result<void> Repository::set_retention(const Retention& retention) {
  DIALOG_TRY(records::check_retention(retention));
  for (std::size_t attempt = 0; attempt < kRecordAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(StoredConfig stored, read_config(core_->heads(), HeadStore::View::submitted));
    stored.config.retention = retention;
    const RecordChange change{std::string(records::kConfigKey), std::move(stored.record),
                              records::encode(stored.config)};
    DIALOG_ASSIGN(const bool won, core_->heads().commit({&change, 1}));
    if (won) return {};
  }
  return fail(moved_too_often("the configuration of the repository"));
}

}  // namespace dialog
