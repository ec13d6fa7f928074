#include "log_removals.hpp"

#include <utility>
#include <vector>

#include "lmdb_record.hpp"
#include "log_keys.hpp"

namespace dialog {
namespace {

using store::View;

constexpr std::size_t kBlocksAtOnce = 4096;

store::Engine::Listing all_of(ByteView prefix) {
  store::Engine::Listing listing;
  listing.prefix = prefix;
  return listing;
}

// The records of a removed subject are kept, empty: a record that is removed may come back with an
// index that is made anew.
bool is_kept(const std::optional<Bytes>& stored) { return stored && !stored->empty(); }

}  // namespace

LogRemovals::~LogRemovals() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.cancel();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> LogRemovals::begin() {
  store::Engine::Listing left = all_of(ByteView(&log_keys::kLeftSpace, 1));
  left.limit = 1;
  DIALOG_ASSIGN(const auto found, engine_.list(left, View::durable));
  if (!found.empty()) wake();
  return {};
}

Result<bool> LogRemovals::remove(const Subject& subject, const Context& context) {
  subjects_.begin_removal(subject.id());
  const auto removed = [&]() -> Result<bool> {
    while (true) {
      DIALOG_ASSIGN(const auto outcome, try_remove(subject, context));
      if (outcome) return *outcome;
    }
  }();
  subjects_.end_removal();
  if (removed) wake();
  return removed;
}

// Absent where somebody else changed the subject meanwhile. What is there of it goes in one change,
// so nobody ever sees a part of it; its space is left, and nothing is put into that any more.
Result<std::optional<bool>> LogRemovals::try_remove(const Subject& subject,
                                                    const Context& context) {
  const Hash id = subject.id();
  const Bytes head_key = log_keys::head(id);
  const Bytes space_key = log_keys::space(id);
  const Bytes quota_key = log_keys::quota(id);
  const Bytes none = print_space({});
  DIALOG_ASSIGN(const auto head, engine_.read(head_key, View::submitted));
  DIALOG_ASSIGN(const auto space, engine_.read(space_key, View::submitted));
  DIALOG_ASSIGN(const auto quota, engine_.read(quota_key, View::submitted));
  DIALOG_ASSIGN(const auto swaps,
                engine_.list(all_of(log_keys::history_prefix(id)), View::submitted));
  std::vector<store::RecordChange> changes;
  if (is_kept(head)) changes.push_back({head_key, head, ByteView()});
  if (is_kept(quota)) changes.push_back({quota_key, quota, ByteView()});
  Bytes left_key;
  SpaceRecord record;
  if (space) {
    DIALOG_ASSIGN(record, parse_space(*space));
  }
  bool is_there = !changes.empty();
  if (record.space != 0) {
    DIALOG_ASSIGN(const store::SpaceUse use, engine_.use_of(record.space));
    is_there |= use.blocks > 0;
    left_key = log_keys::left_space(record.space);
    changes.push_back({space_key, space, none});
    changes.push_back({left_key, std::nullopt, id.bytes()});
  }
  for (const store::Record& swap : swaps) changes.push_back({swap.key, swap.value, std::nullopt});
  DIALOG_ASSIGN(const auto number, engine_.submit(changes, context));
  if (!number) return std::nullopt;
  // Also what somebody else removed shows no more from here on.
  DIALOG_TRY(engine_.wait(*number));
  return is_there;
}

// All that was put into a left space was put before that was left.
Result<void> LogRemovals::empty(store::Space space, const Context& context) {
  DIALOG_ASSIGN(const store::SpaceUse use, engine_.use_of(space));
  if (use.blocks == 0) return {};
  std::optional<Hash> after;
  do {
    DIALOG_ASSIGN(const auto some, engine_.blocks_of(space, after, kBlocksAtOnce));
    DIALOG_TRY(engine_.remove(space, some.hashes, context));
    after = some.rest_after;
  } while (after);
  return {};
}

Result<void> LogRemovals::finish(const Context& context) {
  const std::lock_guard one_at_a_time(emptying_);
  DIALOG_TRY(engine_.flush(context));
  DIALOG_ASSIGN(const auto left,
                engine_.list(all_of(ByteView(&log_keys::kLeftSpace, 1)), View::durable));
  for (const store::Record& record : left) {
    if (record.key.size() != 1 + sizeof(store::Space)) continue;
    DIALOG_TRY(empty(lmdb::read_u32(ByteView(record.key).substr(1)), context));
  }
  return {};
}

void LogRemovals::wake() {
  if (emptying_kind_ == Emptying::on_demand) return;
  const std::lock_guard lock(mutex_);
  if (is_stopping_) return;
  is_wanted_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

// Where it fails, such as on a full disk, it goes on with the next removal or the next opening.
void LogRemovals::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_wanted_ || is_stopping_; });
    if (is_stopping_) return;
    is_wanted_ = false;
    lock.unlock();
    static_cast<void>(finish({std::nullopt, stopping_.token()}));
    lock.lock();
  }
}

}  // namespace dialog
