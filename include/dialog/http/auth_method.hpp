#pragma once

#include <optional>
#include <string>
#include <utility>

namespace dialog {

/// How a client proves to a remote who it is.
class AuthMethod {
 public:
  /// Not at all.
  static AuthMethod none() { return AuthMethod(std::nullopt); }

  /// `Authorization: Bearer <token>` on every request.
  static AuthMethod bearer(std::string token) { return AuthMethod(std::move(token)); }

  /// Absent where the method is another. A secret: never to be logged.
  [[nodiscard]] const std::optional<std::string>& bearer_token() const { return token_; }

 private:
  explicit AuthMethod(std::optional<std::string> token) : token_(std::move(token)) {}
  std::optional<std::string> token_;
};

}  // namespace dialog
