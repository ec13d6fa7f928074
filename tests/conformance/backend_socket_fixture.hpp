#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backend_http_fixture.hpp"
#include "dialog/backends/curl_client.hpp"
#include "dialog/remote/server_store.hpp"
#include "dialog/server/server.hpp"

namespace dialog::test {

/// A server on a free port of this machine, in this process.
class LocalServer {
 public:
  explicit LocalServer(server::ServiceConfig config = {}) : service_(store_, std::move(config)) {
    DIALOG_CHECK(server_.start().has_value(), "a server on a free port of this machine");
  }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  ServerStore& store() { return store_; }
  server::Server& server() { return server_; }

 private:
  MemoryServerStore store_;
  server::Service service_;
  server::SilentLog log_;
  server::Server server_{service_, {}, log_};
};

/// REST backends over libcurl to what `Served::url` names.
template <class Served>
class CurlBackendFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    auto backend = RestBackend::create(RestBackendConfig(served_.url()), {client_});
    DIALOG_CHECK(backend.has_value(), "the configuration of a test's backend");
    return std::make_unique<RestBackend>(*std::move(backend));
  }
  Clock& clock() override { return system_clock(); }
  std::uint64_t calls() override { return client_->calls; }
  void lose_next_answer() override { client_->lose_answer = true; }
  void lose_next_request() override { client_->lose_request = true; }
  bool has_history() override { return true; }

 private:
  Served served_;
  std::shared_ptr<LosingHttpClient> client_ =
      std::make_shared<LosingHttpClient>(std::make_shared<CurlHttpClient>());
};

using SocketBackendFixture = CurlBackendFixture<LocalServer>;

}  // namespace dialog::test
