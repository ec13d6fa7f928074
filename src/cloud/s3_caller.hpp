#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dialog/base/hash.hpp"
#include "dialog/cloud/s3_config.hpp"
#include "dialog/http/http_transport.hpp"

namespace dialog::detail {

/// One request about an object, before it is signed.
struct S3Request {
  std::string_view method;
  std::string name;  ///< of the object, behind the prefix
  HttpHeaders headers;
  Bytes body;
  /// Encoded as it is to be sent. Where it is not empty, the request is about the whole bucket, and
  /// `name` means nothing.
  std::string query{};
};

/// What everything that talks to one bucket has in common. Immutable and thread-safe.
class S3Caller {
 public:
  /// `invalid_argument` where the configuration is wrong.
  static Result<std::shared_ptr<const S3Caller>> create(S3Config config, HttpTransport transport);

  [[nodiscard]] const S3Location& location() const { return config_.location; }
  [[nodiscard]] const HttpTransport& transport() const { return transport_; }
  [[nodiscard]] const RetryPolicy& retry() const { return config_.retry; }
  [[nodiscard]] Clock& clock() const { return *transport_.clock; }

  /// `context` with the configured time-out, counted from now, where that ends earlier.
  [[nodiscard]] Context bounded(const Context& context) const;

  /// Sends, signed, and repeats after transient faults, signed anew.
  [[nodiscard]] Result<HttpResponse, HttpFailure> send(const S3Request& request,
                                                       std::size_t response_bytes_max,
                                                       const Context& context) const;
  /// The same once only.
  [[nodiscard]] Result<HttpResponse, HttpFailure> send_once(const S3Request& request,
                                                            std::size_t response_bytes_max,
                                                            const Context& context) const;

  /// What an answer that refuses means. Names the bucket and repeats what the store said.
  [[nodiscard]] Error refusal(const HttpResponse& response) const;
  /// The same for a request that got no answer.
  [[nodiscard]] Error refusal(const HttpFailure& failure) const;

 private:
  S3Caller(S3Config config, HttpTransport transport)
      : config_(std::move(config)), transport_(std::move(transport)) {}
  [[nodiscard]] HttpRequest signed_request(const S3Request& request) const;

  S3Config config_;
  HttpTransport transport_;
};

/// The code in the body of a refusal, such as `NoSuchKey`; empty where there is none.
std::string s3_code(const HttpResponse& response);

/// The entity tag of an object, to be sent back as it is; absent where there is none that is
/// strong.
std::optional<std::string> s3_etag(const HttpResponse& response);

/// What the names of a subject's blocks begin with.
std::string blocks_folder(const Hash& id);

/// Room for the body of a refusal.
inline constexpr std::size_t kS3AnswerBytesMax = std::size_t{64} * 1024;

}  // namespace dialog::detail
