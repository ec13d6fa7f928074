#include "dialog/http/repeat.hpp"

#include <algorithm>
#include <utility>

#include "ascii.hpp"
#include "http_date.hpp"

namespace dialog {
namespace {

using std::chrono::nanoseconds;

// Between two looks at the cancellation token while waiting.
constexpr nanoseconds kPauseStep = std::chrono::milliseconds(20);
constexpr std::chrono::hours kRetryAfterMax{24};
constexpr std::size_t kPrintableMax = 300;

bool may_repeat(const Result<HttpResponse, HttpFailure>& outcome, Repeat repeat) {
  if (outcome) return repeat == Repeat::always && is_transient(outcome->status);
  if (outcome.error().error.code != ErrorCode::unavailable) return false;
  return repeat == Repeat::always || !outcome.error().may_have_been_received;
}

nanoseconds jitter(const RetryPolicy& policy, int number, RandomSource& random) {
  nanoseconds bound = policy.base;
  for (int i = 0; i < number && bound < policy.cap; ++i) bound *= 2;
  bound = std::min<nanoseconds>(bound, policy.cap);
  // The bias of the remainder is far below anything that matters for jitter.
  return nanoseconds(static_cast<std::int64_t>(random_word(random) %
                                               (static_cast<std::uint64_t>(bound.count()) + 1)));
}

bool pause(nanoseconds duration, const Context& context, Clock& clock) {
  while (duration > nanoseconds::zero()) {
    if (context.cancel.cancelled()) return false;
    const nanoseconds step = std::min(duration, kPauseStep);
    clock.sleep(step);
    duration -= step;
  }
  return !context.cancel.cancelled();
}

}  // namespace

bool is_valid(const RetryPolicy& policy) {
  return policy.attempts_max >= 1 && policy.base >= policy.base.zero() && policy.cap >= policy.base;
}

bool is_transient(int status) {
  return status == 429 || (status >= 500 && status != 501 && status != 505 && status != 507);
}

nanoseconds retry_after(const HttpResponse& response, Clock& clock) {
  const std::string* field = response.headers.find("Retry-After");
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

Result<bool> wait_to_repeat(const HttpTransport& transport, const RetryPolicy& policy, int number,
                            nanoseconds at_least, const Context& context) {
  const nanoseconds wait = std::max(jitter(policy, number, *transport.random), at_least);
  if (context.deadline && transport.clock->now() + wait >= *context.deadline) return false;
  if (!pause(wait, context, *transport.clock)) {
    return fail(ErrorCode::cancelled, "cancelled by the caller");
  }
  return true;
}

Result<HttpResponse, HttpFailure> send_repeatedly(const HttpTransport& transport,
                                                  const RetryPolicy& policy,
                                                  const std::function<HttpRequest()>& make,
                                                  std::size_t response_bytes_max,
                                                  const Context& context, Repeat repeat) {
  for (int attempt = 0;; ++attempt) {
    if (auto wanted = check_context(context, *transport.clock); !wanted) {
      return fail(HttpFailure{std::move(wanted).error(), false});
    }
    auto outcome = transport.client->send(make(), response_bytes_max, context);
    if (attempt + 1 >= policy.attempts_max || !may_repeat(outcome, repeat)) return outcome;
    const auto asked = outcome ? retry_after(*outcome, *transport.clock) : nanoseconds::zero();
    const auto waited = wait_to_repeat(transport, policy, attempt, asked, context);
    if (!waited) return fail(HttpFailure{waited.error(), repeat == Repeat::always});
    // Waiting past the deadline would only turn a telling answer into a time-out.
    if (!*waited) return outcome;
  }
}

std::string printable(std::string_view text) {
  std::string result(text.substr(0, kPrintableMax));
  std::replace_if(result.begin(), result.end(), [](char c) { return c < ' ' || c >= '\x7f'; }, '?');
  return result;
}

}  // namespace dialog
