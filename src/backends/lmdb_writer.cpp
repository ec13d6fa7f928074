#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <lmdb.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include "lmdb_environment.hpp"
#include "lmdb_error.hpp"

namespace dialog::lmdb {
namespace {

// The snapshots of processes that died keep their pages from being used again until somebody looks.
constexpr std::uint64_t kCommitsPerReaderCheck = 256;

// The library keeps every page that a transaction writes in memory until it commits.
constexpr std::size_t kGroupBytesMax = std::size_t{32} << 20;

// How often who waits for another thread, or for another process, looks whether it is still wanted.
constexpr std::chrono::milliseconds kLookAround{50};
constexpr std::chrono::microseconds kLookAroundFirst{100};
constexpr std::chrono::microseconds kLookAroundLeading{5'000};

}  // namespace

// The leader takes the jobs that wait, its own first, and commits them in one transaction.
struct Environment::Waiting {
  explicit Waiting(Job& wanted) : job(wanted) {}
  Job& job;
  std::condition_variable wake;
  bool leads = false;
  bool taken = false;
  bool settled = false;
  Result<void> result;
};

Result<void> Environment::run(Job& job, const Context& context, Clock& clock) {
  Waiting self(job);
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&self);
  if (!leading_) pass_lead();
  if (auto waited = wait_to_write(self, context, clock, lock); !waited) {
    std::erase(queue_, &self);
    if (self.leads) {
      writer_lock_.release();
      pass_lead();
    }
    return waited;
  }
  if (self.settled) return std::move(self.result);
  const std::vector<Waiting*> group = take_group();
  lock.unlock();
  commit_group(group);
  writer_lock_.release();
  lock.lock();
  for (Waiting* const member : group) {
    member->settled = true;
    // Notified under the lock: its owner's stack frame ends as soon as it sees the flag.
    if (member != &self) member->wake.notify_one();
  }
  pass_lead();
  return std::move(self.result);
}

// Until the job is settled, or leads and may write. Neither another process's lock nor a fired
// token wakes anybody, so this looks around from time to time.
Result<void> Environment::wait_to_write(Waiting& self, const Context& context, Clock& clock,
                                        std::unique_lock<std::mutex>& queue_lock) {
  for (auto pause = kLookAroundFirst;; pause = std::min(2 * pause, kLookAroundLeading)) {
    if (self.settled) return {};
    if (self.leads) {
      DIALOG_ASSIGN(const bool may_write, writer_lock_.try_take());
      if (may_write) return {};
    }
    if (!self.taken) DIALOG_TRY(check_context(context, clock));
    self.wake.wait_for(queue_lock, self.leads ? pause : kLookAround);
  }
}

// The first one of the queue leads.
void Environment::pass_lead() {
  leading_ = !queue_.empty();
  if (!leading_) return;
  queue_.front()->leads = true;
  queue_.front()->wake.notify_one();
}

std::vector<Environment::Waiting*> Environment::take_group() {
  std::vector<Waiting*> group;
  std::size_t bytes = 0;
  while (!queue_.empty() &&
         (group.empty() || bytes + queue_.front()->job.bytes() <= kGroupBytesMax)) {
    bytes += queue_.front()->job.bytes();
    queue_.front()->taken = true;
    group.push_back(queue_.front());
    queue_.pop_front();
  }
  return group;
}

// Others wait for this thread: what cannot go on here ends the process.
void Environment::commit_group(std::span<Waiting* const> group) noexcept {
  const Result<void> together = attempt(group);
  if (together) return;
  const bool alone = together.error().code == ErrorCode::storage_full && group.size() > 1;
  for (Waiting* const member : group) {
    // Where there is no room for all there may be room for some.
    const Result<void> outcome = alone ? attempt({&member, 1}) : together;
    if (!outcome) member->result = fail(outcome.error());
  }
}

// Runs the jobs in one transaction. Where that became durable each member has its own result;
// otherwise nothing has happened, and the error is everybody's.
Result<void> Environment::attempt(std::span<Waiting* const> group) {
  std::vector<Waiting*> members(group.begin(), group.end());
  if (++attempts_ % kCommitsPerReaderCheck == 0) {
    int dead = 0;
    mdb_reader_check(environment_, &dead);
  }
  for (;;) {
    DIALOG_ASSIGN(MDB_txn* const transaction, begin_write());
    WriteTransaction writes(*this, transaction);
    auto culprit = members.end();
    auto ran = members.begin();
    for (; ran != members.end() && culprit == members.end(); ++ran) {
      const std::size_t before = writes.change_count();
      (*ran)->result = (*ran)->job.apply(writes);
      const bool half_done = !(*ran)->result && writes.change_count() != before;
      if (half_done || writes.code() != 0) culprit = ran;
    }
    int code = writes.code();
    std::unique_lock reason(reason_mutex_, std::defer_lock);
    if (culprit == members.end()) {
      reason.lock();
      code = mdb_txn_commit(transaction);
    } else {
      mdb_txn_abort(transaction);
    }
    leave();

    if (culprit == members.end() && code == 0) {
      for (Waiting* const member : members) {
        if (member->result) member->job.done();
      }
      for (Waiting* const member : members) {
        if (!member->result) member->job.undone();
      }
      return {};
    }
    std::for_each(members.begin(), ran, [](Waiting* member) { member->job.undone(); });
    if (code == MDB_MAP_FULL) {
      DIALOG_TRY(move_map(Move::grow));
    } else if (code != 0) {
      return fail(commit_failure(code));
    } else {
      members.erase(culprit);
      if (members.empty()) return {};
    }
  }
}

Result<void> Environment::check_writable() const {
  if (!poisoned_) return check_map();
  return fail(ErrorCode::storage_failed, "an earlier write failed: " + first_failure_);
}

// The library tells others at once that a commit failed, and why only the one who commits.
Result<void> Environment::check_reason() {
  const std::lock_guard known(reason_mutex_);
  return check_writable();
}

Result<MDB_txn*> Environment::begin_write() {
  for (;;) {
    DIALOG_TRY(check_writable());
    DIALOG_TRY(enter());
    MDB_txn* transaction = nullptr;
    const int code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
    if (code == 0) return transaction;
    leave();
    if (code != MDB_MAP_RESIZED) return fail(failure(code, "write", folder_));
    DIALOG_TRY(move_map(Move::follow));
  }
}

Error Environment::commit_failure(int code) {
  // The library reports a write that was cut short by a full disk as EIO.
  if (code == EIO && !has_room()) code = ENOSPC;
  Error error = failure(code, "write", folder_);
  if (error.code == ErrorCode::storage_failed) {
    error.message += "; nothing more is written until it is opened again";
    if (!poisoned_) first_failure_ = error.message;
    poisoned_ = true;
  }
  return error;
}

bool Environment::has_room() const {
  constexpr off_t kProbeBytes = 256 * 1024;
  const std::string name = folder_ + "/room-" + std::to_string(getpid());
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return !is_full(errno);
  const int code = posix_fallocate(file, 0, kProbeBytes);
  close(file);
  unlink(name.c_str());
  return !is_full(code);
}

}  // namespace dialog::lmdb
