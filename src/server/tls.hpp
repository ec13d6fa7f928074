#pragma once

#include <memory>
#include <openssl/ssl.h>

#include "dialog/base/result.hpp"
#include "dialog/server/server.hpp"

namespace dialog::server {

/// A certificate with its key, ready to serve connections with TLS 1.2 or newer. Thread-safe.
class TlsContext {
 public:
  /// `invalid_argument` says which of the two is not right, or that they do not belong together.
  static Result<std::shared_ptr<const TlsContext>> make(const TlsPair& pair);

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Connection = std::unique_ptr<SSL, Free>;
  /// The server's side of a connection that has not begun; null where there is no memory.
  [[nodiscard]] Connection accept(int socket) const;

 private:
  explicit TlsContext(std::unique_ptr<SSL_CTX, Free> context) : context_(std::move(context)) {}
  const std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace dialog::server
