#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "dialog/http/auth_method.hpp"
#include "dialog/http/repeat.hpp"

namespace dialog {

/// Where a remote is and how to talk to it. A value; checked when a backend is made of it.
class RestBackendConfig {
 public:
  /// `http://` or `https://`, maybe with a port and a path prefix.
  explicit RestBackendConfig(std::string endpoint) : endpoint_(std::move(endpoint)) {}

  /// Without this call: none.
  RestBackendConfig& with_auth(AuthMethod auth) & {
    auth_ = std::move(auth);
    return *this;
  }
  /// How long one call may take in all, its repetitions included. Without this call: 30 s. A
  /// deadline in the context of a call shortens it.
  RestBackendConfig& with_timeout(std::chrono::milliseconds timeout) & {
    timeout_ = timeout;
    return *this;
  }
  /// Adds a field to every request. Fields that the protocol itself sets are refused.
  RestBackendConfig& with_header(std::string name, std::string value) & {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  RestBackendConfig& with_retry(RetryPolicy retry) & {
    retry_ = retry;
    return *this;
  }
  /// Sends credentials over plain HTTP to other machines, where everybody on the way can read them.
  /// Without this call that is refused, except to this machine itself.
  RestBackendConfig& with_plain_http_credentials() & {
    plain_http_credentials_ = true;
    return *this;
  }

  /// The remote must tell its capabilities. A plain register need not, but whoever wants its
  /// archive, too, does better to ask: another web server answers 404, and would pass for a
  /// register on which nothing was ever published. Costs a round trip where nothing is published,
  /// none otherwise.
  RestBackendConfig& with_capabilities_required() & {
    capabilities_required_ = true;
    return *this;
  }

  RestBackendConfig&& with_auth(AuthMethod auth) && {
    return std::move(with_auth(std::move(auth)));
  }
  RestBackendConfig&& with_timeout(std::chrono::milliseconds timeout) && {
    return std::move(with_timeout(timeout));
  }
  RestBackendConfig&& with_header(std::string name, std::string value) && {
    return std::move(with_header(std::move(name), std::move(value)));
  }
  RestBackendConfig&& with_retry(RetryPolicy retry) && { return std::move(with_retry(retry)); }
  RestBackendConfig&& with_plain_http_credentials() && {
    return std::move(with_plain_http_credentials());
  }
  RestBackendConfig&& with_capabilities_required() && {
    return std::move(with_capabilities_required());
  }

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] const AuthMethod& auth() const { return auth_; }
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& headers() const {
    return headers_;
  }
  [[nodiscard]] const RetryPolicy& retry() const { return retry_; }
  [[nodiscard]] bool plain_http_credentials() const { return plain_http_credentials_; }
  [[nodiscard]] bool capabilities_required() const { return capabilities_required_; }

 private:
  std::string endpoint_;
  AuthMethod auth_ = AuthMethod::none();
  std::chrono::milliseconds timeout_{30'000};
  std::vector<std::pair<std::string, std::string>> headers_;
  RetryPolicy retry_;
  bool plain_http_credentials_ = false;
  bool capabilities_required_ = false;
};

}  // namespace dialog
