#include "dialog/identity/did.hpp"

#include <algorithm>
#include <cstdint>

#include "dialog/base/check.hpp"
#include "dialog/base/limits.hpp"
#include "dialog/identity/base58.hpp"

namespace dialog {
namespace {

constexpr std::string_view kScheme = "did:";
constexpr std::string_view kKeyMethod = "key";
// The multicodec ed25519-pub (0xed) as an unsigned varint.
constexpr std::string_view kEd25519Codec = "\xed\x01";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_id_character(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

tl::unexpected<Error> refuse(const std::string& reason) {
  return fail(ErrorCode::invalid_argument, "not a DID: " + reason);
}

// Segments of identifier characters and percent escapes between colons, the last of them not empty.
Result<void> check_id(std::string_view id) {
  if (id.empty()) return refuse("nothing follows the method");
  if (id.back() == ':') return refuse("it ends with a colon");
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (id[i] == ':' || is_id_character(id[i])) continue;
    if (id[i] != '%') {
      return refuse("character " + std::to_string(i + 1) + " of its identifier is not allowed");
    }
    if (id.size() - i < 3 || !is_hex_digit(id[i + 1]) || !is_hex_digit(id[i + 2])) {
      return refuse("a percent sign without two hex digits");
    }
    i += 2;
  }
  return {};
}

// The length of the varint (of the multiformats: at most nine bytes, none too many) that `bytes`
// begin with. A zero byte ends none of them: it would be one byte too many, or the code of no kind
// of key.
std::optional<std::size_t> varint_length(ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size() && i < 9; ++i) {
    const auto octet = static_cast<std::uint8_t>(bytes[i]);
    if (octet == 0) return std::nullopt;
    if (octet < 0x80) return i + 1;
  }
  return std::nullopt;
}

// Keys of other kinds than Ed25519 are fine as names; only what all kinds share is checked.
Result<void> check_key_id(std::string_view id) {
  if (id.front() != 'z') return refuse("a did:key goes on with \"z\", for base58");
  const auto bytes = from_base58(id.substr(1));
  if (!bytes) return refuse("its key has characters that are not of base58");
  DIALOG_CHECK(to_base58(*bytes) == id.substr(1), "base58 has one text for each byte string");
  const auto codec = varint_length(*bytes);
  if (!codec) return refuse("its key has no well-formed multicodec");
  const std::size_t key_size = bytes->size() - *codec;
  if (key_size == 0) return refuse("its key is empty");
  if (bytes->starts_with(kEd25519Codec) && key_size != PublicKey::kSize) {
    return refuse("its Ed25519 key has " + std::to_string(key_size) + " bytes instead of 32");
  }
  return {};
}

}  // namespace

Result<Did> Did::parse(std::string_view text) {
  if (text.size() > kSubjectBytesMax) {
    return refuse("it has " + std::to_string(text.size()) + " bytes; at most " +
                  std::to_string(kSubjectBytesMax) + " are allowed");
  }
  if (!text.starts_with(kScheme)) return refuse("it does not start with \"did:\"");
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return refuse("it has no method");
  const std::string_view method = rest.substr(0, colon);
  if (method.empty() || !std::all_of(method.begin(), method.end(), is_lower_or_digit)) {
    return refuse("its method must be lowercase letters and digits");
  }
  const std::string_view id = rest.substr(colon + 1);
  DIALOG_TRY(check_id(id));
  if (method == kKeyMethod) DIALOG_TRY(check_key_id(id));
  return Did(std::string(text));
}

Did Did::of(const PublicKey& key) {
  Bytes bytes(kEd25519Codec);
  bytes += key.bytes();
  return Did("did:key:z" + to_base58(bytes));
}

std::string_view Did::method() const {
  const std::string_view rest = std::string_view(text_).substr(kScheme.size());
  return rest.substr(0, rest.find(':'));
}

std::string_view Did::id() const {
  return std::string_view(text_).substr(kScheme.size() + method().size() + 1);
}

std::optional<PublicKey> Did::key() const {
  if (method() != kKeyMethod) return std::nullopt;
  const auto bytes = from_base58(id().substr(1));
  if (!bytes || !bytes->starts_with(kEd25519Codec)) return std::nullopt;
  return PublicKey::from_bytes(ByteView(*bytes).substr(kEd25519Codec.size()));
}

}  // namespace dialog
