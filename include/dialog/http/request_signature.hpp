#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dialog/http/message_signature.hpp"
#include "dialog/identity/did.hpp"
#include "dialog/identity/ed25519.hpp"

/// Requests that are signed by the Ed25519 key of a did:key, as docs/protocol/signatures.md
/// describes them.
namespace dialog::wire {

/// The field that carries a `Capability` as text.
inline constexpr std::string_view kCapabilityHeader = "Dialog-Capability";
/// Tells this protocol's signatures from those that others put beside them.
inline constexpr std::string_view kSignatureTag = "dialog-remote";
/// Between `created` and `expires`.
inline constexpr std::chrono::seconds kSignatureLifeMax{300};
/// How far ahead of the server's clock a signature may have been made.
inline constexpr std::chrono::seconds kSignatureSkewMax{60};
inline constexpr std::size_t kNonceBytesMin = 16;
inline constexpr std::size_t kNonceBytesMax = 128;
/// Of a challenge: what a server may ask a nonce to begin with.
inline constexpr std::size_t kChallengeBytesMax = 64;
/// Of `Signature-Input` and of `Signature`, each.
inline constexpr std::size_t kSignatureFieldBytesMax = 4096;

/// What a signed request says of its signature; nothing of it is proved yet.
struct SignatureClaim {
  Did signer;
  PublicKey key;
  std::chrono::seconds created{0};
  std::chrono::seconds expires{0};
  std::string nonce;
  structured::InnerList covered;
  Signature signature;
};

/// Reads the one signature of this protocol; absent where there is none. `malformed` where it lacks
/// a parameter or has one twice, more than one, another algorithm than ed25519, a key that is no
/// canonical did:key, a life that is not positive or above `kSignatureLifeMax`; `too_large`.
Result<std::optional<SignatureClaim>> read_signature(const HttpHeaders& headers);

/// `malformed` where the signature leaves out what decides about the request: its method,
/// authority, path, query, and of the fields that are there `Content-Type`, `Content-Digest`,
/// `If-Match`, `If-None-Match`, `Last-Event-ID`, `Dialog-Capability`; where one of these is there
/// twice; or where something is covered that is not there or not known.
Result<void> check_coverage(const SignatureClaim& claim, const SignedTarget& target,
                            const HttpHeaders& headers);

/// `unauthorized` where the signature is not that of the key over this request; otherwise as
/// `check_coverage`. One verification.
Result<void> verify_signature(const SignatureClaim& claim, const SignedTarget& target,
                              const HttpHeaders& headers);

/// What a signature says beside what it covers.
struct SignatureTerms {
  std::chrono::seconds created{0};
  std::chrono::seconds expires{0};
  std::string nonce;
};

/// Signs a request whose target is an absolute URL: adds `Content-Digest` where there is a body and
/// no such field yet, `Signature-Input` and `Signature`, in place of those that are there.
/// `invalid_argument` where the target is no URL.
Result<void> sign_request(HttpRequest& request, const SecretKey& key, const SignatureTerms& terms);

/// What a server that refuses a signature tells about how to sign: one challenge of
/// `WWW-Authenticate`.
struct SignatureChallenge {
  std::string nonce_prefix;      ///< a nonce that begins like this is fresh
  std::chrono::seconds time{0};  ///< the server's clock
};
std::string print_challenge(const SignatureChallenge& challenge);
/// Looks through all `WWW-Authenticate` fields; absent where none has one that can be read.
std::optional<SignatureChallenge> find_challenge(const HttpHeaders& headers);

}  // namespace dialog::wire
