#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dialog/base/result.hpp"
#include "dialog/identity/ed25519.hpp"

namespace dialog {

/// A decentralized identifier of any method (W3C DID Core 1.0, section 3.1): `did:<method>:<id>`,
/// without a path, query or fragment. Compares as text: nothing is ever normalized, so one text is
/// one identity.
class Did {
 public:
  /// `invalid_argument`, with a message that says what is wrong, for any text that breaks the
  /// syntax, exceeds `kSubjectBytesMax`, or is a did:key in other than its one canonical form.
  static Result<Did> parse(std::string_view text);

  /// The did:key of an Ed25519 key.
  static Did of(const PublicKey& key);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Valid as long as this object.
  [[nodiscard]] std::string_view method() const;
  /// What follows the method. Valid as long as this object.
  [[nodiscard]] std::string_view id() const;

  /// The Ed25519 key that a did:key spells out; absent for every other DID. The key may still be
  /// one that no signature verifies under: only `verify` judges that.
  [[nodiscard]] std::optional<PublicKey> key() const;

  friend bool operator==(const Did&, const Did&) = default;
  friend std::strong_ordering operator<=>(const Did& a, const Did& b) {
    return a.text_.compare(b.text_) <=> 0;
  }

 private:
  explicit Did(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace dialog
