#include <chrono>
#include <gtest/gtest.h>
#include <string>

#include "conformance/etcd_fixture.hpp"
#include "conformance/s3_fixture.hpp"
#include "watch_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

/// A server that looks at once for what others change.
template <class Cloud>
class OneOfSeveral {
 public:
  explicit OneOfSeveral(Cloud& cloud)
      : store_({cloud.heads(), cloud.archives(), cloud.revocations()}) {
    DIALOG_CHECK(server_.start().has_value(), "a server on a free port of this machine");
  }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  HttpResponse send(std::string method, std::string target, Fields fields = {}, Bytes body = {}) {
    return RawClient(port()).exchange(
        make_request(std::move(method), std::move(target), fields, std::move(body)));
  }
  HttpResponse swap(char expected, char desired) {
    return send("PUT", "/" + kDid,
                {{"If-Match", hex(expected)}, {"Content-Type", "application/json"}},
                swap_body(kDid, hex(desired)));
  }

 private:
  ComposedServerStore store_;
  server::Service service_{store_, {.watch_look_again = 0ms}};
  server::SilentLog log_;
  server::Server server_{service_, {.heartbeat_time = 1ms}, log_};
};

/// Two servers that stand on the same services, and know nothing of each other.
template <class Cloud>
class SharedServers : public testing::Test {
 protected:
  Cloud cloud_;
  OneOfSeveral<Cloud> a_{cloud_};
  OneOfSeveral<Cloud> b_{cloud_};
};

using Clouds = testing::Types<FakeBucket, TwoClouds<FakeEtcdCluster, FakeBucket>>;
TYPED_TEST_SUITE(SharedServers, Clouds);

TYPED_TEST(SharedServers, what_one_acknowledges_counts_for_the_other) {
  ASSERT_EQ(this->a_.swap(0, 1).status, 200);
  EXPECT_EQ(field(this->b_.send("HEAD", "/" + kDid), "ETag"), hex(1));
  ASSERT_EQ(this->b_.swap(1, 2).status, 200);
  const auto stale = this->a_.swap(1, 3);
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(field(stale, "ETag"), hex(2));
  ASSERT_EQ(this->a_.swap(2, 3).status, 200);
  const auto log = wire::parse_history(this->b_.send("GET", "/" + kDid + "/log").body);
  ASSERT_TRUE(log.has_value());
  EXPECT_EQ(log->records.size(), 3U);
}

TYPED_TEST(SharedServers, the_first_swap_of_a_subject_is_accepted_by_one_of_them) {
  ASSERT_EQ(this->b_.send("HEAD", "/" + kDid).status, 404);
  ASSERT_EQ(this->a_.swap(0, 1).status, 200);
  const auto late = this->b_.swap(0, 2);
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(field(late, "ETag"), hex(1));
}

TYPED_TEST(SharedServers, a_block_that_one_took_the_other_has) {
  const std::string path = "/" + kDid + "/blocks/" + Hash::of("block").hex();
  ASSERT_EQ(this->b_.send("GET", path).status, 404);
  ASSERT_EQ(this->a_.send("PUT", path, {}, "block").status, 204);
  EXPECT_EQ(this->b_.send("GET", path).body, "block");
}

TYPED_TEST(SharedServers, who_watches_one_is_told_what_the_other_changes_and_may_go_on_there) {
  std::string last;
  {
    Watcher watcher(this->b_.port());
    ASSERT_EQ(this->a_.swap(0, 1).status, 200);
    const auto event = watcher.next();
    expect_head(event, 1, 1);
    last = wire::print_watch_position(event->position());
  }
  ASSERT_EQ(this->a_.swap(1, 2).status, 200);
  ASSERT_EQ(this->b_.swap(2, 3).status, 200);
  Watcher watcher(this->a_.port(), {{"Last-Event-ID", last}});
  expect_head(watcher.next(), 2, 2);
  expect_head(watcher.next(), 3, 3);
}

}  // namespace
}  // namespace dialog::test
