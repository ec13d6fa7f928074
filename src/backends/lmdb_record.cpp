#include "lmdb_record.hpp"

#include "dialog/base/hash.hpp"

namespace dialog::lmdb {
namespace {

constexpr std::size_t kChecksumBytes = 8;

template <class Number>
void append(Bytes& out, Number number) {
  for (int shift = 8 * (int{sizeof number} - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

template <class Number>
Number read(ByteView bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = number << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return static_cast<Number>(number);
}

Bytes checksum(ByteView key, ByteView body) {
  Bytes length;
  append_u16(length, static_cast<std::uint16_t>(key.size()));
  Hasher hasher;
  hasher.update(length);
  hasher.update(key);
  hasher.update(body);
  return Bytes(hasher.finish().bytes().substr(0, kChecksumBytes));
}

}  // namespace

void append_u16(Bytes& out, std::uint16_t number) { append(out, number); }
void append_u32(Bytes& out, std::uint32_t number) { append(out, number); }
void append_u64(Bytes& out, std::uint64_t number) { append(out, number); }
std::uint16_t read_u16(ByteView bytes) { return read<std::uint16_t>(bytes); }
std::uint32_t read_u32(ByteView bytes) { return read<std::uint32_t>(bytes); }
std::uint64_t read_u64(ByteView bytes) { return read<std::uint64_t>(bytes); }

Bytes seal(ByteView key, ByteView body) {
  Bytes stored = checksum(key, body);
  stored.append(body);
  return stored;
}

Result<ByteView> unseal(ByteView key, ByteView stored, const std::string& what) {
  if (stored.size() >= kChecksumBytes) {
    const ByteView body = stored.substr(kChecksumBytes);
    if (checksum(key, body) == stored.substr(0, kChecksumBytes)) return body;
  }
  return fail(ErrorCode::corrupt, what + " is damaged on disk");
}

}  // namespace dialog::lmdb
