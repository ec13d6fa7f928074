#include <algorithm>
#include <utility>

#include "turn.hpp"

namespace dialog {
namespace {

constexpr std::size_t kGroupCommitsMax = 256;

}  // namespace

Repository::Core::CommitGroup::Member* Repository::Core::CommitGroup::first() {
  const auto stays = [](const Member& member) { return !member.is_gone; };
  const auto at = std::find_if(members.begin(), members.end(), stays);
  return at == members.end() ? nullptr : &*at;
}

std::vector<Repository::Core::Commit> Repository::Core::CommitGroup::commits() const {
  std::vector<Commit> commits;
  for (const Member& member : members) {
    if (!member.is_gone) commits.push_back(member.commit);
  }
  return commits;
}

// Each its own version; without any lock of the queue, so that they do not wait for each other.
void Repository::Core::CommitGroup::settle(const Result<std::uint64_t>& last_version) {
  std::uint64_t behind = 0;
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    if (member->is_gone) continue;
    {
      const std::lock_guard lock(member->mutex);
      member->outcome = last_version ? *last_version - behind++ : last_version;
    }
    member->changed.notify_one();
  }
}

// Whoever can lead now, and may not know it.
void Repository::Core::call_leaders() {
  const std::lock_guard lock(groups_mutex);
  for (auto& [branch, queue] : group_queues) {
    if (queue.is_led || queue.groups.empty()) continue;
    CommitGroup::Member* next = queue.groups.front()->first();
    if (next == nullptr) continue;
    {
      const std::lock_guard waiting(next->mutex);
      next->is_called = true;
    }
    next->changed.notify_one();
  }
}

Result<Repository::Core::Submitted> Repository::Core::submit_group(
    const std::string& branch, const std::vector<Commit>& commits) {
  for (std::size_t attempt = 0; attempt < kTransactAttemptsMax; ++attempt) {
    DIALOG_ASSIGN(const ViewPtr base, view(branch, HeadStore::View::submitted));
    auto submitted = submit_edits(*base, commits, {});
    if (submitted || submitted.error().code != ErrorCode::conflict) return submitted;
  }
  return fail(moved_too_often("branch " + branch));
}

// Submits what has gathered, and wakes those who wait for it once it is durable.
void Repository::Core::lead_group(const std::string& branch, CommitGroup& group, Turn& own,
                                  const Context& context) {
  const auto submitted = submit_group(branch, group.commits());
  own.give_back();
  Result<std::uint64_t> last_version = submitted.map(&Submitted::version);
  if (submitted && submitted->ticket) {
    const auto durable = heads().wait(*submitted->ticket);
    if (!durable) last_version = fail(durable.error());
  }
  {
    const std::lock_guard lock(groups_mutex);
    const auto queue = group_queues.find(branch);
    queue->second.is_led = false;
    if (queue->second.groups.empty()) group_queues.erase(queue);
  }
  call_leaders();
  group.settle(last_version);
  if (last_version && submitted->is_full) build_full(branch, context);
}

Result<std::uint64_t> Repository::Core::commit_together(std::string_view name, const Commit& commit,
                                                        const Context& context) {
  DIALOG_TRY(check_context(context, clock));
  const std::string branch(name);
  Turn own(*this, branch);
  const Joined joined = join_group(branch, commit);
  const auto& group = joined.group;
  CommitGroup::Member* const member = joined.member;
  while (true) {
    if (take_group(branch, group, own)) lead_group(branch, *group, own, context);
    {
      std::unique_lock lock(member->mutex);
      const auto is_wanted = [&] { return member->outcome || member->is_called; };
      member->changed.wait_for(lock, kLookAtContextEvery, is_wanted);
      if (member->outcome) return *member->outcome;
      member->is_called = false;
    }
    auto in_time = check_context(context, clock);
    if (!in_time && leave_group(branch, group, *member)) return fail(in_time.error());
  }
}

Repository::Core::Joined Repository::Core::join_group(const std::string& branch,
                                                      const Commit& commit) {
  const std::size_t bytes = records::encoded_edits_bytes(*commit.edits);
  const std::lock_guard lock(groups_mutex);
  auto& groups = group_queues[branch].groups;
  const bool has_room = !groups.empty() && groups.back()->members.size() < kGroupCommitsMax &&
                        groups.back()->bytes + bytes <= kSmallCommitBytesMax;
  if (!has_room) groups.push_back(std::make_shared<CommitGroup>());
  CommitGroup& group = *groups.back();
  group.bytes += bytes;
  return {groups.back(), &group.members.emplace_back(commit)};
}

// One group after the other is on its way to the disk: meanwhile the next one grows.
bool Repository::Core::take_group(const std::string& branch,
                                  const std::shared_ptr<CommitGroup>& group, Turn& own) {
  const std::lock_guard lock(groups_mutex);
  const auto queue = group_queues.find(branch);
  if (queue == group_queues.end() || queue->second.is_led) return false;
  auto& groups = queue->second.groups;
  if (groups.empty() || groups.front() != group || !own.try_take()) return false;
  groups.pop_front();
  return queue->second.is_led = true;
}

// False where it is on its way already.
bool Repository::Core::leave_group(const std::string& branch,
                                   const std::shared_ptr<CommitGroup>& group,
                                   CommitGroup::Member& member) {
  {
    const std::lock_guard lock(groups_mutex);
    const auto queue = group_queues.find(branch);
    if (queue == group_queues.end()) return false;
    auto& groups = queue->second.groups;
    const auto at = std::find(groups.begin(), groups.end(), group);
    if (at == groups.end()) return false;
    member.is_gone = true;
    if (group->first() == nullptr) groups.erase(at);
    if (groups.empty() && !queue->second.is_led) group_queues.erase(queue);
  }
  // It may have been called.
  call_leaders();
  return true;
}

}  // namespace dialog
