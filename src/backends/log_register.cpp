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

// A history that was kept longer under other options shrinks by so many pages with each new one.
constexpr int kForgottenMax = 16;
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
  const Bytes head_key = log_keys::head(subject.id());
  DIALOG_ASSIGN(const auto stored, engine_.read(head_key, View::submitted));
  std::optional<SubjectHead> head;
  if (stored && !stored->empty()) {
    DIALOG_ASSIGN(head, parse_subject_head(*stored, name_of(subject)));
  }
  const Revision current = head ? head->latest.revision : Revision();
  if (swap.must_create ? head.has_value() : current != swap.expected) {
    Refused refused;
    if (head) refused.actual = std::move(head->latest);
    DIALOG_ASSIGN(const auto durable, engine_.read(head_key, View::durable));
    if (durable == stored) return Begun{0, std::move(refused)};
    // Nobody may be told of what is not durable.
    DIALOG_ASSIGN(const auto number, engine_.submit({}, context));
    return Begun{*number, std::move(refused)};
  }
  const std::uint64_t sequence = head ? head->latest.sequence + 1 : 1;
  const HeadRecord record{swap.desired, current, sequence, swap.time, swap.author};
  if (!head) head.emplace();
  DIALOG_ASSIGN(std::vector<Change> changes, add_swap(subject, *head, record));
  changes.push_back({head_key, stored, print_subject_head(*head, subject.did())});
  DIALOG_ASSIGN(const auto number, submit(changes, context));
  if (!number) return std::nullopt;
  return Begun{*number, Accepted{record}};
}

Result<std::optional<std::uint64_t>> LogRegister::submit(const std::vector<Change>& changes,
                                                         const Context& context) {
  std::vector<store::RecordChange> views;
  views.reserve(changes.size());
  for (const Change& change : changes) {
    views.push_back({change.key, change.expected, change.desired});
  }
  return engine_.submit(views, context);
}

// What changes beside the head.
Result<std::vector<LogRegister::Change>> LogRegister::add_swap(const Subject& subject,
                                                               SubjectHead& head,
                                                               const HeadRecord& record) {
  std::vector<Change> changes;
  if (record.sequence == 1) {
    // What a removed subject had may be back with an index that was made anew.
    const Bytes prefix = log_keys::history_prefix(subject.id());
    store::Engine::Listing listing;
    listing.prefix = prefix;
    DIALOG_ASSIGN(auto old, engine_.list(listing, View::submitted));
    for (store::Record& gone : old) {
      changes.push_back({std::move(gone.key), std::move(gone.value), std::nullopt});
    }
    head.oldest = 1;
  } else if (head.oldest == 0) {
    DIALOG_ASSIGN(head.oldest, oldest_page(subject.id(), record.sequence, View::submitted));
  }
  if (head.is_full()) DIALOG_TRY(make_page(subject, head, changes));
  head.recent.push_back(record);
  head.latest = record;
  return changes;
}

// Of the recent swaps; and forgets pages that are not kept any more, one as a rule.
Result<void> LogRegister::make_page(const Subject& subject, SubjectHead& head,
                                    std::vector<Change>& changes) {
  const Hash id = subject.id();
  const std::uint64_t first = head.recent.front().sequence;
  const Bytes key = log_keys::history(id, first);
  DIALOG_ASSIGN(auto present, engine_.read(key, View::submitted));
  changes.push_back({key, std::move(present), print_page(head.recent)});
  for (int i = 0; i < kForgottenMax && head.oldest < first; ++i) {
    DIALOG_ASSIGN(auto old, page_at(subject, head.oldest, View::submitted));
    if (!old) {
      DIALOG_ASSIGN(head.oldest, oldest_page(id, first, View::submitted));
      continue;
    }
    if (old->last + history_kept_ > head.latest.sequence) break;
    changes.push_back({log_keys::history(id, head.oldest), std::move(old->stored), std::nullopt});
    head.oldest = old->last + 1;
  }
  head.recent.clear();
  return {};
}

