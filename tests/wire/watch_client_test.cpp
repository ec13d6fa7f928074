#include "dialog/backends/rest.hpp"
#include "dialog/http/head_watch.hpp"
#include "dialog/http/rest_backend.hpp"
#include "watch_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

/// The library's own client, over a socket.
class WatchClient : public WatchedTest {
 protected:
  RestBackendConfig config() {
    return RestBackendConfig("http://127.0.0.1:" + std::to_string(port()));
  }
  Result<void> watch(const OnWatchEvent& on_event, const Context& context = {}) {
    return watch_head(config(), make_http_transport(), *Subject::parse(kDid), {}, on_event,
                      context);
  }
};

TEST_F(WatchClient, is_told_each_change_while_it_watches) {
  serve();
  swap(kZero, hex(1));
  char last = 0;
  const auto outcome = watch([&](const WatchEvent& event) {
    expect_head(event, static_cast<std::uint64_t>(last) + 1, static_cast<char>(last + 1));
    // The next change is made only now.
    if (++last < 20) swap(hex(last), hex(static_cast<char>(last + 1)));
    return last < 20;
  });
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(last, 20);
}

TEST_F(WatchClient, ends_while_nothing_happens_when_it_is_cancelled) {
  serve();
  const CancelSource source;
  swap(kZero, hex(1));
  const auto outcome = watch(
      [&](const WatchEvent&) {
        source.cancel();
        return true;
      },
      {std::nullopt, source.token()});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
}

TEST_F(WatchClient, takes_silence_for_a_lost_connection) {
  serve();
  HttpRequest request{"GET", config().endpoint() + "/" + kDid + "/watch", {}, {}};
  const auto response =
      make_http_transport().client->stream(request, {[](ByteView) { return true; }, 50ms}, {});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().error.code, ErrorCode::timeout);
}

TEST_F(WatchClient, learns_why_it_may_not_look) {
  serve();
  set_tokens(token("alice"));
  auto backend = RestBackend::create(config(), make_http_transport());
  const auto head = backend->fetch_head(*Subject::parse(kDid));
  ASSERT_FALSE(head.has_value());
  EXPECT_NE(head.error().message().find("token"), std::string::npos) << head.error().message();
}

}  // namespace
}  // namespace dialog::test
