#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "dialog/tree/check.hpp"
#include "reach.hpp"
#include "repository_core.hpp"
#include "roots.hpp"

namespace dialog {
namespace {

constexpr std::size_t kRecordsAtOnce = 1000;
/// What the keys of all records begin with.
constexpr std::string_view kKinds[] = {records::kBranchPrefix, records::kConfigKey,
                                       records::kEditsPrefix,  records::kHeadKey,
                                       records::kReflogPrefix, records::kRemotePrefix};

/// Collects what is wrong, and goes on.
class Inspector {
 public:
  /// Says whether what is pending on a branch can be read as a whole.
  using CheckPending = std::function<Result<void>(std::string_view branch)>;

  Inspector(RepositoryStore& store, Clock& clock, bool is_partial,
            const VerifyRepositoryOptions& options, CheckPending check_pending)
      : store_(store),
        clock_(clock),
        is_partial_(is_partial),
        options_(options),
        check_pending_(std::move(check_pending)) {}

  Result<VerifyRepositoryReport> run() {
    DIALOG_TRY(inspect_records());
    DIALOG_TRY(inspect_strays());
    inspect_names();
    for (const auto& [root, where] : roots_) DIALOG_TRY(inspect_tree(root, where));
    DIALOG_TRY(inspect_reflog());
    if (options_.blocks) DIALOG_TRY(inspect_store());
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

  /// A record that the store cannot read hides those beside it, but none of another kind.
  Result<void> inspect_records() {
    for (const std::string_view kind : kKinds) {
      auto inspected = inspect_kind(kind);
      if (inspected) continue;
      if (inspected.error().code != ErrorCode::corrupt) return inspected;
      has_unreadable_ = true;
      if (kind == records::kEditsPrefix) {
        unreadable_edits_ = std::move(inspected).error();
      } else {
        note("records " + std::string(kind), std::move(inspected).error());
      }
    }
    return inspect_strangers();
  }

  Result<void> inspect_kind(std::string_view kind) {
    std::string after;
    for (;;) {
      HeadStore::Range range;
      range.prefix = kind;
      range.after = after;
      range.limit = kRecordsAtOnce;
      DIALOG_ASSIGN(const std::vector<Record> found, store_.heads().list(range));
      for (const Record& record : found) inspect_record(record);
      if (found.size() < kRecordsAtOnce) return {};
      after = found.back().key;
    }
  }

  /// Records of no kind, from one kind to the next.
  Result<void> inspect_strangers() {
    std::string after;
    for (;;) {
      HeadStore::Range range;
      range.after = after;
      range.limit = 1;
      const auto found = store_.heads().list(range);
      // What cannot be read was noted with its kind.
      if (!found && has_unreadable_ && found.error().code == ErrorCode::corrupt) return {};
      if (!found) return fail(found.error());
      if (found->empty()) return {};
      after = found->front().key;
      const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                     [&](std::string_view k) { return after.starts_with(k); });
      if (kind == std::end(kKinds)) {
        inspect_record(found->front());
      } else {
        after = std::string(*kind) + '\xff';
      }
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
      if (move && move->before) moves_.try_emplace(*move->before, record.key);
      if (move && move->after) moves_.try_emplace(*move->after, record.key);
    } else if (key.starts_with(records::kEditsPrefix)) {
      inspect_edits(record);
    } else {
      note("record " + record.key,
           Error{ErrorCode::corrupt, "no record of a repository has this name", {}});
    }
  }

  void inspect_edits(const Record& record) {
    const auto edits = records::decode_edits(record.key, record.value);
    note_if_failed(record.key, edits);
    const auto key = records::parse_numbered_key(record.key, records::kEditsPrefix);
    const auto branch = key ? branches_.find(key->branch) : branches_.end();
    const bool is_pending = branch != branches_.end() &&
                            key->number > branch->second.built_version() &&
                            key->number <= branch->second.moves;
    if (edits && !is_pending) strays_.push_back(record.key);
    if (!edits && is_pending) damaged_.insert(branch->first);
  }

  /// Commits go on meanwhile. So what seemed to belong to no branch counts only where it still is
  /// there, and still belongs to none.
  Result<void> inspect_strays() {
    for (const std::string& key : strays_) {
      DIALOG_ASSIGN(const std::optional<Bytes> record, store_.heads().read(key));
      const auto parsed = records::parse_numbered_key(key, records::kEditsPrefix);
      std::optional<Bytes> branch;
      if (parsed) {
        DIALOG_ASSIGN(branch, store_.heads().read(records::branch_key(parsed->branch)));
      }
      const auto decoded =
          branch ? records::decode_branch(parsed->branch, *branch) : Result<Branch>(Branch{});
      if (!record || !decoded) continue;
      const bool is_pending =
          parsed && parsed->number > decoded->built_version() && parsed->number <= decoded->moves;
      if (!is_pending) {
        note("record " + key, Error{ErrorCode::corrupt, "no branch has this commit pending", {}});
      }
    }
    for (const auto& [name, branch] : branches_) {
      if (branch.pending.commits == 0 || damaged_.contains(name)) continue;
      const auto checked = check_pending_(name);
      if (checked || checked.error().code == ErrorCode::not_found) continue;
      if (checked.error().code != ErrorCode::corrupt) return checked;
      note("branch " + name + ": pending", checked.error());
      unreadable_edits_.reset();
    }
    if (unreadable_edits_)
      note("records " + std::string(records::kEditsPrefix), *std::move(unreadable_edits_));
    return {};
  }

  void add_branch(const Branch& branch) {
    names_.push_back(branch.name);
    branches_.emplace(branch.name, branch);
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
      if (options_.on_faulty_block) options_.on_faulty_block(hash);
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

  Result<void> inspect_store() {
    const std::uint64_t before = report_.blocks;
    StoreCheck check;
    check.on_fault = [this](StoreFault fault) {
      if (fault.block && faulty_.contains(*fault.block)) return;
      if (fault.block && options_.on_faulty_block) options_.on_faulty_block(*fault.block);
      note(fault.block ? "block " + fault.block->hex() : "the store", std::move(fault.error));
    };
    check.on_progress = [&](std::uint64_t blocks) { return is_wanted(before + blocks); };
    check.context = options_.context;
    DIALOG_ASSIGN(report_.blocks, store_.check(check));
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
  CheckPending check_pending_;
  std::vector<std::string> names_;
  std::map<std::string, Branch, std::less<>> branches_;
  /// Branches with a pending commit that cannot be read, which was noted.
  std::set<std::string> damaged_;
  bool has_unreadable_ = false;
  /// Where the store cannot read some record of a commit.
  std::optional<Error> unreadable_edits_;
  /// Records of commits that no branch seemed to have pending.
  std::vector<std::string> strays_;
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
  return Inspector(core_->store, core_->clock, core_->config.is_partial, options,
                   [&](std::string_view branch) { return core_->check_pending(branch); })
      .run();
}

}  // namespace dialog
