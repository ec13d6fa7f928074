#include <limits>
#include <utility>

#include "dialog/base/limits.hpp"
#include "records.hpp"

namespace dialog::records {
namespace {

constexpr char kEditsVersion = 1;
// A move that builds has no record of its own; its part of the history begins unlike any record.
constexpr char kBuiltMove = 0;
constexpr std::size_t kHeaderBytes = 1 + Hash::kSize + 4;
constexpr std::size_t kEditBytes = 2 + 4;
constexpr std::uint32_t kDeleted = std::numeric_limits<std::uint32_t>::max();

void put_number(Bytes& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i, number >>= 8U) out.push_back(static_cast<char>(number));
}

/// Takes bytes off the front; remembers whether there were enough.
class Taker {
 public:
  explicit Taker(ByteView bytes) : left_(bytes) {}

  ByteView bytes(std::size_t count) {
    if (count > left_.size()) {
      is_sound_ = false;
      count = 0;
    }
    const ByteView taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::uint32_t number(std::size_t count) {
    std::uint32_t number = 0;
    unsigned shift = 0;
    for (const char byte : bytes(count)) {
      number |= std::uint32_t{static_cast<std::uint8_t>(byte)} << shift;
      shift += 8;
    }
    return number;
  }
  [[nodiscard]] bool is_sound() const { return is_sound_; }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  ByteView left_;
  bool is_sound_ = true;
};

tl::unexpected<Error> damaged(std::string_view key, const char* what) {
  return dialog::fail(ErrorCode::corrupt,
                      "record " + std::string(key) + " of the repository cannot be read: " + what);
}

}  // namespace

std::size_t encoded_edits_bytes(const Edits& edits) {
  std::size_t bytes = kHeaderBytes;
  for (const auto& [key, value] : edits)
    bytes += kEditBytes + key.size() + (value ? value->size() : 0);
  return bytes;
}

Bytes encode_edits(const Hash& before, const Edits& edits) {
  Bytes out;
  out.reserve(encoded_edits_bytes(edits));
  out.push_back(kEditsVersion);
  out += before.bytes();
  put_number(out, edits.size(), 4);
  for (const auto& [key, value] : edits) {
    put_number(out, key.size(), 2);
    put_number(out, value ? value->size() : kDeleted, 4);
    out += key;
    if (value) out += *value;
  }
  return out;
}

Result<EditsRecord> decode_edits(std::string_view key, ByteView bytes) {
  Taker taker(bytes);
  const ByteView version = taker.bytes(1);
  if (!taker.is_sound()) return damaged(key, "it is empty");
  if (version[0] != kEditsVersion) {
    return dialog::fail(ErrorCode::unsupported,
                        "record " + std::string(key) + " has version " +
                            std::to_string(static_cast<unsigned char>(version[0])) +
                            "; this program reads version 1");
  }
  EditsRecord record;
  const std::optional<Hash> before = Hash::from_bytes(taker.bytes(Hash::kSize));
  const std::size_t count = taker.number(4);
  if (!taker.is_sound() || count > taker.left() / kEditBytes)
    return damaged(key, "it is cut short");
  record.before = *before;
  record.edits.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t key_bytes = taker.number(2);
    const std::uint32_t value_bytes = taker.number(4);
    EditView edit{taker.bytes(key_bytes), std::nullopt};
    if (value_bytes != kDeleted) edit.value = taker.bytes(value_bytes);
    if (!taker.is_sound()) return damaged(key, "it is cut short");
    if (key_bytes > kKeyBytesMax || (edit.value && value_bytes > kValueBytesMax))
      return damaged(key, "a key or a value in it is too large");
    if (!record.edits.empty() && edit.key <= record.edits.back().key)
      return damaged(key, "its keys do not ascend");
    record.edits.push_back(edit);
  }
  if (taker.left() > 0) return damaged(key, "it goes on after its end");
  return record;
}

Hash history_after(const Hash& before, const Revision& revision) {
  Bytes move(1, kBuiltMove);
  move += before.bytes();
  move += revision.root().bytes();
  return Hash::of(move);
}

}  // namespace dialog::records
