#include "backend_http_fixture.hpp"
#include "backend_socket_fixture.hpp"
#include "conformance/archive_suite.hpp"
#include "dialog/async/executor.hpp"
#include "dialog/http/http_archive.hpp"

namespace dialog::test {
namespace {

/// Limits that make most batches several requests.
HttpArchiveOptions small_batches() {
  HttpArchiveOptions options;
  options.capabilities.batch_hashes_max = 3;
  options.capabilities.batch_bytes_max = 1000;
  return options;
}

std::unique_ptr<HttpArchive> make_archive(const std::string& url, HttpTransport transport,
                                          HttpArchiveOptions options) {
  auto archive = HttpArchive::create(RestBackendConfig(url), std::move(transport),
                                     subject_named("one"), std::move(options));
  DIALOG_CHECK(archive.has_value(), "the configuration of a test's archive");
  return *std::move(archive);
}

/// An archive over the server's handlers, without a socket.
class ServiceArchiveFixture final : public ArchiveFixture {
 public:
  explicit ServiceArchiveFixture(HttpArchiveOptions options)
      : archive_(make_archive(
            "http://archive.example",
            {std::make_shared<LoopbackHttpClient>(
                 [this](const HttpRequest& request) { return service_.handle(request); }, clock_),
             &clock_, &system_random()},
            std::move(options))) {}
  Archive& archive() override { return *archive_; }
  Clock& clock() override { return clock_; }

 private:
  ManualClock clock_;
  MemoryServerStore store_;
  server::Service service_{store_, {}, clock_};
  std::unique_ptr<HttpArchive> archive_;
};

/// An archive over libcurl and a socket, several requests at once.
class SocketArchiveFixture final : public ArchiveFixture {
 public:
  SocketArchiveFixture() {
    HttpArchiveOptions options = small_batches();
    options.parallel_for = parallel_for_on(std::make_shared<ThreadPool>(), 4);
    archive_ =
        make_archive(server_.url(), {std::make_shared<CurlHttpClient>()}, std::move(options));
  }
  Archive& archive() override { return *archive_; }

 private:
  LocalServer server_;
  std::unique_ptr<HttpArchive> archive_;
};

INSTANTIATE_TEST_SUITE_P(
    Http, ArchiveConformance,
    ::testing::Values(
        ArchiveFactory{
            "InProcess",
            [] { return std::make_unique<ServiceArchiveFixture>(HttpArchiveOptions{}); }},
        ArchiveFactory{"InProcessInSmallBatches",
                       [] { return std::make_unique<ServiceArchiveFixture>(small_batches()); }},
        ArchiveFactory{"OverASocket", [] { return std::make_unique<SocketArchiveFixture>(); }}),
    archive_name);

}  // namespace
}  // namespace dialog::test
