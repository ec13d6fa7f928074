#include "head_object.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "dialog/http/json.hpp"
#include "dialog/http/limits.hpp"

namespace dialog::detail {
namespace {

constexpr std::uint64_t kVersion = 1;
// What one swap takes beside its author: names, digits and punctuation included.
constexpr std::size_t kSwapBytes = 200;
// An author's bytes may each be written as an escape of six.
constexpr std::size_t kEscapeBytes = 6;

std::size_t bytes_of(const KeptSwap& swap) {
  return kSwapBytes + kEscapeBytes * swap.record.author.size();
}

void print_swap(json::Value& into, const KeptSwap& swap) {
  into["previous"] = swap.record.previous.hex();
  into["time_ms"] = swap.record.time.count();
  into["author"] = swap.record.author;
  into["swap"] = swap.id;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
}

// All but the sequence number.
std::optional<KeptSwap> parse_swap(const json::Value& value, const Revision& revision) {
  const auto previous = json::revision_member(value, "previous");
  const auto time = json::number_member(value, "time_ms");
  const std::string* const author = json::string_member(value, "author");
  const std::string* const id = json::string_member(value, "swap");
  constexpr auto kTimeMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!previous || !time || *time > kTimeMax || !author || author->size() > wire::kAuthorBytesMax ||
      !id || !is_id(*id)) {
    return std::nullopt;
  }
  return KeptSwap{{revision, *previous, 0, WallTime(static_cast<std::int64_t>(*time)), *author},
                  *id};
}

std::optional<HeadObject> parse_swaps(const json::Value& value) {
  const auto revision = json::revision_member(value, "revision");
  const auto sequence = json::number_member(value, "sequence");
  const json::Value* const earlier = json::member(value, "earlier");
  const auto removed = json::member(value, "removed") ? json::number_member(value, "removed") : 0;
  if (!revision || !sequence || *sequence == 0 || !earlier || !earlier->is_array() || !removed ||
      *removed > *sequence)
    return std::nullopt;
  // A removal leaves nothing before it, and what follows begins behind it.
  const bool is_removal = *removed == *sequence;
  if (is_removal ? !earlier->empty() : *sequence - *removed <= earlier->size()) return std::nullopt;
  HeadObject head;
  head.removed = *removed;
  head.removing = is_removal && json::bool_member(value, "removing").value_or(false);
  auto swap = parse_swap(value, *revision);
  for (std::size_t i = 0;; ++i) {
    if (!swap) return std::nullopt;
    swap->record.sequence = *sequence - i;
    head.swaps.push_back(*std::move(swap));
    if (i == earlier->size()) return head;
    swap = parse_swap((*earlier)[i], head.swaps.back().record.previous);
  }
}

}  // namespace

const HeadRecord* HeadObject::find(std::string_view id) const {
  const auto found =
      std::find_if(swaps.begin(), swaps.end(), [&](const KeptSwap& each) { return each.id == id; });
  return found == swaps.end() ? nullptr : &found->record;
}

HeadRecord HeadObject::shown(const HeadRecord& record) const {
  HeadRecord shown = record;
  shown.sequence -= removed;
  return shown;
}

HeadHistory HeadObject::history(std::uint64_t after, std::size_t limit) const {
  HeadHistory history;
  if (is_removal() || after >= record().sequence - removed) return history;
  history.complete = reaches(after + removed);
  for (auto each = swaps.rbegin(); each != swaps.rend(); ++each) {
    if (each->record.sequence <= after + removed) continue;
    if (history.records.size() == limit) {
      history.complete = false;
      break;
    }
    history.records.push_back(shown(each->record));
  }
  return history;
}

HeadObject next_head(const HeadObject* before, const Register::Swap& swap, std::string id) {
  HeadObject head;
  const std::uint64_t sequence = before ? before->record().sequence + 1 : 1;
  const bool has_previous = before != nullptr && !before->is_removal();
  const Revision previous = has_previous ? before->record().revision : Revision();
  head.removed = before ? before->removed : 0;
  // No clock that runs before 1970 may leave what nobody reads.
  const WallTime time = std::max(swap.time, WallTime(0));
  head.swaps.push_back({{swap.desired, previous, sequence, time, swap.author}, std::move(id)});
  if (!has_previous) return head;
  std::size_t bytes = bytes_of(head.swaps.front());
  for (const KeptSwap& each : before->swaps) {
    bytes += bytes_of(each);
    if (head.swaps.size() == kHeadSwapsMax || bytes > kHeadBytesMax) break;
    head.swaps.push_back(each);
  }
  return head;
}

HeadObject removed_head(const HeadObject* before, bool removing, WallTime time, std::string id) {
  const std::uint64_t sequence = before ? before->record().sequence + 1 : 1;
  const Revision previous =
      before != nullptr && !before->is_removal() ? before->record().revision : Revision();
  HeadObject head;
  head.swaps.push_back(
      {{Revision(), previous, sequence, std::max(time, WallTime(0)), ""}, std::move(id)});
  head.removed = sequence;
  head.removing = removing;
  return head;
}

std::string print_head(const HeadObject& head, const Subject& subject) {
  json::Value value{{"version", kVersion},
                    {"subject", subject.did()},
                    {"revision", head.record().revision.hex()},
                    {"sequence", head.record().sequence}};
  print_swap(value, head.swaps.front());
  json::Value earlier = json::Value::array();
  for (std::size_t i = 1; i < head.swaps.size(); ++i) {
    json::Value each = json::Value::object();
    print_swap(each, head.swaps[i]);
    earlier.push_back(std::move(each));
  }
  value["earlier"] = std::move(earlier);
  if (head.removed != 0) value["removed"] = head.removed;
  if (head.removing) value["removing"] = true;
  return json::print(value);
}

Result<Subject> parse_head_subject(std::string_view text) {
  const json::Value value = json::parse(text);
  const std::string* const named = json::string_member(value, "subject");
  if (named == nullptr)
    return fail(ErrorCode::corrupt, "what lies among the heads of a bucket is no head");
  return Subject::parse(*named);
}

Result<HeadObject> parse_head(std::string_view text, const Subject& subject) {
  const json::Value value = json::parse(text);
  const auto version = json::number_member(value, "version");
  if (version && *version > kVersion) {
    return fail(ErrorCode::unsupported,
                "the head of " + subject.did() + " was written by a newer version of this program");
  }
  const std::string* const named = json::string_member(value, "subject");
  auto head =
      version == kVersion && named && *named == subject.did() ? parse_swaps(value) : std::nullopt;
  if (!head) {
    return fail(ErrorCode::corrupt, "what lies where the head of " + subject.did() +
                                        " belongs is no head of it: restore the object");
  }
  return *std::move(head);
}

}  // namespace dialog::detail
