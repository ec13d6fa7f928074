#include "rest_caller.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ascii.hpp"
#include "dialog/base/check.hpp"
#include "dialog/http/wire.hpp"
#include "http_date.hpp"

namespace dialog::detail {
namespace {

using std::chrono::nanoseconds;

// Between two looks at the cancellation token while waiting.
constexpr nanoseconds kPauseStep = std::chrono::milliseconds(20);
constexpr std::chrono::hours kRetryAfterMax{24};
constexpr std::size_t kPrintableMax = 300;

// Fields that the protocol or the transport sets by itself.
constexpr std::array<std::string_view, 10> kReservedFields{
    "host",         "content-length",   "transfer-encoding", "connection",
    "content-type", "content-encoding", "if-match",          "if-none-match",
    "te",           "upgrade"};

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

bool is_transient(int status) {
  return status == 429 || (status >= 500 && status != 501 && status != 505 && status != 507);
}

bool may_repeat(const Result<HttpResponse, HttpFailure>& outcome, Repeat repeat) {
  if (outcome) return repeat == Repeat::always && is_transient(outcome->status);
  if (outcome.error().error.code != ErrorCode::unavailable) return false;
  return repeat == Repeat::always || !outcome.error().may_have_been_received;
}

nanoseconds retry_after(const Result<HttpResponse, HttpFailure>& outcome, Clock& clock) {
  const std::string* field = outcome ? outcome->headers.find("Retry-After") : nullptr;
  if (field == nullptr) return nanoseconds::zero();
  const std::string_view value = ascii::trim(*field);
  if (const auto seconds = ascii::parse_number(value)) {
    constexpr std::uint64_t kSecondsMax = std::chrono::seconds(kRetryAfterMax).count();
    return std::chrono::seconds(std::min(*seconds, kSecondsMax));
  }
  if (const auto date = wire::parse_http_date(value)) {
    return std::clamp<WallTime>(*date - clock.wall(), WallTime::zero(), kRetryAfterMax);
  }
  return nanoseconds::zero();
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
  if (config.timeout() <= config.timeout().zero() || config.retry().attempts_max < 1 ||
      config.retry().base < config.retry().base.zero() ||
      config.retry().cap < config.retry().base) {
    return fail(ErrorCode::invalid_argument, "time-outs and repetitions must be positive");
  }
  return std::shared_ptr<const RestCaller>(
      new RestCaller(config, std::move(transport), std::move(endpoint)));
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
  for (int attempt = 0;; ++attempt) {
    if (auto wanted = check_context(context, clock()); !wanted) {
      return fail(HttpFailure{std::move(wanted).error(), false});
    }
    auto outcome = transport_.client->send(request, response_bytes_max, context);
    if (attempt + 1 >= config_.retry().attempts_max || !may_repeat(outcome, repeat)) return outcome;
    const nanoseconds wait = delay(attempt, retry_after(outcome, clock()));
    // Waiting past the deadline would only turn a telling answer into a time-out.
    if (context.deadline && clock().now() + wait >= *context.deadline) return outcome;
    if (!pause(wait, context)) {
      return fail(HttpFailure{Error{ErrorCode::cancelled, "cancelled by the caller", {}},
                              repeat == Repeat::always});
    }
  }
}

nanoseconds RestCaller::delay(int attempt, nanoseconds retry_after) const {
  const auto& retry = config_.retry();
  nanoseconds bound = retry.base;
  for (int i = 0; i < attempt && bound < retry.cap; ++i) bound *= 2;
  bound = std::min<nanoseconds>(bound, retry.cap);
  std::array<std::uint8_t, 8> octets{};
  transport_.random->fill(octets);
  std::uint64_t word = 0;
  for (const std::uint8_t octet : octets) word = word << 8U | octet;
  // The bias of the remainder is far below anything that matters for jitter.
  const auto jitter =
      static_cast<std::int64_t>(word % (static_cast<std::uint64_t>(bound.count()) + 1));
  return std::max(nanoseconds(jitter), retry_after);
}

bool RestCaller::pause(nanoseconds duration, const Context& context) const {
  while (duration > nanoseconds::zero()) {
    if (context.cancel.cancelled()) return false;
    const nanoseconds step = std::min(duration, kPauseStep);
    clock().sleep(step);
    duration -= step;
  }
  return !context.cancel.cancelled();
}

std::string printable(std::string_view text) {
  std::string result(text.substr(0, kPrintableMax));
  std::replace_if(result.begin(), result.end(), [](char c) { return c < ' ' || c >= '\x7f'; }, '?');
  return result;
}

Error status_error(const HttpResponse& response, const Endpoint& endpoint) {
  const auto said = wire::parse_error(response.body);
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
