#include "dialog/cloud/etcd_register.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "dialog/http/wire.hpp"
#include "etcd_caller.hpp"
#include "etcd_record.hpp"

namespace dialog {
namespace {

using etcd::StoredRecord;

// So that even with the longest authors and DIDs a page stays below the 4 MiB that gRPC carries.
constexpr std::size_t kPageRecords = 128;
constexpr std::size_t kRememberedMax = 4096;

/// What this process last saw of each subject. Only a guess: the cluster compares.
class Memory {
 public:
  std::optional<StoredRecord> find(const Hash& id) {
    const std::lock_guard lock(mutex_);
    const auto found = heads_.find(id);
    return found == heads_.end() ? std::nullopt : std::optional<StoredRecord>(found->second);
  }
  void store(const Hash& id, const std::optional<StoredRecord>& head) {
    const std::lock_guard lock(mutex_);
    if (!head) {
      heads_.erase(id);
      return;
    }
    // Whichever goes: forgetting one costs a round trip.
    if (heads_.size() >= kRememberedMax && !heads_.contains(id)) heads_.erase(heads_.begin());
    heads_.insert_or_assign(id, *head);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Hash, StoredRecord> heads_;
};

Result<std::optional<StoredRecord>> parse(std::optional<Bytes> value, const Subject& subject) {
  if (!value) return std::nullopt;
  DIALOG_ASSIGN(StoredRecord stored, etcd::parse_record(*std::move(value), subject));
  return stored;
}

std::optional<HeadRecord> record_of(const std::optional<StoredRecord>& head) {
  return head && !head->is_removal() ? std::optional<HeadRecord>(head->shown()) : std::nullopt;
}

bool accepts(const std::optional<StoredRecord>& head, const Register::Swap& swap) {
  const bool present = head && !head->is_removal();
  if (swap.must_create) return !present;
  return (present ? head->record.revision : Revision()) == swap.expected;
}

Result<void> check_present(const std::optional<StoredRecord>& head, const Subject& subject) {
  return head && head->removing ? Result<void>(fail(being_removed(subject))) : Result<void>();
}

/// The change after a head, of the next number; whether that is a removal is not said yet.
StoredRecord following(const std::optional<StoredRecord>& head) {
  StoredRecord next;
  next.record.previous = head && !head->is_removal() ? head->record.revision : Revision();
  next.record.sequence = head ? head->record.sequence + 1 : 1;
  next.removed = head ? head->removed : 0;
  return next;
}

/// What is to stand in the place of a head; absent where that is to stay.
using Next = std::function<std::optional<StoredRecord>(const std::optional<StoredRecord>& head)>;

}  // namespace

class EtcdRegister::State {
 public:
  explicit State(std::unique_ptr<etcd::Caller> caller) : caller_(std::move(caller)) {}

  Result<void> probe(const Context& context);
  Result<std::optional<StoredRecord>> look(const Subject& subject, const Context& context);
  /// The change that was made; where there was none to make, the head that stays.
  struct Changed {
    bool made = false;
    std::optional<StoredRecord> head;
  };
  Result<Changed> change(const Subject& subject, const Next& next, const Context& context);
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context);
  Result<Page> list(const std::optional<Hash>& after, std::size_t limit, const Context& context);
  [[nodiscard]] Context bounded(const Context& context) const { return caller_->bounded(context); }
  [[nodiscard]] Clock& clock() const { return caller_->clock(); }

 private:
  /// What a transaction found instead of what it expected.
  struct Found {
    std::optional<StoredRecord> head;
    std::optional<StoredRecord> in_log;  ///< under the sequence number that it wanted to write
  };
  using TryOutcome = std::variant<StoredRecord, Found>;
  /// What clients see of the log: numbers behind the removal, and how many of them.
  struct Stretch {
    std::uint64_t removed;
    std::uint64_t after;
    std::size_t limit;
  };
  /// A history, or the number of a later removal.
  Result<std::variant<HeadHistory, std::uint64_t>> read_log(const Subject& subject,
                                                            const Stretch& stretch,
                                                            const Context& context);

  Result<TryOutcome> try_swap(const Subject& subject, const std::optional<StoredRecord>& head,
                              const StoredRecord& next, const Context& context);
  Result<TryOutcome> look_what_happened(const Subject& subject, const StoredRecord& next,
                                        const Context& context, Error error);
  Result<TryOutcome> judge(const Subject& subject, const StoredRecord& next,
                           etcd::TransactionAnswer answer, etcd::Effect earlier);
  [[nodiscard]] etcd::Transaction transaction(const Subject& subject,
                                              const std::optional<StoredRecord>& head,
                                              const StoredRecord& next) const;
  [[nodiscard]] tl::unexpected<Error> strange_answer() const {
    return fail(etcd::strange_answer(*caller_));
  }
  [[nodiscard]] etcd::Keys keys(const Subject& subject) const {
    return {caller_->address().prefix(), subject};
  }

