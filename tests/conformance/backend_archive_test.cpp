#include "backend_http_fixture.hpp"
#include "backend_socket_fixture.hpp"
#include "conformance/archive_suite.hpp"
#include "dialog/async/executor.hpp"
#include "dialog/http/http_archive.hpp"

namespace dialog::test {
namespace {

/// A server that takes less at once than clients send unless they are told.
server::ServiceConfig small_limits() {
  server::ServiceConfig config;
  config.batch_hashes_max = 3;
  config.batch_bytes_max = 1000;
  return config;
}

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
  explicit ServiceArchiveFixture(HttpArchiveOptions options, server::ServiceConfig config = {})
      : service_(store_, std::move(config), clock_),
        archive_(make_archive(
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
  server::Service service_;
  std::unique_ptr<HttpArchive> archive_;
};

/// An archive over libcurl and a socket, several requests at once.
class SocketArchiveFixture final : public ArchiveFixture {
 public:
  explicit SocketArchiveFixture(HttpArchiveOptions options, server::ServiceConfig config = {})
      : server_(std::move(config)) {
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
    ::testing::Values(factory<ServiceArchiveFixture>("InProcess", HttpArchiveOptions{}),
                      factory<ServiceArchiveFixture>("InProcessInSmallBatches", small_batches()),
                      factory<ServiceArchiveFixture>("InProcessWithLimitsThatNobodyTold",
                                                     HttpArchiveOptions{}, small_limits()),
                      factory<SocketArchiveFixture>("OverASocket", small_batches()),
                      factory<SocketArchiveFixture>("OverASocketWithLimitsThatNobodyTold",
                                                    HttpArchiveOptions{}, small_limits())),
    factory_name);

// The server refuses such a request by its head, while the body is still on its way.
TEST(SmallServer, IsSentMegabytesThoughNobodyToldItsLimits) {
  SocketArchiveFixture fixture(HttpArchiveOptions{}, small_limits());
  std::vector<Block> blocks;
  std::vector<Hash> hashes;
  for (char c = 'a'; c <= 'z'; ++c) {
    blocks.push_back(Block::of(Bytes(kBlockBytesMax, c)));
    hashes.push_back(blocks.back().hash());
  }
  const auto stored = fixture.archive().put(blocks);
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  const auto found = fixture.archive().get(hashes);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  for (std::size_t i = 0; i < blocks.size(); ++i) EXPECT_EQ((*found)[i], blocks[i]);
}

}  // namespace
}  // namespace dialog::test
