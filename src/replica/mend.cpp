#include <algorithm>
#include <span>
#include <unordered_set>
#include <vector>

#include "repository_core.hpp"

namespace dialog {
namespace {

constexpr std::size_t kFetchedAtOnce = 256;
// Bounds what is remembered; what is beyond is mended by another call.
constexpr std::size_t kFaultyMax = 1'000'000;

// Gets blocks from another archive and puts them here; how many bytes each of those has that came.
Result<std::vector<std::size_t>> copy_blocks(Archive& from, Archive& into,
                                             std::span<const Hash> hashes, const Context& context) {
  std::vector<std::size_t> sizes;
  while (!hashes.empty()) {
    const auto some = hashes.first(std::min(kFetchedAtOnce, hashes.size()));
    DIALOG_ASSIGN(const auto found, from.get(some, context));
    std::vector<Block> blocks;
    for (const auto& block : found) {
      if (block) blocks.push_back(*block);
    }
    for (const Block& block : blocks) sizes.push_back(block.size());
    DIALOG_TRY(into.put(blocks, context));
    hashes = hashes.subspan(some.size());
  }
  DIALOG_TRY(into.flush(context));
  return sizes;
}

bool is_fault(const Error& error) {
  switch (error.code) {
    case ErrorCode::corrupt:
    case ErrorCode::missing_blocks:
    case ErrorCode::not_found:
    case ErrorCode::unsupported:
      return true;
    default:
      return false;
  }
}

}  // namespace

// What lies below a block that is missing shows once that is there: so again, as long as it helps.
Result<void> Repository::mend_blocks(Archive& source, const MendOptions& options,
                                     MendReport& report) {
  std::unordered_set<Hash> tried;
  while (true) {
    std::vector<Hash> wanted;
    VerifyRepositoryOptions verify_options;
    verify_options.on_progress = options.on_progress;
    verify_options.context = options.context;
    verify_options.on_faulty_block = [&](const Hash& hash) {
      if (tried.size() < kFaultyMax && tried.insert(hash).second) wanted.push_back(hash);
    };
    DIALOG_ASSIGN(report.rest, verify(verify_options));
    if (wanted.empty()) return {};
    DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::write));
    DIALOG_ASSIGN(const std::vector<std::size_t> sizes,
                  copy_blocks(source, core_->store.archive(), wanted, options.context));
    report.mended_blocks += sizes.size();
    for (const std::size_t size : sizes) report.mended_bytes += size;
    if (sizes.empty()) return {};
  }
}

Result<bool> Repository::mend_branches(const MendOptions& options, MendReport& report) {
  bool is_changed = false;
  HeadStore::Range range;
  range.prefix = records::kBranchPrefix;
  const auto stored = core_->heads().list(range);
  if (!stored && stored.error().code == ErrorCode::corrupt) return false;
  if (!stored) return fail(stored.error());
  for (const Record& record : *stored) {
    const std::string_view name = ByteView(record.key).substr(records::kBranchPrefix.size());
    auto found = core_->find_incomplete(name);
    // What cannot be understood at all is among what `verify` found.
    if (!found && !is_fault(found.error())) return fail(std::move(found).error());
    if (!found || !*found) continue;
    IncompleteBranch told = (*found)->told;
    if (options.lose_damaged) {
      auto given_up = core_->give_up(**found, options.note, options.context);
      if (!given_up && !is_fault(given_up.error())) return fail(std::move(given_up).error());
      if (given_up) told.given_up_to = *given_up;
    }
    is_changed = is_changed || told.given_up_to.has_value();
    report.incomplete_branches.push_back(std::move(told));
  }
  return is_changed;
}

Result<MendReport> Repository::mend(Archive& source, const MendOptions& options) {
  MendReport report;
  DIALOG_TRY(mend_blocks(source, options, report));
  DIALOG_ASSIGN(const bool is_changed, mend_branches(options, report));
  if (!is_changed) return report;
  VerifyRepositoryOptions again;
  again.on_progress = options.on_progress;
  again.context = options.context;
  DIALOG_ASSIGN(report.rest, verify(again));
  return report;
}

}  // namespace dialog
