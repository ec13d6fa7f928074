#include "head_review.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "seeded_bugs.hpp"

namespace dialog {
namespace {

constexpr std::uint32_t kHistoryPagesMax = 16;

Result<void> check_reset(const RemoteTracking& tracking) {
  if (!tracking.has_seen_head() || DIALOG_BUG(gone_is_empty)) return {};
  Revision last = tracking.fetched ? tracking.fetched->revision : tracking.origin;
  if (tracking.shown) last = tracking.shown->revision;
  return fail(ErrorCode::remote_reset,
              "the remote had revision " + last.hex() +
                  " and now has none; nothing was changed here. Check the remote's address; to "
                  "publish there "
                  "again, forget what this branch knows of the remote and push");
}

Result<void> check_rollback(const RemoteTracking& tracking, const Head& head) {
  const std::optional<Head> last = tracking.newest_head();
  if (!last || !head.sequence || DIALOG_BUG(rollback_goes_unnoticed)) return {};
  if (*head.sequence > *last->sequence || head == *last) return {};
  return fail(
      ErrorCode::rollback,
      "the remote shows revision " + head.revision.hex() + " as its number " +
          std::to_string(*head.sequence) + ", but had shown " + last->revision.hex() +
          " as number " + std::to_string(*last->sequence) +
          "; nothing was changed here. It may have been restored from an old copy: once that is "
          "clear, forget what this branch knows of the remote and pull");
}

/// True where the register certainly is where it was before any outstanding swap.
bool has_not_moved(const RemoteTracking& tracking, const Head& head) {
  if (head.revision != tracking.origin) return false;
  return std::all_of(tracking.intents.begin(), tracking.intents.end(),
                     [&](const SwapIntent& intent) {
                       // Without numbers, a register that went away and came back looks like one
                       // that stayed.
                       return !head.sequence || !intent.expected_sequence ||
                              *head.sequence == *intent.expected_sequence;
                     });
}

/// The first number that matters; absent where an intent carries none, so that an older swap of the
/// same two revisions could be taken for it.
std::optional<std::uint64_t> first_sequence(const std::vector<SwapIntent>& intents) {
  std::optional<std::uint64_t> first;
  for (const SwapIntent& intent : intents) {
    if (!intent.expected_sequence) return std::nullopt;
    first = first ? std::min(*first, *intent.expected_sequence) : *intent.expected_sequence;
  }
  return first;
}

/// True where the records follow each other without a gap, from the first one asked for.
bool is_unbroken(const KnownHistory& known) {
  std::uint64_t last = known.after;
  const HeadRecord* before = nullptr;
  for (const HeadRecord& record : known.history.records) {
    if (record.sequence != last + 1) return false;
    if (before != nullptr && record.previous != before->revision) return false;
    last = record.sequence;
    before = &record;
  }
  return true;
}

struct Found {
  SwapIntent intent;
  std::uint64_t sequence;
};

/// The latest accepted swap that is one of the outstanding ones.
std::optional<Found> find_accepted(const std::vector<SwapIntent>& intents,
                                   const HeadHistory& history) {
  std::optional<Found> latest;
  for (const HeadRecord& record : history.records) {
    for (const SwapIntent& intent : intents) {
      const bool is_it = record.revision == intent.desired && record.previous == intent.expected &&
                         intent.expected_sequence && record.sequence > *intent.expected_sequence;
      if (is_it) latest = Found{intent, record.sequence};
    }
  }
  return latest;
}

/// The newest head is origin again, or still.
void be_at_origin(RemoteTracking& tracking, const Head& head) {
  tracking.sequence = head.sequence;
  tracking.shown.reset();
}

/// None of the outstanding swaps was accepted before `head`.
HeadReview not_accepted(Settlement settlement, const Head& head) {
  RemoteTracking& tracking = settlement.tracking;
  if (head.revision != tracking.origin) {
    tracking.intents.clear();
    return settlement;
  }
  // The register is where the swaps expect it again, and any may still be accepted.
  be_at_origin(tracking, head);
  for (SwapIntent& intent : tracking.intents) intent.expected_sequence = head.sequence;
  return settlement;
}

/// Without a history, what was answered is all that counts.
HeadReview without_history(Settlement settlement, const Head& head) {
  for (const SwapIntent& intent : settlement.tracking.intents)
    if (intent.requests > 0) settlement.ambiguous.push_back(intent);
  if (settlement.ambiguous.empty()) return not_accepted(std::move(settlement), head);
  return settlement;
}

HeadReview consult_history(Settlement settlement, const Head& head, const KnownHistory& known) {
  RemoteTracking& tracking = settlement.tracking;
  const std::optional<std::uint64_t> first = first_sequence(tracking.intents);
  if (!first || !head.sequence || known.asked == KnownHistory::Asked::absent) {
    return without_history(std::move(settlement), head);
  }
  if (known.asked == KnownHistory::Asked::no) return NeedHistory{*first};

  const std::vector<HeadRecord>& records = known.history.records;
  const std::uint64_t reaches = records.empty() ? known.after : records.back().sequence;
  const bool unbroken = is_unbroken(known);
  const bool goes_on = unbroken && !records.empty() && reaches < *head.sequence;
  if (goes_on && known.pages < kHistoryPagesMax) return NeedHistory{reaches};

  if (const std::optional<Found> found = find_accepted(tracking.intents, known.history)) {
    // A base must not be newer than what is merged with it.
    if (found->sequence > *head.sequence) return NeedHead{};
    agree_on(tracking, Head{found->intent.desired, found->sequence});
    settlement.accepted = found->intent;
    return settlement;
  }
  if (!known.history.complete || !unbroken || reaches < *head.sequence) {
    return without_history(std::move(settlement), head);
  }
  return not_accepted(std::move(settlement), head);
}

}  // namespace

void KnownHistory::add(std::uint64_t asked_after, const HeadHistory& page) {
  if (asked != Asked::yes) {
    asked = Asked::yes;
    after = asked_after;
    history.records.clear();
  }
  // Only the latest page tells whether something is left out: one that merely ended early was
  // continued.
  history.complete = page.complete;
  for (const HeadRecord& record : page.records) {
    // Whatever else a register says of a swap would only take room.
    history.records.push_back({record.revision, record.previous, record.sequence, {}, {}});
  }
  ++pages;
}

bool take_head(std::optional<Head>& head, const Answer& answer) {
  if (const HeadIs* is = std::get_if<HeadIs>(&answer)) {
    head = is->head;
    return true;
  }
  if (!std::holds_alternative<HeadAbsent>(answer)) return false;
  head.reset();
  return true;
}

bool take_history(KnownHistory& known, const FetchHistory& asked, const Answer& answer) {
  if (const HistoryIs* is = std::get_if<HistoryIs>(&answer)) {
    known.add(asked.after, is->history);
    return true;
  }
  if (!std::holds_alternative<HistoryAbsent>(answer)) return false;
  known.asked = KnownHistory::Asked::absent;
  return true;
}

void agree_on(RemoteTracking& tracking, const Head& head) {
  const std::optional<Head> newest = tracking.newest_head();
  const bool is_past =
      tracking.fetched && head.sequence && tracking.fetched->sequence > head.sequence;
  if (!is_past) tracking.fetched = head;
  tracking.origin = head.revision;
  tracking.sequence = head.sequence;
  tracking.shown.reset();
  tracking.intents.clear();
  // Neither an answer without a number nor one about the past makes the greatest one forgotten.
  if (newest) note_shown(tracking, *newest);
  note_shown(tracking, head);
}

void note_fetched(RemoteTracking& tracking, const Head& head) {
  const std::optional<Head> newest = tracking.newest_head();
  tracking.fetched = head;
  tracking.shown.reset();
  if (newest) note_shown(tracking, *newest);
}

void note_shown(RemoteTracking& tracking, const Head& head) {
  const std::optional<Head> newest = tracking.newest_head();
  const bool is_newer = head.sequence && (!newest || *head.sequence > *newest->sequence);
  if (is_newer || !tracking.has_seen_head()) tracking.shown = head;
  if (head.sequence || head.revision.is_zero()) return;
  std::vector<Revision>& seen = tracking.seen;
  if (!seen.empty() && seen.back() == head.revision) return;
  std::erase(seen, head.revision);
  if (seen.size() >= kSeenRevisionsMax) seen.erase(seen.begin());
  seen.push_back(head.revision);
}

Result<HeadReview> review_head(const SyncState& state, const std::optional<Head>& head,
                               const KnownHistory& known) {
  Settlement settlement;
  settlement.tracking = state.tracking;
  RemoteTracking& tracking = settlement.tracking;
  if (!head) {
    DIALOG_TRY(check_reset(tracking));
    return settlement;
  }
  DIALOG_TRY(check_rollback(tracking, *head));

  const bool is_known =
      std::find(tracking.seen.begin(), tracking.seen.end(), head->revision) != tracking.seen.end();
  settlement.seen_before = !head->sequence && head->revision != tracking.origin && is_known;

  const auto intent =
      std::find_if(tracking.intents.begin(), tracking.intents.end(),
                   [&](const SwapIntent& each) { return each.desired == head->revision; });
  if (intent != tracking.intents.end()) {
    settlement.accepted = *intent;
    settlement.seen_before = false;
    agree_on(tracking, *head);
    return settlement;
  }
  if (has_not_moved(tracking, *head)) {
    if (head->sequence) be_at_origin(tracking, *head);
    note_shown(tracking, *head);
    return settlement;
  }
  // At the origin a swap may still arrive, whatever the branch has become since.
  if (head->revision == state.current && head->revision != tracking.origin) {
    agree_on(tracking, *head);
    return settlement;
  }
  note_shown(tracking, *head);
  if (tracking.intents.empty()) return settlement;
  return consult_history(std::move(settlement), *head, known);
}

}  // namespace dialog
