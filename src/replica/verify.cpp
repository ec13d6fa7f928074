#include <map>
#include <utility>

#include "dialog/tree/check.hpp"
#include "repository_core.hpp"

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
      note_if_failed(record.key, records::decode_reflog(key, record.value));
    } else {
      note("record " + record.key,
           Error{ErrorCode::corrupt, "no record of a repository has this name", {}});
    }
  }

  void add_branch(const Branch& branch) {
    names_.push_back(branch.name);
    add_root(branch.current, branch.name, "current");
    for (const auto& [remote, tracking] : branch.tracking) {
      add_root(tracking.origin, branch.name, "origin at " + remote);
      if (tracking.fetched)
        add_root(tracking.fetched->revision, branch.name, "fetched from " + remote);
      for (const SwapIntent& intent : tracking.intents) {
        add_root(intent.desired, branch.name, "unsettled swap at " + remote);
      }
    }
  }

  void add_root(const Revision& root, const std::string& branch, const std::string& role) {
    if (root.is_zero()) return;
    std::string& where = roots_[root.root()];
    if (!where.empty()) where += ", ";
    where += "branch " + branch + ": " + role;
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

  Result<void> inspect_tree(const Hash& root, const std::string& where) {
    ++report_.roots;
    const std::uint64_t before = report_.blocks;
    bool goes_on = true;
    VerifyOptions options;
    options.values = options_.blocks;
    options.on_fault = [&](const TreeFault& fault) {
      const bool is_boundary = is_partial_ && fault.error.code == ErrorCode::missing_blocks;
      if (is_boundary) {
        ++report_.absent;
      } else {
        note(where, fault.error);
      }
      return true;
    };
    options.on_progress = [&](std::uint64_t blocks) {
      return goes_on = is_wanted(before + blocks);
    };
    NodeSource source(store_.archive(), 0);
    DIALOG_ASSIGN(const VerifyReport tree, verify_tree(source, root, options, options_.context));
    report_.blocks = before + tree.blocks;
    if (!goes_on) return fail(ErrorCode::cancelled, "the verification was stopped");
    return {};
  }

  Result<void> inspect_blocks() {
    bool goes_on = true;
    DIALOG_TRY(store_.archive().for_each([&](const Hash& hash, ByteView bytes) {
      ++report_.blocks;
      if (Hash::of(bytes) != hash) {
        note("block " + hash.hex(),
             Error{ErrorCode::corrupt, "its bytes differ from its hash", {}});
      }
      if (report_.blocks % kProgressEvery == 0) goes_on = is_wanted(report_.blocks);
      return goes_on;
    }));
    if (!goes_on) return fail(ErrorCode::cancelled, "the verification was stopped");
    return {};
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
  std::map<Hash, std::string> roots_;
};

}  // namespace

Result<VerifyRepositoryReport> Repository::verify(const VerifyRepositoryOptions& options) const {
  DIALOG_TRY(core_->store.archive().flush(options.context));
  return Inspector(core_->store, core_->clock, core_->config.is_partial, options).run();
}

}  // namespace dialog
