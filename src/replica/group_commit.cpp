#include <algorithm>
#include <condition_variable>
#include <utility>

#include "turn.hpp"

namespace dialog {
namespace {

constexpr std::size_t kGroupCommitsMax = 256;

}  // namespace

struct Repository::Core::CommitGroup {
  explicit CommitGroup(std::string_view branch_name) : branch(branch_name) {}

  std::string branch;
  std::vector<Commit> commits;
  std::size_t bytes = 0;
  bool is_taken = false;  ///< somebody submits it
  bool is_done = false;
  Result<std::uint64_t> last_version{0};
  std::condition_variable changed;

  [[nodiscard]] bool has_room(std::string_view name, std::size_t more) const {
    return branch == name && commits.size() < kGroupCommitsMax &&
           bytes + more <= kSmallCommitBytesMax;
  }
  [[nodiscard]] auto find(const Commit& commit) {
    return std::find_if(commits.begin(), commits.end(),
                        [&](const Commit& other) { return other.edits == commit.edits; });
  }
};

void Repository::Core::wake_next_group() {
  const std::lock_guard lock(groups_mutex);
  if (!groups.empty()) groups.front()->changed.notify_one();
}

Result<Repository::Core::Submitted> Repository::Core::submit_group(const CommitGroup& group,
                                                                   Turn& own) {
  for (std::size_t attempt = 0; attempt < kTransactAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const ViewPtr base, view(group.branch, HeadStore::View::submitted));
    auto submitted = submit_edits(*base, group.commits, {});
    if (submitted || submitted.error().code != ErrorCode::conflict) {
      own.give_back();
      return submitted;
    }
  }
  return fail(moved_too_often("branch " + group.branch));
}

// Submits what has gathered, and wakes those who wait for it once it is durable.
void Repository::Core::lead_group(std::unique_lock<std::mutex>& lock, CommitGroup& group, Turn& own,
                                  const Context& context) {
  group.is_taken = true;
  std::erase_if(groups, [&](const auto& waiting) { return waiting.get() == &group; });
  lock.unlock();
  const auto submitted = submit_group(group, own);
  Result<void> settled;
  if (!submitted) {
    settled = fail(submitted.error());
  } else if (submitted->ticket) {
    settled = heads().wait(*submitted->ticket);
  }
  lock.lock();
  group.is_done = true;
  if (settled) {
    group.last_version = submitted->version;
  } else {
    group.last_version = fail(settled.error());
  }
  group.changed.notify_all();
  lock.unlock();
  if (settled && submitted->is_full) build_full(group.branch, context);
}

Result<std::uint64_t> Repository::Core::commit_together(std::string_view name, const Commit& commit,
                                                        const Context& context) {
  DIALOG_TRY(check_context(context, clock));
  const std::size_t bytes = records::encoded_edits_bytes(*commit.edits);
  Turn own(*this, name);
  std::unique_lock lock(groups_mutex);
  const auto open = std::find_if(groups.begin(), groups.end(),
                                 [&](const auto& group) { return group->has_room(name, bytes); });
  const std::shared_ptr<CommitGroup> group =
      open != groups.end() ? *open : groups.emplace_back(std::make_shared<CommitGroup>(name));
  group->commits.push_back(commit);
  group->bytes += bytes;
  while (!group->is_done) {
    if (!group->is_taken && own.try_take()) {
      lead_group(lock, *group, own, context);
      break;
    }
    group->changed.wait_for(lock, kLookAtContextEvery);
    if (group->is_taken) continue;
    if (auto in_time = check_context(context, clock); !in_time) {
      group->commits.erase(group->find(commit));
      if (group->commits.empty()) std::erase(groups, group);
      return fail(in_time.error());
    }
  }
  DIALOG_ASSIGN(const std::uint64_t last, group->last_version);
  const auto behind = group->commits.end() - group->find(commit) - 1;
  return last - static_cast<std::uint64_t>(behind);
}

}  // namespace dialog
