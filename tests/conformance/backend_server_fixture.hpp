#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "backend_http_fixture.hpp"
#include "dialog/server/service.hpp"

namespace dialog::test {

/// REST backends over the server's handlers, without a socket. `Stores` is a `ServerStoreFixture`.
template <class Stores>
class ServiceBackendFixture final : public BackendFixture {
 public:
  /// `history_max`: how many swaps of a subject the store keeps.
  explicit ServiceBackendFixture(
      std::uint64_t history_max = std::numeric_limits<std::uint64_t>::max())
      : history_max_(history_max) {}

  std::unique_ptr<RevisionBackend> connect() override {
    auto backend = RestBackend::create(RestBackendConfig("http://register.example/prefix/"),
                                       {client_, &clock_, &system_random()});
    DIALOG_CHECK(backend.has_value(), "the configuration of a test's backend");
    return std::make_unique<RestBackend>(*std::move(backend));
  }
  Clock& clock() override { return clock_; }
  std::uint64_t calls() override { return client_->calls; }
  void lose_next_answer() override { client_->lose_answer = true; }
  void lose_next_request() override { client_->lose_request = true; }
  bool has_history() override { return true; }
  std::uint64_t history_max() override { return history_max_; }

 private:
  static server::ServiceConfig config() {
    server::ServiceConfig config;
    config.path_prefix = "/prefix";
    config.etag_style = wire::EtagStyle::quoted;
    return config;
  }

  const std::uint64_t history_max_;
  ManualClock clock_;
  Stores stores_;
  server::Service service_{stores_.store(), config(), clock_};
  std::shared_ptr<LosingHttpClient> client_ =
      std::make_shared<LosingHttpClient>(std::make_shared<LoopbackHttpClient>(
          [this](const HttpRequest& request) { return service_.handle(request); }, clock_));
};

}  // namespace dialog::test
