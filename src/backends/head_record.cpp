#include "head_record.hpp"

#include <cstdint>

#include "lmdb_record.hpp"

namespace dialog {
namespace {

constexpr std::size_t kFixedBytes = 2 * Hash::kSize + 8 + 8 + 2;

}  // namespace

Bytes print_head(const HeadRecord& record, std::string_view did) {
  Bytes body(record.revision.root().bytes());
  body.append(record.previous.root().bytes());
  lmdb::append_u64(body, record.sequence);
  lmdb::append_u64(body, static_cast<std::uint64_t>(record.time.count()));
  lmdb::append_u16(body, static_cast<std::uint16_t>(record.author.size()));
  body.append(record.author).append(did);
  return body;
}

Result<HeadRecord> parse_head(ByteView body, const std::string& what) {
  if (body.size() < kFixedBytes) return fail(ErrorCode::corrupt, what + " is too short");
  HeadRecord record;
  record.revision = Revision(*Hash::from_bytes(body.substr(0, Hash::kSize)));
  record.previous = Revision(*Hash::from_bytes(body.substr(Hash::kSize, Hash::kSize)));
  record.sequence = lmdb::read_u64(body.substr(2 * Hash::kSize));
  record.time =
      WallTime(static_cast<std::int64_t>(lmdb::read_u64(body.substr(2 * Hash::kSize + 8))));
  const std::size_t author = lmdb::read_u16(body.substr(kFixedBytes - 2));
  if (body.size() < kFixedBytes + author) return fail(ErrorCode::corrupt, what + " is too short");
  record.author = Bytes(body.substr(kFixedBytes, author));
  return record;
}

std::size_t head_bytes(ByteView body) {
  return kFixedBytes + lmdb::read_u16(body.substr(kFixedBytes - 2));
}

// A log has more to say behind a NUL.
std::string did_of_head(ByteView body) {
  const ByteView rest = body.substr(head_bytes(body));
  return std::string(rest.substr(0, rest.find('\0')));
}

Result<void> check_author(std::string_view author) {
  if (author.size() <= kAuthorBytesMax) return {};
  return fail(ErrorCode::too_large,
              "an author has at most " + std::to_string(kAuthorBytesMax) + " bytes");
}

}  // namespace dialog
