#pragma once

#include <memory>
#include <utility>

#include "backend_http_fixture.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/service.hpp"

namespace dialog::test {

/// REST backends over the server's handlers, without a socket.
class ServiceBackendFixture final : public BackendFixture {
 public:
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

 private:
  static server::ServiceConfig config() {
    server::ServiceConfig config;
    config.path_prefix = "/prefix";
    config.etag_style = wire::EtagStyle::quoted;
    return config;
  }

  ManualClock clock_;
  MemoryServerStore store_;
  server::Service service_{store_, config(), clock_};
  std::shared_ptr<LosingHttpClient> client_ =
      std::make_shared<LosingHttpClient>(std::make_shared<LoopbackHttpClient>(
          [this](const HttpRequest& request) { return service_.handle(request); }, clock_));
};

}  // namespace dialog::test
