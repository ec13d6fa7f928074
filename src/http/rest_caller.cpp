#include "rest_caller.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ascii.hpp"
#include "dialog/base/check.hpp"
#include "dialog/http/wire.hpp"
#include "signing_client.hpp"

namespace dialog::detail {
namespace {

// Fields that the protocol or the transport sets by itself.
constexpr std::array<std::string_view, 14> kReservedFields{
    "host",           "content-length",   "transfer-encoding",
    "connection",     "content-type",     "content-encoding",
    "if-match",       "if-none-match",    "te",
    "upgrade",        "signature",        "signature-input",
    "content-digest", "dialog-capability"};

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = ascii::to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_field_value(std::string_view value) {
  return value == ascii::trim(value) && std::all_of(value.begin(), value.end(), [](char c) {
           return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
         });
}

Result<void> check_fields(const RestBackendConfig& config) {
  for (const auto& [name, value] : config.headers()) {
    if (!is_field_name(name) || !is_field_value(value)) {
      return fail(ErrorCode::invalid_argument,
                  "\"" + printable(name) + "\" is no valid header field");
    }
    const bool reserved = std::any_of(kReservedFields.begin(), kReservedFields.end(),
                                      [&given = name](std::string_view field) {
                                        return ascii::equal_ignoring_case(field, given);
                                      });
    if (reserved) {
      return fail(ErrorCode::invalid_argument,
                  "the header field " + name + " is set by the protocol itself");
    }
    if (config.auth().bearer_token() && ascii::equal_ignoring_case(name, "authorization")) {
      return fail(ErrorCode::invalid_argument,
                  "there are two sorts of credentials: a token and a header field");
    }
  }
  return {};
}

Result<void> check_credentials(const RestBackendConfig& config, const Endpoint& endpoint) {
  const auto& token = config.auth().bearer_token();
  if (token && (token->empty() || !is_visible(*token))) {
    return fail(ErrorCode::invalid_argument,
                "a token must be visible ASCII characters without spaces");
  }
  const bool in_field =
      std::any_of(config.headers().begin(), config.headers().end(), [](const auto& field) {
        return ascii::equal_ignoring_case(field.first, "authorization") ||
               ascii::equal_ignoring_case(field.first, "cookie");
      });
  if ((token || in_field) && !endpoint.is_https() && !endpoint.is_loopback() &&
      !config.plain_http_credentials()) {
    return fail(ErrorCode::invalid_argument,
                "credentials for " + endpoint.text() +
                    " would travel unencrypted; use https, or allow it explicitly");
  }
  return {};
}

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::unauthorized;
    case 404:
      return ErrorCode::not_found;
    case 408:
    case 429:
      return ErrorCode::unavailable;
    case 413:
      return ErrorCode::too_large;
    case 422:
      return ErrorCode::corrupt;
    case 501:
    case 505:
      return ErrorCode::not_a_remote;
    case 507:
      return ErrorCode::storage_full;
    default:
      return status >= 500 ? ErrorCode::unavailable : ErrorCode::not_a_remote;
  }
}

}  // namespace

Result<std::shared_ptr<const RestCaller>> RestCaller::create(const RestBackendConfig& config,
                                                             HttpTransport transport) {
  DIALOG_CHECK(transport.client && transport.clock && transport.random,
               "a transport without its parts");
  DIALOG_ASSIGN(Endpoint endpoint, Endpoint::parse(config.endpoint()));
  DIALOG_TRY(check_fields(config));
  DIALOG_TRY(check_credentials(config, endpoint));
  if (config.timeout() <= config.timeout().zero() || !is_valid(config.retry())) {
    return fail(ErrorCode::invalid_argument, "time-outs and repetitions must be positive");
  }
  return std::shared_ptr<const RestCaller>(
      new RestCaller(config, std::move(transport), std::move(endpoint)));
}

RestCaller::RestCaller(RestBackendConfig config, HttpTransport transport, Endpoint endpoint)
    : config_(std::move(config)), transport_(std::move(transport)), endpoint_(std::move(endpoint)) {
  if (config_.auth().signing_key()) {
    transport_.client = std::make_shared<SigningHttpClient>(
        transport_, config_.auth().signing_key(), config_.auth().capability());
  }
}

Context RestCaller::bounded(const Context& context, std::chrono::nanoseconds extra) const {
  Context result = context;
  const MonotonicTime until = clock().now() + config_.timeout() + extra;
  result.deadline = std::min(context.deadline.value_or(until), until);
  return result;
}

HttpRequest RestCaller::request(std::string method, std::string url) const {
  HttpRequest request{std::move(method), std::move(url), {}, {}};
  for (const auto& [name, value] : config_.headers()) request.headers.add(name, value);
  if (const auto& token = config_.auth().bearer_token())
    request.headers.add("Authorization", "Bearer " + *token);
  return request;
}

Result<HttpResponse, HttpFailure> RestCaller::send(const HttpRequest& request,
                                                   std::size_t response_bytes_max,
                                                   const Context& context, Repeat repeat) const {
  return send_repeatedly(
      transport_, config_.retry(), [&] { return request; }, response_bytes_max, context, repeat);
}

Error status_error(const HttpResponse& response, const Endpoint& endpoint) {
  auto said = wire::parse_error(response.body);
  const std::string* field = response.headers.find(wire::kErrorHeader);
  if (!said && field != nullptr) said = wire::parse_error(*field);
  const std::string* location = response.headers.find("Location");
  ErrorCode code = code_of_status(response.status);
  std::string message = endpoint.text() + " answers " + std::to_string(response.status);
  // What our own servers say about their state is more precise than the status; about this side's
  // rights and requests the status decides.
  if (said && (response.status == 400 || response.status >= 500)) {
    code = said->code == ErrorCode::internal ? ErrorCode::unavailable : said->code;
  }
  if (said && !said->message.empty()) {
    message += ": " + printable(said->message);
  } else if (response.status >= 300 && response.status < 400) {
    message += location ? " and redirects to " + printable(*location) : " and redirects";
    message += "; no redirect is followed: configure the final address";
  } else if (code == ErrorCode::not_a_remote) {
    message += "; this does not look like a remote of this protocol: check the address";
  }
  return Error{code, std::move(message), {}};
}

}  // namespace dialog::detail
