#include "dialog/http/counting_client.hpp"

#include <algorithm>

namespace dialog {

Result<HttpResponse, HttpFailure> CountingHttpClient::send(const HttpRequest& request,
                                                           std::size_t response_bytes_max,
                                                           const Context& context) {
  return count(request, [&] { return inner_->send(request, response_bytes_max, context); });
}

Result<HttpResponse, HttpFailure> CountingHttpClient::stream(const HttpRequest& request,
                                                             const HttpStream& stream,
                                                             const Context& context) {
  return count(request, [&] { return inner_->stream(request, stream, context); });
}

Result<HttpResponse, HttpFailure> CountingHttpClient::count(
    const HttpRequest& request, const std::function<Result<HttpResponse, HttpFailure>()>& send) {
  std::uint64_t answered_before = 0;
  {
    const std::lock_guard lock(mutex_);
    ++stats_.requests;
    answered_before = stats_.round_trips;
  }
  auto outcome = send();
  // Of a failed exchange nobody knows what was moved; it counts as sent in whole, unless nothing
  // was.
  HttpTraffic traffic;
  if (outcome) {
    traffic = outcome->traffic;
  } else if (outcome.error().may_have_been_received) {
    traffic.bytes_up = spelled_traffic(request, {}).bytes_up;
  }
  const std::lock_guard lock(mutex_);
  stats_.round_trips = std::max(stats_.round_trips, answered_before + 1);
  stats_.bytes_up += traffic.bytes_up;
  stats_.bytes_down += traffic.bytes_down;
  return outcome;
}

TransferStats CountingHttpClient::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void CountingHttpClient::reset() {
  const std::lock_guard lock(mutex_);
  stats_ = {};
}

}  // namespace dialog
