#include <map>
#include <unordered_set>
#include <utility>

#include "dialog/tree/check.hpp"
#include "reach.hpp"
#include "repository_core.hpp"
#include "roots.hpp"

namespace dialog {
namespace {

constexpr std::size_t kRecordsAtOnce = 1000;
constexpr std::uint64_t kProgressEvery = 1024;

/// Collects what is wrong, and goes on.
class Inspector {
 public:
  Inspector(RepositoryStore& store, Clock& clock, bool is_partial,
            const VerifyRepositoryOptions& options)
      : store_(store), clock_(clock), is_partial_(is_partial), options_(options) {}

  Result<VerifyRepositoryReport> run() {
    DIALOG_TRY(inspect_records());
    inspect_names();
    for (const auto& [root, where] : roots_) DIALOG_TRY(inspect_tree(root, where));
    DIALOG_TRY(inspect_reflog());
    if (options_.blocks) DIALOG_TRY(inspect_blocks());
    return std::move(report_);
  }

 private:
  void note(std::string where, Error error) {
    ++report_.fault_count;
    if (report_.faults.size() < options_.faults_max)
      report_.faults.push_back({std::move(where), std::move(error)});
  }
  template <class T>
  void note_if_failed(const std::string& key, const Result<T>& result) {
    if (!result) note("record " + key, result.error());
  }

  Result<void> inspect_records() {
    std::string after;
    for (;;) {
      HeadStore::Range range;
      range.after = after;
      range.limit = kRecordsAtOnce;
      DIALOG_ASSIGN(const std::vector<Record> found, store_.heads().list(range));
      for (const Record& record : found) inspect_record(record);
      if (found.size() < kRecordsAtOnce) return {};
      after = found.back().key;
    }
  }

  void inspect_record(const Record& record) {
    const std::string_view key = record.key;
    const auto name_after = [&](std::string_view prefix) { return key.substr(prefix.size()); };
    if (key == records::kConfigKey) {
      note_if_failed(record.key, records::decode_config(record.value));
    } else if (key == records::kHeadKey) {
      const auto head = records::decode_head(record.value);
      note_if_failed(record.key, head);
      if (head) default_branch_ = *head;
    } else if (key.starts_with(records::kBranchPrefix)) {
      const auto branch = records::decode_branch(name_after(records::kBranchPrefix), record.value);
      note_if_failed(record.key, branch);
      if (branch) add_branch(*branch);
    } else if (key.starts_with(records::kRemotePrefix)) {
      note_if_failed(record.key,
                     records::decode_remote(name_after(records::kRemotePrefix), record.value));
    } else if (key.starts_with(records::kReflogPrefix)) {
      const auto move = records::decode_reflog(key, record.value);
      note_if_failed(record.key, move);
      if (move) {
        moves_.try_emplace(move->before, record.key);
        moves_.try_emplace(move->after, record.key);
      }
    } else {
      note("record " + record.key,
           Error{ErrorCode::corrupt, "no record of a repository has this name", {}});
    }
  }

  void add_branch(const Branch& branch) {
    names_.push_back(branch.name);
    for (const Root& root : roots_of(branch)) {
      if (root.revision.is_zero()) continue;
      std::string& where = roots_[root.revision];
      if (!where.empty()) where += ", ";
      where += "branch " + branch.name + ": " + root.role;
    }
  }

  void inspect_names() {
    if (!default_branch_) {
      note(
          "record head",
          Error{ErrorCode::corrupt, "the repository does not say which branch is the default", {}});
      return;
    }
    for (const std::string& name : names_) {
      if (name == *default_branch_) return;
    }
    note("record head",
         Error{
             ErrorCode::corrupt, "the default branch " + *default_branch_ + " does not exist", {}});
  }

  void note_block(const std::string& where, const Hash& hash, Error error) {
    faulty_.insert(hash);
    if (is_partial_ && error.code == ErrorCode::missing_blocks) {
      ++report_.absent;
    } else {
      note(where, std::move(error));
    }
  }

  Result<void> inspect_tree(const Revision& root, const std::string& where) {
    ++report_.roots;
    const std::uint64_t before = report_.blocks;
    bool goes_on = true;
    VerifyOptions options;
    options.values = options_.blocks;
    options.on_fault = [&](const TreeFault& fault) {
      note_block(where, fault.expectation.ref.hash, fault.error);
      return true;
    };
    options.on_progress = [&](std::uint64_t blocks) {
      return goes_on = is_wanted(before + blocks);
    };
    NodeSource source(store_.archive(), 0);
    DIALOG_ASSIGN(const VerifyReport tree,
                  verify_tree(source, root.root(), options, options_.context));
    report_.blocks = before + tree.blocks;
    if (!goes_on) return stopped();
    return {};
  }

  /// The trees of old moves share nearly all of their blocks, so they are walked together. That
  /// each was sound was seen when the branch was there; here it counts that nothing is gone.
  Result<void> inspect_reflog() {
    const std::uint64_t before = report_.blocks;
    std::string where;
    Reach reach(store_.archive(), options_.context,
                {[&](std::uint64_t blocks) {
                   return is_wanted(before + blocks) ? Result<void>{} : stopped();
                 },
                 [&](const Hash& hash, Error error) -> Result<void> {
                   if (!faulty_.contains(hash)) note_block(where, hash, std::move(error));
                   return {};
                 }});
    for (const auto& [root, record] : moves_) {
      if (root.is_zero() || roots_.contains(root)) continue;
      ++report_.roots;
      where = "record " + record;
      DIALOG_TRY(reach.add(root));
    }
    report_.blocks = before + reach.blocks();
    return {};
  }

  Result<void> inspect_blocks() {
    bool goes_on = true;
    const std::uint64_t before = std::exchange(report_.blocks, 0);
    DIALOG_TRY(store_.archive().for_each([&](const Hash& hash, ByteView bytes) {
      ++report_.blocks;
      if (Hash::of(bytes) != hash) {
        note("block " + hash.hex(),
             Error{ErrorCode::corrupt, "its bytes differ from its hash", {}});
      }
      if (report_.blocks % kProgressEvery == 0) goes_on = is_wanted(before + report_.blocks);
      return goes_on;
    }));
    if (!goes_on) return stopped();
    return {};
  }

  static tl::unexpected<Error> stopped() {
    return fail(ErrorCode::cancelled, "the verification was stopped");
  }
  bool is_wanted(std::uint64_t blocks) {
    if (!check_context(options_.context, clock_)) return false;
    return !options_.on_progress || options_.on_progress(blocks);
  }

  RepositoryStore& store_;
  Clock& clock_;
  bool is_partial_;
  const VerifyRepositoryOptions& options_;
  VerifyRepositoryReport report_;
  std::optional<std::string> default_branch_;
  std::vector<std::string> names_;
  std::map<Revision, std::string> roots_;
  /// The trees that moves refer to, each with the record of one such move.
  std::map<Revision, std::string> moves_;
  /// Blocks that were noted, so that what they are missed for by older trees is not noted again.
  std::unordered_set<Hash> faulty_;
};

}  // namespace

Result<VerifyRepositoryReport> Repository::verify(const VerifyRepositoryOptions& options) const {
  DIALOG_ASSIGN(const auto lease, core_->store.lease(LeaseKind::write));
  DIALOG_TRY(core_->store.archive().flush(options.context));
  return Inspector(core_->store, core_->clock, core_->config.is_partial, options).run();
}

}  // namespace dialog
