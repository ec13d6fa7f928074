#include "dialog/identity/capability.hpp"

#include <algorithm>

#include "trimmed.hpp"

namespace dialog {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kHeadBytes = 1 + PublicKey::kSize;
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kGrantBytes = PublicKey::kSize + 1 + 8 + 8 + kNonceBytes;
constexpr std::size_t kLinkBytes = kGrantBytes + Signature::kSize;
static_assert(Capability::kBytesMax == kHeadBytes + Capability::kDepthMax * kLinkBytes);

// A key signs other things, too: none of them starts like this.
constexpr std::string_view kContext = "dialog capability 1\n";

// The end of the year 9999: no sum of two times exceeds any type.
constexpr std::chrono::seconds kTimeMax{253'402'300'799};

void append_seconds(Bytes& out, std::chrono::seconds time) {
  auto rest = static_cast<std::uint64_t>(time.count());
  for (int i = 0; i < 8; ++i, rest >>= 8U) out.push_back(static_cast<char>(rest & 0xffU));
}

std::uint64_t read_number(ByteView bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i > 0; --i)
    number = number << 8U | static_cast<std::uint8_t>(bytes[i - 1]);
  return number;
}

tl::unexpected<Error> bad(ErrorCode code, std::string what) {
  return fail(code, "the capability " + std::move(what));
}

Result<void> check_span(const Grant& grant, ErrorCode code) {
  if (grant.not_before < std::chrono::seconds::zero() || grant.expires > kTimeMax ||
      grant.expires <= grant.not_before) {
    return bad(code, "ends before it begins");
  }
  if (grant.expires - grant.not_before > Capability::kLifeMax)
    return bad(code, "lasts longer than 400 days");
  return {};
}

Result<void> check_link(const Grant& parent, const Grant& child, ErrorCode code) {
  if (child.access > parent.access) return bad(code, "allows more than the one that it stands on");
  if (child.not_before < parent.not_before || child.expires > parent.expires)
    return bad(code, "is valid at times when the one that it stands on is not");
  return {};
}

Bytes print_grant(const Grant& grant) {
  Bytes out(grant.audience.bytes());
  out.push_back(static_cast<char>(grant.access));
  append_seconds(out, grant.not_before);
  append_seconds(out, grant.expires);
  out.append(reinterpret_cast<const char*>(grant.nonce.data()), grant.nonce.size());
  return out;
}

Result<Grant> parse_grant(ByteView bytes) {
  const auto audience = PublicKey::from_bytes(bytes.substr(0, PublicKey::kSize));
  bytes.remove_prefix(PublicKey::kSize);
  const auto access = static_cast<std::uint8_t>(bytes.front());
  if (access != 1 && access != 2) return bad(ErrorCode::malformed, "allows what is not known");
  bytes.remove_prefix(1);
  const std::uint64_t not_before = read_number(bytes);
  const std::uint64_t expires = read_number(bytes.substr(8));
  constexpr auto kSecondsMax = static_cast<std::uint64_t>(kTimeMax.count());
  if (std::max(not_before, expires) > kSecondsMax)
    return bad(ErrorCode::malformed, "has a time beyond the year 9999");
  Grant grant{*audience,
              static_cast<CapabilityAccess>(access),
              std::chrono::seconds(static_cast<std::int64_t>(not_before)),
              std::chrono::seconds(static_cast<std::int64_t>(expires)),
              {}};
  std::copy_n(bytes.begin() + 16, kNonceBytes, grant.nonce.begin());
  return grant;
}

}  // namespace

std::string_view to_string(CapabilityAccess access) {
  return access == CapabilityAccess::write ? "write" : "read";
}

// What the issuer of a link signs: everything before the signature itself, and so all earlier links
// with theirs.
Bytes Capability::signed_text(std::size_t link) const {
  Bytes text(kContext);
  text.append(bytes_, 0, kHeadBytes + link * kLinkBytes + kGrantBytes);
  return text;
}

Result<Capability> Capability::extended(Capability capability, const SecretKey& issuer,
                                        const Grant& grant) {
  constexpr ErrorCode kCode = ErrorCode::invalid_argument;
  DIALOG_TRY(check_span(grant, kCode));
  if (!capability.grants_.empty()) DIALOG_TRY(check_link(capability.grants_.back(), grant, kCode));
  capability.grants_.push_back(grant);
  capability.bytes_ += print_grant(grant);
  capability.bytes_ += issuer.sign(capability.signed_text(capability.grants_.size() - 1)).bytes();
  return capability;
}

Result<Capability> Capability::issue(const SecretKey& subject, const Grant& grant) {
  const PublicKey key = subject.public_key();
  Bytes head(1, kVersion);
  head += key.bytes();
  return extended(Capability(key, std::move(head)), subject, grant);
}

Result<Capability> Capability::hand_on(const SecretKey& holder, const Grant& grant) const {
  if (holder.public_key() != audience())
    return bad(ErrorCode::invalid_argument, "was given to another key than this one");
  if (grants_.size() == kDepthMax) {
    return bad(ErrorCode::invalid_argument,
               "was handed on " + std::to_string(kDepthMax) + " times already; no more is allowed");
  }
  return extended(*this, holder, grant);
}

Result<Capability> Capability::decode(ByteView bytes) {
  if (bytes.size() > kBytesMax) {
    return bad(ErrorCode::too_large,
               "has more than " + std::to_string(kDepthMax) + " links, or bytes behind them");
  }
  if (bytes.size() < kHeadBytes + kLinkBytes || (bytes.size() - kHeadBytes) % kLinkBytes != 0)
    return bad(ErrorCode::malformed, "has a length that none has");
  if (bytes.front() != kVersion) return bad(ErrorCode::malformed, "is of an unknown version");
  Capability capability(*PublicKey::from_bytes(bytes.substr(1, PublicKey::kSize)), Bytes(bytes));
  for (ByteView rest = bytes.substr(kHeadBytes); !rest.empty(); rest.remove_prefix(kLinkBytes)) {
    DIALOG_ASSIGN(const Grant grant, parse_grant(rest.substr(0, kGrantBytes)));
    DIALOG_TRY(check_span(grant, ErrorCode::malformed));
    if (!capability.grants_.empty())
      DIALOG_TRY(check_link(capability.grants_.back(), grant, ErrorCode::malformed));
    capability.grants_.push_back(grant);
  }
  return capability;
}

Result<Capability> Capability::from_text(std::string_view text) {
  text = trimmed(text);
  if (text.size() > kTextBytesMax) return bad(ErrorCode::too_large, "is longer than any");
  const auto bytes = from_base64(text);
  if (!bytes) return bad(ErrorCode::malformed, "is not written in base64");
  return decode(*bytes);
}

bool Capability::verify() const {
  for (std::size_t link = 0; link < grants_.size(); ++link) {
    const auto signature = Signature::from_bytes(
        ByteView(bytes_).substr(kHeadBytes + link * kLinkBytes + kGrantBytes, Signature::kSize));
    if (!issuer(link).verify(signed_text(link), *signature)) return false;
  }
  return true;
}

Hash Capability::id(std::size_t link) const { return Hash::of(signed_text(link)); }

std::array<std::uint8_t, 16> grant_nonce(RandomSource& random) {
  std::array<std::uint8_t, kNonceBytes> nonce{};
  random.fill(nonce);
  return nonce;
}

}  // namespace dialog
