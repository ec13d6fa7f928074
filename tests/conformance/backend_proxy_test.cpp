#include "backend_race_suite.hpp"
#include "backend_socket_fixture.hpp"
#include "backend_suite.hpp"
#include "process/proxy.hpp"

namespace dialog::test {

/// REST backends over libcurl and nginx.
class ProxyBackendFixture final : public BackendFixture {
 public:
  std::unique_ptr<RevisionBackend> connect() override {
    auto backend = RestBackend::create(RestBackendConfig(proxy_.url()), {client_});
    DIALOG_CHECK(backend.has_value(), "the configuration of a test's backend");
    return std::make_unique<RestBackend>(*std::move(backend));
  }
  Clock& clock() override { return system_clock(); }
  std::uint64_t calls() override { return client_->calls; }
  void lose_next_answer() override { client_->lose_answer = true; }
  void lose_next_request() override { client_->lose_request = true; }
  bool has_history() override { return true; }

 private:
  LocalServer server_;
  Proxy proxy_{server_.port()};
  std::shared_ptr<LosingHttpClient> client_ =
      std::make_shared<LosingHttpClient>(std::make_shared<CurlHttpClient>());
};

INSTANTIATE_TYPED_TEST_SUITE_P(RestThroughNginx, BackendConformance, ProxyBackendFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(RestThroughNginx, BackendRaces, ProxyBackendFixture);

}  // namespace dialog::test