  std::unique_ptr<etcd::Caller> caller_;
  Memory memory_;
};

Result<void> EtcdRegister::State::probe(const Context& context) {
  const Bytes key = etcd::probe_key(caller_->address().prefix());
  const etcd::Transaction impossible{Bytes("never"), {{key, Bytes("never")}}, std::nullopt};
  auto answer = caller_->call(etcd::kTxnPath, etcd::print_transaction(impossible), context);
  if (!answer) return fail(std::move(answer).error().error);
  const auto read = etcd::parse_transaction(answer->body, 1);
  if (!read) return strange_answer();
  if (!read->succeeded) return {};
  return fail(
      ErrorCode::unsupported,
      caller_->address().text() +
          " carries out a change whose condition does not hold; swaps would get lost there");
}

Result<std::optional<StoredRecord>> EtcdRegister::State::look(const Subject& subject,
                                                              const Context& context) {
  auto answer = caller_->call(etcd::kRangePath, etcd::print_get(keys(subject).head()), context);
  if (!answer) return fail(std::move(answer).error().error);
  auto range = etcd::parse_range(answer->body);
  if (!range || range->pairs.size() > 1) return strange_answer();
  std::optional<Bytes> value;
  if (!range->pairs.empty()) value = std::move(range->pairs.front().value);
  DIALOG_ASSIGN(auto head, parse(std::move(value), subject));
  memory_.store(subject.id(), head);
  return head;
}

Result<EtcdRegister::State::Changed> EtcdRegister::State::change(const Subject& subject,
                                                                 const Next& next,
                                                                 const Context& context) {
  std::optional<StoredRecord> head = memory_.find(subject.id());
  // What is remembered may be too old to refuse anybody, and nothing remembered may mean anything.
  if (!next(head)) {
    DIALOG_ASSIGN(head, look(subject, context));
  }
  while (auto wanted = next(head)) {
    const StoredRecord record = etcd::make_record(subject, *std::move(wanted), caller_->random());
    DIALOG_ASSIGN(TryOutcome outcome, try_swap(subject, head, record, context));
    if (auto* made = std::get_if<StoredRecord>(&outcome)) return Changed{true, std::move(*made)};
    head = std::move(std::get<Found>(outcome).head);
    DIALOG_TRY(check_context(context, clock()));
  }
  return Changed{false, std::move(head)};
}

etcd::Transaction EtcdRegister::State::transaction(const Subject& subject,
                                                   const std::optional<StoredRecord>& head,
                                                   const StoredRecord& next) const {
  const etcd::Keys keys = this->keys(subject);
  const std::uint64_t sequence = next.record.sequence;
  etcd::Transaction change;
  if (head) change.expected = head->value;
  change.puts = {{keys.head(), next.value}, {keys.log(sequence), next.value}};
  const std::uint64_t kept = next.is_removal() ? 1 : caller_->options().history_kept;
  if (sequence > kept) change.removed.emplace(keys.log(0), keys.log(sequence - kept + 1));
  return change;
}

// Sent as often as it takes to get an answer. That does no harm: no two records have the same
// value, so the condition holds until the first copy is carried out, and never again.
Result<EtcdRegister::State::TryOutcome> EtcdRegister::State::try_swap(
    const Subject& subject, const std::optional<StoredRecord>& head, const StoredRecord& next,
    const Context& context) {
  const Bytes body = etcd::print_transaction(transaction(subject, head, next));
  auto answer = caller_->call(etcd::kTxnPath, body, context);
  if (answer) {
    auto read = etcd::parse_transaction(answer->body, 2);
    if (read) return judge(subject, next, *std::move(read), answer->earlier);
    answer = fail(etcd::CallFailure{strange_answer().value(), etcd::Effect::open});
  }
  etcd::CallFailure failure = std::move(answer).error();
  switch (failure.effect) {
    case etcd::Effect::none:
      return fail(std::move(failure.error));
    case etcd::Effect::unsaid:
      return look_what_happened(subject, next, context, std::move(failure.error));
    case etcd::Effect::open:
      break;
  }
  memory_.store(subject.id(), std::nullopt);
  return fail(ErrorCode::indeterminate,
              "nobody said what became of the swap: " + failure.error.message);
}

Result<EtcdRegister::State::TryOutcome> EtcdRegister::State::judge(const Subject& subject,
                                                                   const StoredRecord& next,
                                                                   etcd::TransactionAnswer answer,
                                                                   etcd::Effect earlier) {
  if (answer.succeeded) {
    memory_.store(subject.id(), next);
    return next;
  }
  Found found;
  DIALOG_ASSIGN(found.head, parse(std::move(answer.shown[0]), subject));
  DIALOG_ASSIGN(found.in_log, parse(std::move(answer.shown[1]), subject));
  memory_.store(subject.id(), found.head);
  // An earlier copy was carried out, and maybe others have followed.
  if (found.in_log && found.in_log->swap_id == next.swap_id) return next;
  const std::uint64_t latest = found.head ? found.head->record.sequence : 0;
  if (earlier != etcd::Effect::none && !found.in_log && latest >= next.record.sequence) {
    return fail(ErrorCode::indeterminate,
                "so many swaps followed that the history does not tell any more what became of "
                "this one");
  }
  return found;
}

Result<EtcdRegister::State::TryOutcome> EtcdRegister::State::look_what_happened(
    const Subject& subject, const StoredRecord& next, const Context& context, Error error) {
  const Bytes key = keys(subject).log(next.record.sequence);
  auto answer = caller_->call(etcd::kRangePath, etcd::print_get(key), context);
  auto range = answer ? etcd::parse_range(answer->body) : std::nullopt;
  if (!range) {
    memory_.store(subject.id(), std::nullopt);
    return fail(ErrorCode::indeterminate,
                "it could not be seen what became of the swap: " + error.message);
  }
  if (range->pairs.empty()) return fail(std::move(error));
  DIALOG_ASSIGN(const StoredRecord stored,
                etcd::parse_record(std::move(range->pairs.front().value), subject));
  if (stored.swap_id != next.swap_id) return fail(std::move(error));
  memory_.store(subject.id(), next);
  return next;
}

// Numbers in etcd count on through removals. How many of them clients do not see is told by every
// record; before one was read, what was seen last is a guess, which is never too high.
Result<HeadHistory> EtcdRegister::State::history(const Subject& subject, std::uint64_t after,
                                                 std::size_t limit, const Context& context) {
  const auto known = memory_.find(subject.id());
  std::uint64_t removed = known ? known->removed : 0;
  while (true) {
    DIALOG_ASSIGN(auto read, read_log(subject, {removed, after, limit}, context));
    if (auto* history = std::get_if<HeadHistory>(&read)) return std::move(*history);
    removed = std::get<std::uint64_t>(read);
    DIALOG_TRY(check_context(context, clock()));
  }
}

Result<std::variant<HeadHistory, std::uint64_t>> EtcdRegister::State::read_log(
    const Subject& subject, const Stretch& stretch, const Context& context) {
  using Read = std::variant<HeadHistory, std::uint64_t>;
  HeadHistory history;
  if (stretch.after >= std::numeric_limits<std::uint64_t>::max() - stretch.removed)
    return Read(history);
  const etcd::Keys keys = this->keys(subject);
  std::uint64_t position = stretch.removed + stretch.after;
  bool more = true;
  while (more && history.records.size() < stretch.limit) {
    const std::size_t wanted = std::min(kPageRecords, stretch.limit - history.records.size());
    auto answer =
        caller_->call(etcd::kRangePath,
                      etcd::print_range(keys.log(position + 1), keys.log_end(), wanted), context);
    if (!answer) return fail(std::move(answer).error().error);
    auto range = etcd::parse_range(answer->body);
    if (!range || range->pairs.size() > wanted) return strange_answer();
    for (etcd::KeyValue& pair : range->pairs) {
      DIALOG_ASSIGN(const StoredRecord stored, etcd::parse_record(std::move(pair.value), subject));
      const std::uint64_t sequence = stored.record.sequence;
      if (sequence <= position || pair.key != keys.log(sequence)) return strange_answer();
      if (stored.removed < stretch.removed) return strange_answer();
      if (stored.removed > stretch.removed) return Read(stored.removed);
      if (sequence != position + 1) {
        // What was read before went meanwhile, too.
        history.complete = false;
        history.records.clear();
      }
      position = sequence;
      history.records.push_back(stored.shown());
    }
    more = range->more && !range->pairs.empty();
  }
  history.complete = history.complete && !more;
  return Read(std::move(history));
}

Result<SharedRegister::Page> EtcdRegister::State::list(const std::optional<Hash>& after,
                                                       std::size_t limit, const Context& context) {
  Page page;
  const std::string& prefix = caller_->address().prefix();
  Bytes begin = etcd::heads_begin(prefix, after);
  bool more = true;
  while (more && page.entries.size() < limit) {
    // Removed subjects take none of the limit.
    const std::size_t wanted = std::min(kPageRecords, limit - page.entries.size());
    auto answer = caller_->call(etcd::kRangePath,
                                etcd::print_range(begin, etcd::heads_end(prefix), wanted), context);
    if (!answer) return fail(std::move(answer).error().error);
    auto range = etcd::parse_range(answer->body);
    if (!range || range->pairs.size() > wanted) return strange_answer();
    for (etcd::KeyValue& pair : range->pairs) {
      DIALOG_ASSIGN(const Subject subject, etcd::parse_subject(pair.value));
      if (pair.key != keys(subject).head() || pair.key < begin) return strange_answer();
      DIALOG_ASSIGN(const auto head, parse(std::move(pair.value), subject));
      if (auto record = record_of(head))
        page.entries.push_back({subject.id(), subject.did(), *std::move(record)});
      begin = etcd::heads_begin(prefix, subject.id());
    }
    more = range->more && !range->pairs.empty();
  }
  page.complete = !more;
  return page;
}

EtcdRegister::EtcdRegister(std::unique_ptr<State> state) : state_(std::move(state)) {}
EtcdRegister::~EtcdRegister() = default;

Result<std::unique_ptr<EtcdRegister>> EtcdRegister::create(EtcdAddress address, EtcdOptions options,
                                                           HttpTransport transport) {
  DIALOG_ASSIGN(auto caller,
                etcd::Caller::create(std::move(address), std::move(options), std::move(transport)));
  return std::unique_ptr<EtcdRegister>(
      new EtcdRegister(std::make_unique<State>(std::move(caller))));
}

Result<void> EtcdRegister::probe(const Context& context) {
  return state_->probe(state_->bounded(context));
}

Result<std::optional<HeadRecord>> EtcdRegister::read(const Subject& subject,
                                                     const Context& context) {
  DIALOG_ASSIGN(const auto head, state_->look(subject, state_->bounded(context)));
  DIALOG_TRY(check_present(head, subject));
  return record_of(head);
}

Result<Register::SwapOutcome> EtcdRegister::swap(const Subject& subject, const Swap& swap,
                                                 const Context& context) {
  if (swap.author.size() > wire::kAuthorBytesMax) {
    return fail(ErrorCode::too_large,
                "an author has at most " + std::to_string(wire::kAuthorBytesMax) + " bytes");
  }
  if (!is_utf8(swap.author)) {
    return fail(ErrorCode::invalid_argument, "an author in etcd is UTF-8");
  }
  const Next next = [&](const std::optional<StoredRecord>& head) -> std::optional<StoredRecord> {
    if ((head && head->removing) || !accepts(head, swap)) return std::nullopt;
    StoredRecord wanted = following(head);
    wanted.record.revision = swap.desired;
    wanted.record.time = swap.time;
    wanted.record.author = swap.author;
    return wanted;
  };
  DIALOG_ASSIGN(const auto changed, state_->change(subject, next, state_->bounded(context)));
  DIALOG_TRY(check_present(changed.head, subject));
  if (changed.made) return Accepted{changed.head->shown()};
  return Refused{record_of(changed.head)};
}

Result<bool> EtcdRegister::begin_removal(const Subject& subject, bool unpublished_too,
                                         const Context& context) {
  const Next next = [&](const std::optional<StoredRecord>& head) -> std::optional<StoredRecord> {
    if (head && head->removing) return std::nullopt;
    if ((!head || head->is_removal()) && !unpublished_too) return std::nullopt;
    StoredRecord wanted = following(head);
    wanted.record.time = state_->clock().wall();
    wanted.removed = wanted.record.sequence;
    wanted.removing = true;
    return wanted;
  };
  DIALOG_ASSIGN(const auto changed, state_->change(subject, next, state_->bounded(context)));
  return changed.head && changed.head->removing;
}

Result<void> EtcdRegister::end_removal(const Subject& subject, const Context& context) {
  const Next next = [&](const std::optional<StoredRecord>& head) -> std::optional<StoredRecord> {
    if (!head || !head->removing) return std::nullopt;
    StoredRecord wanted = following(head);
    wanted.record.time = head->record.time;
    wanted.removed = wanted.record.sequence;
    return wanted;
  };
  DIALOG_TRY(state_->change(subject, next, state_->bounded(context)));
  return {};
}

Result<HeadHistory> EtcdRegister::history(const Subject& subject, std::uint64_t after,
                                          std::size_t limit, const Context& context) {
  return state_->history(subject, after, limit, state_->bounded(context));
}

Result<SharedRegister::Page> EtcdRegister::list(const std::optional<Hash>& after, std::size_t limit,
                                                const Context& context) {
  return state_->list(after, limit, state_->bounded(context));
}

}  // namespace dialog