Result<std::optional<LogRegister::Page>> LogRegister::page_at(const Subject& subject,
                                                              std::uint64_t first, View view) {
  DIALOG_ASSIGN(auto stored, engine_.read(log_keys::history(subject.id(), first), view));
  if (!stored) return std::nullopt;
  Page page;
  DIALOG_ASSIGN(page.swaps, parse_page(*stored, name_of(subject)));
  page.last = page.swaps.back().sequence;
  if (page.swaps.front().sequence != first || page.last < first) {
    return fail(ErrorCode::corrupt, "a page of " + name_of(subject) + " is another one");
  }
  page.stored = *std::move(stored);
  return page;
}

// The number of its first swap.
Result<std::uint64_t> LogRegister::oldest_page(const Hash& id, std::uint64_t otherwise, View view) {
  const Bytes prefix = log_keys::history_prefix(id);
  store::Engine::Listing listing;
  listing.prefix = prefix;
  listing.limit = 1;
  DIALOG_ASSIGN(const auto found, engine_.list(listing, view));
  return found.empty() ? otherwise : log_keys::sequence_of(found.front().key);
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

template <class Visit>
Result<void> LogRegister::each_of(char kind, Visit visit) {
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
      if (!record.value.empty()) visit(record.value, "record " + to_hex(record.key));
    }
    if (!found.empty()) after = found.back().key;
  } while (found.size() == kCheckedAtOnce);
  return {};
}

Result<ServerStore::Checked> LogRegister::check(const std::function<void(Error fault)>& on_fault) {
  ServerStore::Checked checked;
  DIALOG_TRY(each_of(log_keys::kHead, [&](const Bytes& stored, const std::string& what) {
    ++checked.subjects;
    const auto head = parse_subject_head(stored, what);
    if (!head) return on_fault(head.error());
    checked.swaps += head->recent.size();
  }));
  DIALOG_TRY(each_of(log_keys::kHistory, [&](const Bytes& stored, const std::string& what) {
    const auto page = parse_page(stored, what);
    if (!page) return on_fault(page.error());
    checked.swaps += page->size();
  }));
  return checked;
}

Result<HeadHistory> LogRegister::history(const Subject& subject, std::uint64_t after,
                                         std::size_t limit, const Context& context) {
  while (true) {
    DIALOG_TRY(check_context(context, clock_));
    DIALOG_ASSIGN(auto history, try_history(subject, after, limit));
    if (history) return *std::move(history);
  }
}

// Absent where pages were forgotten meanwhile. From page to page, as the head says where the first
// one is: others may be there that a removed subject left.
Result<std::optional<HeadHistory>> LogRegister::try_history(const Subject& subject,
                                                            std::uint64_t after,
                                                            std::size_t limit) {
  const Hash id = subject.id();
  const Bytes head_key = log_keys::head(id);
  DIALOG_ASSIGN(const auto stored, engine_.read(head_key, View::durable));
  HeadHistory history;
  if (!stored || stored->empty()) return history;
  DIALOG_ASSIGN(const SubjectHead head, parse_subject_head(*stored, name_of(subject)));
  const std::uint64_t latest = head.latest.sequence;
  if (after >= latest) return history;
  const std::uint64_t before = std::max(after, latest - std::min(history_kept_, latest));
  std::vector<HeadRecord>& records = history.records;
  const auto take = [&](const std::vector<HeadRecord>& swaps) {
    for (const HeadRecord& swap : swaps) {
      // One more than is wanted tells that there are more.
      if (swap.sequence > before && records.size() <= limit) records.push_back(swap);
    }
  };
  const std::uint64_t behind = head.recent.empty() ? latest + 1 : head.recent.front().sequence;
  if (before + 1 < behind) {
    std::uint64_t next = head.oldest;
    if (next == 0) {
      DIALOG_ASSIGN(next, oldest_page(id, behind, View::durable));
    }
    while (next < behind && records.size() <= limit) {
      DIALOG_ASSIGN(const auto page, page_at(subject, next, View::durable));
      if (!page) {
        DIALOG_ASSIGN(const auto now, engine_.read(head_key, View::durable));
        if (now != stored) return std::nullopt;
        return fail(ErrorCode::corrupt, name_of(subject) + " lacks a page of its history");
      }
      take(page->swaps);
      next = page->last + 1;
    }
  }
  take(head.recent);
  history.complete = records.size() <= limit && records.front().sequence == after + 1;
  if (records.size() > limit) records.pop_back();
  return history;
}

}  // namespace dialog
