#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "dialog/base/hash.hpp"
#include "dialog/base/result.hpp"

namespace dialog {

/// A DID that owns a revision: the name under which a register keeps one root.
class Subject {
 public:
  /// Any DID of valid syntax, at most `kSubjectBytesMax` bytes; a did:key must also be canonical.
  /// `invalid_argument` says what is wrong with the text.
  static Result<Subject> parse(std::string_view did);

  /// The text as it was given.
  [[nodiscard]] const std::string& did() const { return did_; }

  /// BLAKE3 of the text: what stores use as a key, since a DID is long and may hold any character.
  [[nodiscard]] const Hash& id() const { return id_; }

  friend bool operator==(const Subject& a, const Subject& b) { return a.did_ == b.did_; }
  friend std::strong_ordering operator<=>(const Subject& a, const Subject& b) {
    return a.did_.compare(b.did_) <=> 0;
  }

 private:
  explicit Subject(std::string did) : did_(std::move(did)), id_(Hash::of(did_)) {}
  std::string did_;
  Hash id_;
};

}  // namespace dialog

template <>
struct std::hash<dialog::Subject> {
  std::size_t operator()(const dialog::Subject& subject) const noexcept {
    return std::hash<std::string>{}(subject.did());
  }
};
