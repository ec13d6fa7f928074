#include "s3_caller.hpp"

#include <algorithm>
#include <array>

#include "dialog/base/check.hpp"
#include "xml.hpp"

namespace dialog::detail {
namespace {

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

struct Meaning {
  std::string_view said;
  ErrorCode code;
  std::string_view advice;
};

constexpr std::array<Meaning, 10> kMeanings{{
    {"NoSuchBucket", ErrorCode::not_a_remote, "there is no such bucket; make it first"},
    {"RequestTimeTooSkewed", ErrorCode::unauthorized, "the clock of this machine is wrong"},
    {"AuthorizationHeaderMalformed", ErrorCode::invalid_argument,
     "the bucket is in another region: name it by region=NAME"},
    {"PermanentRedirect", ErrorCode::invalid_argument,
     "the bucket is somewhere else: name its region and endpoint"},
    {"SignatureDoesNotMatch", ErrorCode::unauthorized,
     "the secret key is wrong, or something on the way changes requests"},
    {"NotImplemented", ErrorCode::unsupported,
     "it does not know conditional writes, without which it is no register"},
    {"QuotaExceeded", ErrorCode::storage_full, "its quota is used up"},
    {"EntityTooLarge", ErrorCode::too_large, "it does not take objects of this size"},
    {"RequestTimeout", ErrorCode::unavailable, "the request came too slowly"},
    {"OperationAborted", ErrorCode::unavailable, "another writer was at work"},
}};

ErrorCode code_of_status(int status) {
  if (status == 401 || status == 403) return ErrorCode::unauthorized;
  if (status == 408 || status == 409 || status == 429) return ErrorCode::unavailable;
  if (status == 501) return ErrorCode::unsupported;
  if (status == 507) return ErrorCode::storage_full;
  return status >= 500 ? ErrorCode::unavailable : ErrorCode::not_a_remote;
}

}  // namespace

Result<std::shared_ptr<const S3Caller>> S3Caller::create(S3Config config, HttpTransport transport) {
  DIALOG_CHECK(transport.client && transport.clock && transport.random,
               "a transport without its parts");
  const AwsCredentials& who = config.credentials;
  if (!is_visible(who.access_key) || !is_visible(who.secret_key) ||
      (!who.session_token.empty() && !is_visible(who.session_token))) {
    return fail(
        ErrorCode::unauthorized,
        config.location.text() + ": the access key and the secret key are missing or wrong");
  }
  if (!config.location.is_private() && !config.allow_plain_http) {
    return fail(ErrorCode::invalid_argument,
                config.location.text() +
                    ": everybody on the way could read and forge what is sent over plain HTTP; use "
                    "https, or allow it explicitly");
  }
  if (config.timeout <= config.timeout.zero() || !is_valid(config.retry)) {
    return fail(ErrorCode::invalid_argument, "time-outs and repetitions must be positive");
  }
  return std::shared_ptr<const S3Caller>(new S3Caller(std::move(config), std::move(transport)));
}

Context S3Caller::bounded(const Context& context) const {
  Context result = context;
  const MonotonicTime until = clock().now() + config_.timeout;
  result.deadline = std::min(context.deadline.value_or(until), until);
  return result;
}

HttpRequest S3Caller::signed_request(const S3Request& request) const {
  HttpRequest made{std::string(request.method),
                   request.query.empty() ? config_.location.object_url(request.name)
                                         : config_.location.bucket_url(request.query),
                   request.headers, request.body};
  sigv4::sign(made, config_.credentials, {config_.location.region(), "s3"}, clock().wall());
  return made;
}

Result<HttpResponse, HttpFailure> S3Caller::send(const S3Request& request,
                                                 std::size_t response_bytes_max,
                                                 const Context& context) const {
  return send_repeatedly(
      transport_, config_.retry, [&] { return signed_request(request); }, response_bytes_max,
      context, Repeat::always);
}

Result<HttpResponse, HttpFailure> S3Caller::send_once(const S3Request& request,
                                                      std::size_t response_bytes_max,
                                                      const Context& context) const {
  return transport_.client->send(signed_request(request), response_bytes_max, context);
}

Error S3Caller::refusal(const HttpResponse& response) const {
  const auto body = xml::parse(response.body);
  const std::string said = s3_code(response);
  std::string message = config_.location.text() + " answers " + std::to_string(response.status);
  if (!said.empty()) message += " " + printable(said);
  const auto known = std::find_if(kMeanings.begin(), kMeanings.end(),
                                  [&](const Meaning& each) { return each.said == said; });
  if (known != kMeanings.end()) {
    return Error{known->code, message.append(": ").append(known->advice), {}};
  }
  if (body && !body->text_of("Message").empty())
    message += ": " + printable(body->text_of("Message"));
  const ErrorCode code = code_of_status(response.status);
  if (code == ErrorCode::not_a_remote) {
    message += "; this does not look like an object store: check the endpoint and the bucket";
  }
  return Error{code, std::move(message), {}};
}

Error S3Caller::refusal(const HttpFailure& failure) const {
  Error error = failure.error;
  if (error.code == ErrorCode::malformed || error.code == ErrorCode::too_large)
    error.code = ErrorCode::not_a_remote;
  return error.within(config_.location.text());
}

std::string s3_code(const HttpResponse& response) {
  if (response.status < 300) return {};
  const auto body = xml::parse(response.body);
  if (!body || body->name != "Error") return {};
  return std::string(body->text_of("Code"));
}

std::string blocks_folder(const Hash& id) { return id.hex() + "/blocks/"; }

std::optional<std::string> s3_etag(const HttpResponse& response) {
  const std::string* const tag = response.headers.find("ETag");
  if (tag == nullptr || tag->size() < 3 || tag->size() > 256 || tag->front() != '"' ||
      tag->back() != '"' || !is_visible(*tag)) {
    return std::nullopt;
  }
  return *tag;
}

}  // namespace dialog::detail
