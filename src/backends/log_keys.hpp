#pragma once

#include <cstdint>

#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"
#include "lmdb_record.hpp"

/// The keys of a server's records in its log (docs/format/store.md).
namespace dialog::log_keys {

inline constexpr char kHead = 's';
inline constexpr char kHistory = 'h';

inline Bytes with_id(char kind, const Hash& id) { return Bytes(1, kind).append(id.bytes()); }

/// The latest swap of a subject.
inline Bytes head(const Hash& id) { return with_id(kHead, id); }

inline Bytes history_prefix(const Hash& id) { return with_id(kHistory, id); }
/// One swap of a subject.
inline Bytes history(const Hash& id, std::uint64_t sequence) {
  Bytes key = history_prefix(id);
  lmdb::append_u64(key, sequence);
  return key;
}
inline std::uint64_t sequence_of(ByteView history_key) {
  return lmdb::read_u64(history_key.substr(history_key.size() - sizeof(std::uint64_t)));
}

inline constexpr char kSpace = 'b';
inline constexpr char kQuota = 'q';
inline constexpr char kLeftSpace = 'x';

/// The subject that a head, a space or a quota is of.
inline Hash id_of(ByteView key) { return *Hash::from_bytes(key.substr(1, Hash::kSize)); }
/// What a subject has revoked.
inline Bytes revocations(const Hash& id) { return with_id('r', id); }

/// The space that holds a subject's blocks.
inline Bytes space(const Hash& id) { return with_id(kSpace, id); }
inline Bytes quota(const Hash& id) { return with_id(kQuota, id); }
/// A space that belonged to a subject which was removed.
inline Bytes left_space(std::uint32_t space) {
  Bytes key(1, kLeftSpace);
  lmdb::append_u32(key, space);
  return key;
}
/// The space that the next subject gets.
inline Bytes next_space() { return "n"; }

}  // namespace dialog::log_keys
