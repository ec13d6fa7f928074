#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dialog/identity/capability.hpp"
#include "dialog/identity/ed25519.hpp"

namespace dialog {

/// How a client proves to a remote who it is. A value; copies share the key.
class AuthMethod {
 public:
  /// Not at all.
  static AuthMethod none() { return {}; }

  /// `Authorization: Bearer <token>` on every request.
  static AuthMethod bearer(std::string token) {
    AuthMethod method;
    method.token_ = std::move(token);
    return method;
  }

  /// Every request is signed by this key, whose did:key must be the subject of the request.
  static AuthMethod did_key(SecretKey key) {
    AuthMethod method;
    method.key_ = std::make_shared<const SecretKey>(std::move(key));
    return method;
  }

  /// Every request is signed by this key, to which `capability` gives the right to act for its
  /// subject. Only where its audience is the key does a server take it.
  static AuthMethod did_key(SecretKey key, Capability capability) {
    AuthMethod method = did_key(std::move(key));
    method.capability_ = std::move(capability);
    return method;
  }

  /// Absent where the method is another. A secret: never to be logged.
  [[nodiscard]] const std::optional<std::string>& bearer_token() const { return token_; }
  /// Null where the method is another.
  [[nodiscard]] const std::shared_ptr<const SecretKey>& signing_key() const { return key_; }
  [[nodiscard]] const std::optional<Capability>& capability() const { return capability_; }

 private:
  AuthMethod() = default;
  std::optional<std::string> token_;
  std::shared_ptr<const SecretKey> key_;
  std::optional<Capability> capability_;
};

}  // namespace dialog
