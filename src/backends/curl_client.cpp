#include "dialog/backends/curl_client.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "curl_exchange.hpp"

namespace dialog {
namespace {

void set_up_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

/// The sessions that nobody uses at the moment; the latest used is used next, so that few stay
/// warm.
struct CurlHttpClient::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<CurlSession>> idle;

  std::unique_ptr<CurlSession> take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        auto session = std::move(idle.back());
        idle.pop_back();
        return session;
      }
    }
    return std::make_unique<CurlSession>();
  }

  void give_back(std::unique_ptr<CurlSession> session, std::size_t idle_max) {
    const std::lock_guard lock(mutex);
    if (idle.size() < idle_max) idle.push_back(std::move(session));
  }
};

CurlHttpClient::CurlHttpClient(CurlClientOptions options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>()) {
  set_up_curl();
}

CurlHttpClient::~CurlHttpClient() = default;

Result<HttpResponse, HttpFailure> CurlHttpClient::send(const HttpRequest& request,
                                                       std::size_t response_bytes_max,
                                                       const Context& context) {
  Context bounded = context;
  if (!bounded.deadline) bounded.deadline = system_clock().now() + options_.default_timeout;
  auto session = pool_->take();
  auto outcome = CurlExchange(*session, options_, request, response_bytes_max).run(bounded);
  pool_->give_back(std::move(session), options_.idle_connections_max);
  return outcome;
}

Result<HttpResponse, HttpFailure> CurlHttpClient::stream(const HttpRequest& request,
                                                         const HttpStream& stream,
                                                         const Context& context) {
  // A session of its own: no connection comes back from here.
  CurlSession session;
  return CurlExchange(session, options_, request, kRefusalBytesMax, &stream).run(context);
}

}  // namespace dialog
