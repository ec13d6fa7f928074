#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "dialog/base/hash.hpp"
#include "dialog/base/random.hpp"
#include "dialog/base/result.hpp"
#include "dialog/identity/did.hpp"
#include "dialog/identity/ed25519.hpp"

namespace dialog {

/// What a capability allows; `write` also allows to read.
enum class CapabilityAccess : std::uint8_t { read = 1, write = 2 };
/// "read" or "write".
std::string_view to_string(CapabilityAccess access);

/// One link of a capability: whom it allows what, and when. Times are whole seconds since the Unix
/// epoch: from `not_before` on, and before `expires`.
struct Grant {
  PublicKey audience;
  CapabilityAccess access = CapabilityAccess::read;
  std::chrono::seconds not_before{0};
  std::chrono::seconds expires{0};
  /// Tells grants apart that are alike otherwise, so that one can be revoked without the other.
  std::array<std::uint8_t, 16> nonce{};

  friend bool operator==(const Grant&, const Grant&) = default;
};

/// The right to act for a subject, handed on from its key to another one, and maybe from there to
/// further ones: a chain of signed grants, each by the key that the one before was given to. A link
/// never allows more than the one before, nor at other times. docs/format/capability.md describes
/// the bytes. No secret: only the last audience can use it. An immutable value.
class Capability {
 public:
  static constexpr std::size_t kDepthMax = 4;
  /// How long a single grant may last.
  static constexpr std::chrono::hours kLifeMax{24 * 400};
  static constexpr std::size_t kBytesMax = 33 + 129 * kDepthMax;
  static constexpr std::size_t kTextBytesMax = (kBytesMax + 2) / 3 * 4;

  /// A grant by the subject itself, whose did:key is that of `subject`. `invalid_argument` where
  /// the grant's times are no proper span of at most `kLifeMax`.
  static Result<Capability> issue(const SecretKey& subject, const Grant& grant);

  /// Hands this on: one link more. `holder` must be the key of `audience()`. `invalid_argument`
  /// where it is not, where the chain has `kDepthMax` links already, or where the grant allows more
  /// than this does.
  [[nodiscard]] Result<Capability> hand_on(const SecretKey& holder, const Grant& grant) const;

  /// Checks the structure, and that no link allows more than the one before; no signature.
  /// `malformed`, `too_large`.
  static Result<Capability> decode(ByteView bytes);
  /// The same for `text()`; white space around it is ignored.
  static Result<Capability> from_text(std::string_view text);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  /// The bytes in base64, as files and header fields hold them.
  [[nodiscard]] std::string text() const { return to_base64(bytes_); }

  /// Whether every link is signed by the key that had the right. Takes one verification for each.
  [[nodiscard]] bool verify() const;

  [[nodiscard]] Did subject() const { return Did::of(subject_); }
  [[nodiscard]] const PublicKey& subject_key() const { return subject_; }
  /// From the subject's own to the last; never empty.
  [[nodiscard]] const std::vector<Grant>& grants() const { return grants_; }
  /// Who signed a link.
  [[nodiscard]] const PublicKey& issuer(std::size_t link) const {
    return link == 0 ? subject_ : grants_[link - 1].audience;
  }
  /// Who may use it: what the last grant says.
  [[nodiscard]] const PublicKey& audience() const { return grants_.back().audience; }
  [[nodiscard]] CapabilityAccess access() const { return grants_.back().access; }
  [[nodiscard]] std::chrono::seconds not_before() const { return grants_.back().not_before; }
  [[nodiscard]] std::chrono::seconds expires() const { return grants_.back().expires; }

  /// The name of a link and of all before it, under which it is revoked: the BLAKE3 hash of what
  /// its issuer signed.
  [[nodiscard]] Hash id(std::size_t link) const;
  /// That of the last link.
  [[nodiscard]] Hash id() const { return id(grants_.size() - 1); }

  friend bool operator==(const Capability& a, const Capability& b) { return a.bytes_ == b.bytes_; }

 private:
  Capability(const PublicKey& subject, Bytes bytes) : subject_(subject), bytes_(std::move(bytes)) {}
  static Result<Capability> extended(Capability capability, const SecretKey& issuer,
                                     const Grant& grant);
  [[nodiscard]] Bytes signed_text(std::size_t link) const;

  PublicKey subject_;
  std::vector<Grant> grants_;
  Bytes bytes_;
};

/// A nonce for a grant.
std::array<std::uint8_t, 16> grant_nonce(RandomSource& random = system_random());

}  // namespace dialog
