#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "dialog/base/result.hpp"
#include "dialog/remote/revision.hpp"
#include "dialog/remote/subject.hpp"

namespace dialog {

/// Access denied: credentials are missing, wrong, or do not allow this.
struct Unauthorized {
  Subject subject;
  std::string reason;
};

/// Compare-and-swap failed: another writer updated first.
struct RevisionMismatch {
  Subject subject;
  Revision expected;
  Revision actual;
};

/// The revision could not be fetched.
struct FetchFailed {
  Subject subject;
  std::string reason;
};

/// The revision could not be published.
struct PublishFailed {
  Subject subject;
  std::string reason;
  /// True where the request may have taken effect. Fetch before doing anything else; never resend
  /// it blindly.
  bool indeterminate = false;
};

/// The provider behind the backend failed.
struct ProviderError {
  Subject subject;
  std::string reason;
};

/// Nothing was ever published under this subject.
struct NotFound {
  Subject subject;
};

/// Why a call to a `RevisionBackend` gave no value: one of the six errors of the contract, with the
/// code that says what a caller can do.
class RevisionBackendError {
 public:
  using Variant = std::variant<Unauthorized, RevisionMismatch, FetchFailed, PublishFailed,
                               ProviderError, NotFound>;

  /// With the code that belongs to the kind: `unauthorized`, `conflict`, `unavailable`,
  /// `unavailable` (or `indeterminate` where the error says so), `storage_failed`, `not_found`.
  template <class Kind>
    requires std::is_constructible_v<Variant, Kind>
  RevisionBackendError(
      Kind kind)  // NOLINT(google-explicit-constructor): each kind is an error by itself
      : kind_(std::move(kind)), code_(default_code(kind_)) {}

  /// With a code that says more: `timeout`, `cancelled`, `not_a_remote`, ...
  template <class Kind>
    requires std::is_constructible_v<Variant, Kind>
  RevisionBackendError(Kind kind, ErrorCode code) : kind_(std::move(kind)), code_(code) {}

  [[nodiscard]] const Variant& kind() const { return kind_; }

  /// The error as `Kind`, or null where it is another one. Valid as long as this object.
  template <class Kind>
  [[nodiscard]] const Kind* as() const {
    return std::get_if<Kind>(&kind_);
  }

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const Subject& subject() const;
  /// What happened, to what, and what to do next.
  [[nodiscard]] std::string message() const;
  /// The same as an error of the base layer.
  [[nodiscard]] Error to_error() const { return Error{code_, message(), {}}; }

 private:
  static ErrorCode default_code(const Variant& kind);
  Variant kind_;
  ErrorCode code_;
};

template <class T>
using RemoteResult = Result<T, RevisionBackendError>;

}  // namespace dialog
