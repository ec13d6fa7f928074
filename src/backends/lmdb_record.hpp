#pragma once

#include <cstdint>
#include <string>

#include "dialog/base/bytes.hpp"
#include "dialog/base/result.hpp"

namespace dialog::lmdb {

// All numbers are big-endian, so that keys sort by them.
void append_u16(Bytes& out, std::uint16_t number);
void append_u32(Bytes& out, std::uint32_t number);
void append_u64(Bytes& out, std::uint64_t number);
/// The caller has checked that enough bytes are there.
std::uint16_t read_u16(ByteView bytes);
std::uint32_t read_u32(ByteView bytes);
std::uint64_t read_u64(ByteView bytes);

/// A mutable record as it is stored: a checksum over key and body, then the body. Blocks need none:
/// their key is their hash.
Bytes seal(ByteView key, ByteView body);

/// The body, as a view into `stored`; `corrupt` where the checksum differs. `what` names the
/// record.
Result<ByteView> unseal(ByteView key, ByteView stored, const std::string& what);

}  // namespace dialog::lmdb
