#include "log_history.hpp"

#include <utility>

#include "head_record.hpp"
#include "lmdb_record.hpp"

namespace dialog {
namespace {

// A page's swaps, and what they take where authors are long.
constexpr std::size_t kPageSwaps = 8;
constexpr std::size_t kPageBytes = 1024;
constexpr std::size_t kLaterBytes = Hash::kSize + 8 + 2;  // and the author

void append_later(Bytes& out, const HeadRecord& swap) {
  out.append(swap.revision.root().bytes());
  lmdb::append_u64(out, static_cast<std::uint64_t>(swap.time.count()));
  lmdb::append_u16(out, static_cast<std::uint16_t>(swap.author.size()));
  out.append(swap.author);
}

// What a swap tells that follows another one; its revision before and its number follow from that.
std::optional<HeadRecord> take_later(ByteView& bytes, const HeadRecord& before) {
  if (bytes.size() < kLaterBytes) return std::nullopt;
  HeadRecord swap;
  swap.revision = Revision(*Hash::from_bytes(bytes.substr(0, Hash::kSize)));
  swap.previous = before.revision;
  swap.sequence = before.sequence + 1;
  swap.time = WallTime(static_cast<std::int64_t>(lmdb::read_u64(bytes.substr(Hash::kSize))));
  const std::size_t author = lmdb::read_u16(bytes.substr(kLaterBytes - 2));
  if (bytes.size() < kLaterBytes + author) return std::nullopt;
  swap.author = Bytes(bytes.substr(kLaterBytes, author));
  bytes.remove_prefix(kLaterBytes + author);
  return swap;
}

}  // namespace

bool SubjectHead::is_full() const {
  std::size_t bytes = 0;
  for (const HeadRecord& swap : recent) bytes += kLaterBytes + swap.author.size();
  return recent.size() >= kPageSwaps || bytes >= kPageBytes;
}

Bytes print_page(std::span<const HeadRecord> swaps) {
  Bytes out = print_head(swaps.front(), {});
  for (const HeadRecord& swap : swaps.subspan(1)) append_later(out, swap);
  return out;
}

Result<std::vector<HeadRecord>> parse_page(ByteView stored, const std::string& what) {
  std::vector<HeadRecord> swaps(1);
  DIALOG_ASSIGN(swaps.front(), parse_head(stored, what));
  stored.remove_prefix(head_bytes(stored));
  while (!stored.empty()) {
    auto swap = take_later(stored, swaps.back());
    if (!swap) return fail(ErrorCode::corrupt, what + " is cut off");
    swaps.push_back(*std::move(swap));
  }
  return swaps;
}

// A DID holds no NUL, so one behind it tells that there is more.
Bytes print_subject_head(const SubjectHead& head, std::string_view did) {
  Bytes out = print_head(head.latest, did);
  out.append(1, '\0');
  lmdb::append_u64(out, head.oldest);
  if (head.recent.size() > 1) {
    out.append(print_page(std::span(head.recent).first(head.recent.size() - 1)));
  }
  return out;
}

Result<SubjectHead> parse_subject_head(ByteView stored, const std::string& what) {
  SubjectHead head;
  DIALOG_ASSIGN(head.latest, parse_head(stored, what));
  const std::size_t end = stored.find('\0', head_bytes(stored));
  if (end == ByteView::npos) return head;
  stored.remove_prefix(end + 1);
  if (stored.size() < sizeof head.oldest) return fail(ErrorCode::corrupt, what + " is cut off");
  head.oldest = lmdb::read_u64(stored);
  stored.remove_prefix(sizeof head.oldest);
  if (!stored.empty()) {
    DIALOG_ASSIGN(head.recent, parse_page(stored, what));
    if (head.recent.back().sequence + 1 != head.latest.sequence) {
      return fail(ErrorCode::corrupt, what + " has a gap");
    }
  }
  head.recent.push_back(head.latest);
  return head;
}

}  // namespace dialog
