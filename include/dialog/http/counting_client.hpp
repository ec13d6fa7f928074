#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "dialog/http/http_client.hpp"

namespace dialog {

/// What went over the network.
struct TransferStats {
  std::uint64_t requests = 0;
  /// The longest chain of requests each of which began after the one before had its answer. What
  /// runs at the same time counts once.
  std::uint64_t round_trips = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

/// Counts what passes to another client. Thread-safe.
class CountingHttpClient final : public HttpClient {
 public:
  explicit CountingHttpClient(std::shared_ptr<HttpClient> inner) : inner_(std::move(inner)) {}

  Result<HttpResponse, HttpFailure> send(const HttpRequest& request, std::size_t response_bytes_max,
                                         const Context& context) override;
  Result<HttpResponse, HttpFailure> stream(const HttpRequest& request, const HttpStream& stream,
                                           const Context& context) override;

  /// Since the start or the latest reset.
  [[nodiscard]] TransferStats stats() const;
  void reset();

 private:
  Result<HttpResponse, HttpFailure> count(
      const HttpRequest& request, const std::function<Result<HttpResponse, HttpFailure>()>& send);

  std::shared_ptr<HttpClient> inner_;
  mutable std::mutex mutex_;
  TransferStats stats_;
};

}  // namespace dialog
