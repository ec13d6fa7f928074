#include "log_subjects.hpp"

#include <limits>
#include <utility>

#include "lmdb_record.hpp"
#include "log_keys.hpp"

namespace dialog {
namespace {

using store::View;

// Beyond that all are forgotten: they can be read again.
constexpr std::size_t kKnownMax = 65536;
constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kQuotaBytes = 2 * sizeof(std::uint64_t);

void append_bound(Bytes& out, const std::optional<std::uint64_t>& bound) {
  lmdb::append_u64(out, bound.value_or(kAny));
}

std::optional<std::uint64_t> read_bound(ByteView bytes) {
  const std::uint64_t bound = lmdb::read_u64(bytes);
  return bound == kAny ? std::nullopt : std::optional(bound);
}

}  // namespace

Bytes print_space(const SpaceRecord& record) {
  Bytes out;
  lmdb::append_u32(out, record.space);
  return out.append(record.did);
}

Result<SpaceRecord> parse_space(ByteView stored) {
  if (stored.size() >= sizeof(store::Space)) {
    return SpaceRecord{lmdb::read_u32(stored), std::string(stored.substr(sizeof(store::Space)))};
  }
  return fail(ErrorCode::corrupt, "the record of a subject's space cannot be read");
}

Bytes print_quota(const QuotaRecord& record) {
  Bytes out;
  append_bound(out, record.quota.blocks);
  append_bound(out, record.quota.bytes);
  return out.append(record.did);
}

Result<std::optional<QuotaRecord>> parse_quota(ByteView stored) {
  if (stored.empty()) return std::nullopt;
  if (stored.size() < kQuotaBytes) {
    return fail(ErrorCode::corrupt, "the record of a subject's quota cannot be read");
  }
  return QuotaRecord{{read_bound(stored), read_bound(stored.substr(sizeof(std::uint64_t)))},
                     std::string(stored.substr(kQuotaBytes))};
}

Result<std::optional<store::Space>> LogSubjects::find(const Hash& id) {
  DIALOG_ASSIGN(const std::uint64_t follows, engine_.follow());
  std::uint64_t removals = 0;  // that had ended
  {
    const std::lock_guard lock(mutex_);
    // Another process may have removed subjects.
    if (std::exchange(follows_, follows) != follows) known_.clear();
    removals = removals_ended_;
    if (const auto at = known_.find(id); at != known_.end()) return at->second;
  }
  // A head shows once it is durable, and so does this: both are gone at the same moment.
  DIALOG_ASSIGN(const auto stored, engine_.read(log_keys::space(id), View::durable));
  if (!stored) return std::nullopt;
  DIALOG_ASSIGN(const SpaceRecord record, parse_space(*stored));
  if (record.space == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (follows_ == follows && removals_begun_ == removals) {
    if (known_.size() >= kKnownMax) known_.clear();
    known_.emplace(id, record.space);
  }
  return record.space;
}

void LogSubjects::begin_removal(const Hash& id) {
  const std::lock_guard lock(mutex_);
  ++removals_begun_;
  known_.erase(id);
}

void LogSubjects::end_removal() {
  const std::lock_guard lock(mutex_);
  ++removals_ended_;
}

// Absent: somebody else made one, or removed the subject, at the same moment.
Result<std::optional<Bytes>> LogSubjects::ensure(const Subject& subject, const Context& context) {
  const Bytes key = log_keys::space(subject.id());
  DIALOG_ASSIGN(const auto stored, engine_.read(key, View::submitted));
  SpaceRecord record;
  if (stored) {
    DIALOG_ASSIGN(record, parse_space(*stored));
    // A space whose record may still be taken back could become another subject's.
    DIALOG_ASSIGN(const auto durable, engine_.read(key, View::durable));
    if (durable != stored) {
      DIALOG_ASSIGN(const auto number, engine_.submit({}, context));
      DIALOG_TRY(engine_.wait(*number));
      return std::nullopt;
    }
    if (record.space != 0 && !record.did.empty()) return *stored;
  }
  record.did = subject.did();
  const Bytes next_key = log_keys::next_space();
  DIALOG_ASSIGN(const auto next, engine_.read(next_key, View::submitted));
  std::vector<store::RecordChange> changes;
  Bytes after;
  if (record.space == 0) {
    record.space = 1;
    if (next) {
      DIALOG_ASSIGN(const SpaceRecord parsed, parse_space(*next));
      record.space = parsed.space;
    }
    after = print_space({record.space + 1, {}});
    changes.push_back({next_key, next, after});
  }
  Bytes mine = print_space(record);
  changes.push_back({key, stored, mine});
  DIALOG_ASSIGN(const auto number, engine_.submit(changes, context));
  if (!number) return std::nullopt;
  DIALOG_TRY(engine_.wait(*number));
  return mine;
}

Result<void> LogSubjects::put(const Subject& subject, std::span<const Block> blocks,
                              const Context& context) {
  const Bytes key = log_keys::space(subject.id());
  while (true) {
    DIALOG_ASSIGN(const auto record, ensure(subject, context));
    if (!record) continue;
    DIALOG_ASSIGN(const SpaceRecord parsed, parse_space(*record));
    DIALOG_ASSIGN(const Quota allowed, quota(subject.id()));
    // A space that was left meanwhile takes no more: what is in it is about to go.
    const store::Engine::PutTerms terms{key, *record, allowed.blocks, allowed.bytes};
    DIALOG_ASSIGN(const auto outcome, engine_.put(parsed.space, blocks, terms, context));
    using Kind = store::Engine::PutOutcome::Kind;
    if (outcome.kind == Kind::put) return {};
    if (outcome.kind == Kind::too_much) {
      DIALOG_TRY(check_quota(allowed, {outcome.used.blocks, outcome.used.bytes},
                             {outcome.more.blocks, outcome.more.bytes}));
      return fail(ErrorCode::quota_exceeded, "the subject's quota is reached");
    }
  }
}

void LogSubjects::set_default_quota(const Quota& quota) {
  const std::lock_guard lock(mutex_);
  default_quota_ = quota;
}

Result<void> LogSubjects::set_quota(const Subject& subject, const std::optional<Quota>& quota,
                                    const Context& context) {
  const Bytes key = log_keys::quota(subject.id());
  const Bytes desired = quota ? print_quota({*quota, subject.did()}) : Bytes();
  while (true) {
    DIALOG_ASSIGN(const auto stored, engine_.read(key, View::submitted));
    if (!stored && !quota) return {};
    const store::RecordChange change{key, stored, desired};
    DIALOG_ASSIGN(const auto number, engine_.submit({&change, 1}, context));
    if (number) return engine_.wait(*number);
  }
}

Result<Quota> LogSubjects::quota(const Hash& id) {
  DIALOG_ASSIGN(const auto stored, engine_.read(log_keys::quota(id), View::submitted));
  if (stored) {
    DIALOG_ASSIGN(const auto record, parse_quota(*stored));
    if (record) return record->quota;
  }
  const std::lock_guard lock(mutex_);
  return default_quota_;
}

Result<std::vector<std::optional<Block>>> LogSubjectArchive::do_get(std::span<const Hash> hashes,
                                                                    const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_ASSIGN(const auto space, subjects_.find(id_));
  if (!space) return std::vector<std::optional<Block>>(hashes.size());
  return engine_.get(*space, hashes);
}

Result<void> LogSubjectArchive::do_put(std::span<const Block> blocks, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_TRY(check_block_sizes(blocks));
  if (blocks.empty()) return {};
  return subjects_.put(subject_, blocks, context);
}

Result<std::vector<bool>> LogSubjectArchive::do_has(std::span<const Hash> hashes,
                                                    const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_ASSIGN(const auto space, subjects_.find(id_));
  if (!space) return std::vector<bool>(hashes.size());
  return engine_.has(*space, hashes);
}

Result<void> LogSubjectArchive::do_flush(const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  return engine_.flush(context);
}

}  // namespace dialog
