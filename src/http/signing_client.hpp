#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "dialog/http/auth_method.hpp"
#include "dialog/http/http_transport.hpp"
#include "dialog/http/request_signature.hpp"

namespace dialog::detail {

/// Signs every request before another client sends it, and remembers how the remote wants that: all
/// requests must go to one. A request that is refused for the way in which it was signed is signed
/// anew and sent again, once; nothing had happened on the other side. Thread-safe.
class SigningHttpClient final : public HttpClient {
 public:
  /// `capability` may be absent. What `transport` refers to outlives this object.
  SigningHttpClient(HttpTransport transport, std::shared_ptr<const SecretKey> key,
                    const std::optional<Capability>& capability);

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override;
  Result<HttpResponse, HttpFailure> stream(const HttpRequest& request, const HttpStream& stream,
                                           const Context& context) override;

 private:
  using Send = std::function<Result<HttpResponse, HttpFailure>(const HttpRequest& with_signature)>;
  /// What the remote asked for when a request was signed.
  struct Manner {
    std::string nonce_prefix;
    std::chrono::seconds offset{0};  ///< of the remote's clock from this one
    friend bool operator==(const Manner&, const Manner&) = default;
  };
  Result<HttpResponse, HttpFailure> send_signed(const HttpRequest& request, const Send& send);
  Result<void> sign(HttpRequest& request, const Manner& manner) const;
  [[nodiscard]] Manner manner() const;
  /// True where the refusal asks for another manner, which counts from now on.
  bool learn(const HttpResponse& refusal, const Manner& used);

  const HttpTransport transport_;
  const std::shared_ptr<const SecretKey> key_;
  const std::string capability_;  ///< empty where there is none
  mutable std::mutex mutex_;
  Manner manner_;
};

}  // namespace dialog::detail
