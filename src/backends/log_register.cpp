#include "log_register.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "head_record.hpp"
#include "lmdb_record.hpp"
#include "log_keys.hpp"

namespace dialog {
namespace {

using store::View;

// A history that was kept longer under other options shrinks by so many records with each swap.
constexpr std::size_t kForgottenMax = 16;
constexpr std::size_t kCheckedAtOnce = 1000;

std::string name_of(const Subject& subject) { return "the head of " + subject.did(); }

Result<std::optional<HeadRecord>> parse(const std::optional<Bytes>& stored,
                                        const Subject& subject) {
  // Of a subject that was removed it is empty.
  if (!stored || stored->empty()) return std::nullopt;
  DIALOG_ASSIGN(HeadRecord record, parse_head(*stored, name_of(subject)));
  return record;
}

}  // namespace

Result<std::optional<HeadRecord>> LogRegister::read(const Subject& subject,
                                                    const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  DIALOG_ASSIGN(const auto stored, engine_.read(log_keys::head(subject.id()), View::durable));
  return parse(stored, subject);
}

Result<Register::SwapOutcome> LogRegister::swap(const Subject& subject, const Swap& swap,
                                                const Context& context) {
  DIALOG_ASSIGN(Begun begun, begin(subject, swap, context));
  return finish(subject, swap, std::move(begun));
}

std::vector<Result<Register::SwapOutcome>> LogRegister::swap_all(std::span<const Asked> swaps,
                                                                 const Context& context) {
  std::vector<Result<Begun>> begun;
  begun.reserve(swaps.size());
  for (const Asked& asked : swaps) begun.push_back(begin(asked.subject, asked.swap, context));
  std::vector<Result<SwapOutcome>> outcomes;
  outcomes.reserve(swaps.size());
  for (std::size_t i = 0; i < swaps.size(); ++i) {
    if (begun[i]) {
      outcomes.push_back(finish(swaps[i].subject, swaps[i].swap, *std::move(begun[i])));
    } else {
      outcomes.emplace_back(fail(std::move(begun[i]).error()));
    }
  }
  return outcomes;
}

Result<LogRegister::Begun> LogRegister::begin(const Subject& subject, const Swap& swap,
                                              const Context& context) {
  DIALOG_TRY(check_author(swap.author));
  while (true) {
    DIALOG_TRY(check_context(context, clock_));
    DIALOG_ASSIGN(auto begun, try_begin(subject, swap, context));
    if (begun) return *std::move(begun);
  }
}

// Absent where another swap came between.
Result<std::optional<LogRegister::Begun>> LogRegister::try_begin(const Subject& subject,
                                                                 const Swap& swap,
                                                                 const Context& context) {
  const Hash id = subject.id();
  const Bytes head_key = log_keys::head(id);
  DIALOG_ASSIGN(const auto stored, engine_.read(head_key, View::submitted));
  DIALOG_ASSIGN(std::optional<HeadRecord> latest, parse(stored, subject));
  const Revision current = latest ? latest->revision : Revision();
  if (swap.must_create ? latest.has_value() : current != swap.expected) {
    DIALOG_ASSIGN(const auto durable, engine_.read(head_key, View::durable));
    if (durable == stored) return Begun{0, Refused{std::move(latest)}};
    // Nobody may be told of what is not durable.
    DIALOG_ASSIGN(const auto number, engine_.submit({}, context));
    return Begun{*number, Refused{std::move(latest)}};
  }
  const std::uint64_t sequence = latest ? latest->sequence + 1 : 1;
  HeadRecord record{swap.desired, current, sequence, swap.time, swap.author};
  const Bytes head = print_head(record, subject.did());
  const Bytes past = print_head(record, {});
  const Bytes past_key = log_keys::history(id, sequence);
  DIALOG_ASSIGN(const std::vector<store::Record> old, forgotten(id, sequence));
  std::vector<store::RecordChange> changes;
  changes.push_back({head_key, stored, head});
  changes.push_back({past_key, std::nullopt, past});
  for (const store::Record& gone : old) {
    if (gone.key == past_key) {
      changes[1].expected = gone.value;
    } else {
      changes.push_back({gone.key, gone.value, std::nullopt});
    }
  }
  DIALOG_ASSIGN(const auto number, engine_.submit(changes, context));
  if (!number) return std::nullopt;
  return Begun{*number, Accepted{std::move(record)}};
}

// A loser is told of the latest that is durable by now, so that its next attempt is not stale
// already; of what it lost against where that is its expectation again.
Result<Register::SwapOutcome> LogRegister::finish(const Subject& subject, const Swap& swap,
                                                  Begun begun) {
  if (begun.number == 0) return std::move(begun.outcome);
  DIALOG_TRY(engine_.wait(begun.number));
  auto* const refused = std::get_if<Refused>(&begun.outcome);
  if (refused == nullptr) return std::move(begun.outcome);
  DIALOG_ASSIGN(const auto stored, engine_.read(log_keys::head(subject.id()), View::durable));
  DIALOG_ASSIGN(auto latest, parse(stored, subject));
  if (latest && (swap.must_create || latest->revision != swap.expected)) {
    refused->actual = std::move(latest);
  }
  return std::move(begun.outcome);
}

// The swaps of the history that are not kept any more once there is one more: one, as a rule, whose
// number is known. With the first one all that is there: what a removed subject had may be back
// with an index that was made anew.
Result<std::vector<store::Record>> LogRegister::forgotten(const Hash& id, std::uint64_t latest) {
  const Bytes prefix = log_keys::history_prefix(id);
  store::Engine::Listing listing;
  listing.prefix = prefix;
  if (latest == 1) return engine_.list(listing, View::submitted);
  std::vector<store::Record> records;
  const std::uint64_t kept = std::max<std::uint64_t>(1, history_kept_);
  if (latest <= kept) return records;
  const std::uint64_t newest = latest - kept;
  const Bytes key = log_keys::history(id, newest);
  DIALOG_ASSIGN(auto past, engine_.read(key, View::submitted));
  if (!past) return records;
  const Bytes before = log_keys::history(id, newest - 1);
  DIALOG_ASSIGN(const auto older, engine_.read(before, View::submitted));
  if (!older) {
    records.push_back({key, *std::move(past)});
    return records;
  }
  listing.limit = kForgottenMax;
  DIALOG_ASSIGN(records, engine_.list(listing, View::submitted));
  std::erase_if(records, [&](const store::Record& record) {
    return log_keys::sequence_of(record.key) > newest;
  });
  return records;
}

Result<std::uint64_t> LogRegister::check(char kind,
                                         const std::function<void(Error fault)>& on_fault) {
  std::uint64_t count = 0;
  const Bytes prefix(1, kind);
  Bytes after;
  std::vector<store::Record> found;
  do {
    store::Engine::Listing listing;
    listing.prefix = prefix;
    listing.after = after;
    listing.limit = kCheckedAtOnce;
    DIALOG_ASSIGN(found, engine_.list(listing, View::durable));
    for (const store::Record& record : found) {
      if (record.value.empty()) continue;
      const auto head = parse_head(record.value, "record " + to_hex(record.key));
      if (!head) on_fault(head.error());
      ++count;
    }
    if (!found.empty()) after = found.back().key;
  } while (found.size() == kCheckedAtOnce);
  return count;
}

Result<ServerStore::Checked> LogRegister::check(const std::function<void(Error fault)>& on_fault) {
  ServerStore::Checked checked;
  DIALOG_ASSIGN(checked.subjects, check(log_keys::kHead, on_fault));
  DIALOG_ASSIGN(checked.swaps, check(log_keys::kHistory, on_fault));
  return checked;
}

Result<HeadHistory> LogRegister::history(const Subject& subject, std::uint64_t after,
                                         std::size_t limit, const Context& context) {
  DIALOG_TRY(check_context(context, clock_));
  HeadHistory history;
  if (after == std::numeric_limits<std::uint64_t>::max()) return history;
  const Hash id = subject.id();
  DIALOG_ASSIGN(const auto head, engine_.read(log_keys::head(id), View::durable));
  if (!head || head->empty()) return history;
  const Bytes prefix = log_keys::history_prefix(id);
  const Bytes after_key = log_keys::history(id, after);
  store::Engine::Listing listing;
  listing.prefix = prefix;
  listing.after = after_key;
  // One more than is wanted tells whether there are more.
  listing.limit = limit == SIZE_MAX ? limit : limit + 1;
  DIALOG_ASSIGN(const std::vector<store::Record> found, engine_.list(listing, View::durable));
  for (const store::Record& stored : found) {
    if (history.records.size() == limit) {
      history.complete = false;
      break;
    }
    DIALOG_ASSIGN(HeadRecord record, parse_head(stored.value, name_of(subject)));
    history.records.push_back(std::move(record));
  }
  if (!found.empty() && log_keys::sequence_of(found.front().key) > after + 1) {
    history.complete = false;
  }
  return history;
}

}  // namespace dialog
