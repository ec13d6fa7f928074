#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "dialog/http/http_transport.hpp"

namespace dialog {

/// How often and how fast a request that may safely be repeated is repeated after 429, 5xx and lost
/// connections: each time after a random part of `base * 2^n`, at most `cap`, and not before a
/// `Retry-After` that is given, in seconds or as a date; more than a day counts as a day.
struct RetryPolicy {
  int attempts_max = 5;
  std::chrono::milliseconds base{200};
  std::chrono::milliseconds cap{10'000};
};

/// Whether these numbers make sense: at least one attempt, no negative waits.
[[nodiscard]] bool is_valid(const RetryPolicy& policy);

/// When a request may be sent once more.
enum class Repeat : std::uint8_t {
  always,           ///< it changes nothing, or the same thing again
  unless_received,  ///< only where no byte of it reached the peer
};

/// 429 and those of 5xx that may pass: the same request may succeed later.
[[nodiscard]] bool is_transient(int status);

/// How long the peer asks to wait; zero where it does not say. At most a day.
[[nodiscard]] std::chrono::nanoseconds retry_after(const HttpResponse& response, Clock& clock);

/// Waits before the repetition with this number (from 0), as the policy says, but no shorter than
/// `at_least`. False where the wait would end past the deadline of `context`, and nothing was
/// waited for; `cancelled` where its token fires meanwhile.
[[nodiscard]] Result<bool> wait_to_repeat(const HttpTransport& transport, const RetryPolicy& policy,
                                          int number, std::chrono::nanoseconds at_least,
                                          const Context& context);

/// Sends what `make` gives, anew for each attempt (its signature may hold the time), and repeats
/// after transient faults. Gives the last response or failure.
[[nodiscard]] Result<HttpResponse, HttpFailure> send_repeatedly(
    const HttpTransport& transport, const RetryPolicy& policy,
    const std::function<HttpRequest()>& make, std::size_t response_bytes_max,
    const Context& context, Repeat repeat);

/// Text of a peer, fit for a message: printable ASCII, not long.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace dialog
