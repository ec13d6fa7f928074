#include "layout.hpp"

#include "dialog/base/check.hpp"
#include "varint.hpp"

namespace dialog::detail {
namespace {

/// Zeros name no block and no value.
bool starts_with_zero_hash(ByteView in) { return in.starts_with(Hash{}.bytes()); }

}  // namespace

std::optional<PayloadExtent> leaf_payload(ByteView in) {
  ByteView rest = in;
  const auto header = take_varint(rest);
  if (!header) return std::nullopt;
  const std::uint64_t size = *header >> 1;
  std::size_t follows = 0;
  if ((*header & 1) == 0) {
    if (size > kTreeFormat.inline_value_bytes_max) return std::nullopt;
    follows = static_cast<std::size_t>(size);
  } else {
    if (size <= kTreeFormat.inline_value_bytes_max || size > kValueBytesMax) return std::nullopt;
    follows = size > kTreeFormat.value_chunk_bytes ? 2 * Hash::kSize : Hash::kSize;
  }
  if (rest.size() < follows) return std::nullopt;
  for (std::size_t at = 0; (*header & 1) != 0 && at < follows; at += Hash::kSize) {
    if (starts_with_zero_hash(rest.substr(at))) return std::nullopt;
  }
  return PayloadExtent{in.size() - rest.size() + follows, {1, size}};
}

std::optional<PayloadExtent> inner_payload(ByteView in) {
  if (in.size() < Hash::kSize || starts_with_zero_hash(in)) return std::nullopt;
  ByteView rest = in.substr(Hash::kSize);
  const auto entries = take_varint(rest);
  if (!entries || *entries == 0) return std::nullopt;
  const auto bytes = take_varint(rest);
  if (!bytes) return std::nullopt;
  return PayloadExtent{in.size() - rest.size(), {*entries, *bytes}};
}

void put_inline_value(Bytes& out, ByteView value) {
  put_varint(out, std::uint64_t{value.size()} << 1);
  out.append(value);
}

void put_child(Bytes& out, const Child& child) {
  out.append(child.hash.bytes());
  put_varint(out, child.size.entries);
  put_varint(out, child.size.bytes);
}

Child read_child(ByteView payload) {
  const auto hash = Hash::from_bytes(payload.substr(0, Hash::kSize));
  DIALOG_CHECK(hash, "the payload of a child was not checked");
  const char* at = payload.data() + Hash::kSize;
  Child child{*hash, {}};
  child.size.entries = take_checked_varint(at);
  child.size.bytes = take_checked_varint(at);
  return child;
}

bool add_size(TreeSize& sum, const TreeSize& more) {
  if (more.entries > UINT64_MAX - sum.entries || more.bytes > UINT64_MAX - sum.bytes) return false;
  sum.entries += more.entries;
  sum.bytes += more.bytes;
  return true;
}

}  // namespace dialog::detail
