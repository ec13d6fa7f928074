#include <regex>

#include "served_fixture.hpp"

namespace dialog::test {
namespace {

std::string token(const std::string& name, const std::string& rest) {
  return R"({"name":")" + name + R"(","hash":"blake3:)" + Hash::of("secret of " + name).hex() +
         R"(",)" + rest + "}\n";
}

std::string without_samples(const std::string& page) {
  return std::regex_replace(page, std::regex(R"((#.*|[a-z_]+(\{[^\n}]*\})? [0-9.e+-]+)\n)"), "");
}

class StateProtocol : public ProtocolTest {
 protected:
  int metrics_as(const std::string& name) {
    return send("GET", "/metrics", {{"Authorization", "Bearer secret of " + name}}).status;
  }
  // Whether the page of metrics has this line.
  bool counts(const std::string& line) {
    const std::string page = "\n" + send("GET", "/metrics").body;
    return page.find("\n" + line + "\n") != std::string::npos;
  }
};
INSTANTIATE_TEST_SUITE_P(Memory, StateProtocol, over<MemoryServerStoreFixture>(kAllTransports),
                         transport_name);

TEST_P(StateProtocol, readiness_is_told_to_anybody) {
  set_tokens("");
  EXPECT_EQ(send("GET", "/readyz").status, 200);
  EXPECT_EQ(send("HEAD", "/readyz").status, 200);
}

TEST_P(StateProtocol, who_is_about_to_stop_is_well_but_not_ready) {
  service().begin_drain();
  const auto ready = send("GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(field(ready, "Retry-After"), "1");
  EXPECT_EQ(send("GET", "/healthz").status, 200);
  EXPECT_EQ(put(kZero, hex(1)).status, 200);
  EXPECT_TRUE(counts("dialog_ready 0"));
}

TEST_P(StateProtocol, metrics_are_in_the_text_format_of_prometheus) {
  put(kZero, hex(1));
  const auto page = send("GET", "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(field(page, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(field(page, "Cache-Control"), "no-store");
  EXPECT_EQ(without_samples(page.body), "");
}

TEST_P(StateProtocol, swaps_are_counted_by_their_outcome) {
  put(kZero, hex(1));
  put(hex(1), hex(2));
  put(hex(1), hex(3));
  EXPECT_TRUE(counts("dialog_swaps_total{outcome=\"accepted\"} 2"));
  EXPECT_TRUE(counts("dialog_swaps_total{outcome=\"refused\"} 1"));
}

TEST_P(StateProtocol, blocks_and_their_bytes_are_counted) {
  const Block block = Block::of("hello");
  const std::string path = "/" + kDid + "/blocks/" + block.hash().hex();
  EXPECT_EQ(send("PUT", path, {}, "hello").status, 204);
  EXPECT_EQ(send("GET", path).status, 200);
  EXPECT_EQ(send("POST", "/" + kDid + "/blocks/get",
                 {{"Content-Type", std::string(wire::kBlocksMediaType)}},
                 std::string(block.hash().bytes()))
                .status,
            200);
  EXPECT_TRUE(counts("dialog_blocks_stored_total 1"));
  EXPECT_TRUE(counts("dialog_block_bytes_stored_total 5"));
  EXPECT_TRUE(counts("dialog_blocks_read_total 2"));
  EXPECT_TRUE(counts("dialog_block_bytes_read_total 10"));
}

TEST_P(StateProtocol, with_tokens_metrics_need_one_for_all_subjects) {
  set_tokens(token("watcher", R"("access":"read","subjects":"all")") +
             token("admin", R"("access":"admin","subjects":"all")") +
             token("laptop", R"("access":"admin","subjects":[")" + kDid + "\"]"));
  EXPECT_EQ(send("GET", "/metrics").status, 401);
  EXPECT_EQ(metrics_as("nobody"), 401);
  EXPECT_EQ(metrics_as("laptop"), 403);
  EXPECT_EQ(metrics_as("watcher"), 200);
  EXPECT_EQ(metrics_as("admin"), 200);
}

TEST_P(StateProtocol, refused_credentials_are_counted_by_their_fault) {
  set_tokens(token("watcher", R"("access":"read","subjects":"all")"));
  send("HEAD", "/" + kDid);
  send("HEAD", "/" + kDid, {{"Authorization", "Bearer wrong"}});
  send("HEAD", "/" + kDid, {{"Authorization", "Bearer wrong"}});
  send("PUT", "/" + kDid, {{"Authorization", "Bearer secret of watcher"}});
  const auto page = send("GET", "/metrics", {{"Authorization", "Bearer secret of watcher"}});
  for (const char* line :
       {"{reason=\"missing\"} 1\n", "{reason=\"unknown\"} 2\n", "{reason=\"insufficient\"} 1\n"}) {
    EXPECT_NE(page.body.find("dialog_credentials_refused_total" + std::string(line)),
              std::string::npos)
        << page.body;
  }
}

TEST_P(StateProtocol, metrics_name_neither_subjects_nor_tokens) {
  set_tokens(token("watcher", R"("access":"write","subjects":"all")"));
  const Fields fields{{"Authorization", "Bearer secret of watcher"},
                      {"If-Match", kZero},
                      {"Content-Type", "application/json"}};
  EXPECT_EQ(send("PUT", "/" + kDid, fields, swap_body(kDid, hex(1))).status, 200);
  const auto page = send("GET", "/metrics", {{"Authorization", "Bearer secret of watcher"}});
  EXPECT_EQ(page.body.find("did:"), std::string::npos);
  EXPECT_EQ(page.body.find("watcher"), std::string::npos);
}

class ServedState : public ServedTest {
 protected:
  HttpResponse metrics(Fields fields = {}) {
    RawClient client(port());
    return client.exchange(make_request("GET", "/metrics", fields));
  }
  bool counts(const std::string& line) {
    return ("\n" + metrics().body).find("\n" + line + "\n") != std::string::npos;
  }
};

TEST_F(ServedState, requests_are_counted_by_resource_method_and_status) {
  serve();
  RawClient client(port());
  client.exchange(make_request("GET", "/" + kDid));
  client.exchange(make_request("GET", "/" + kDid + "/log"));
  client.exchange(make_request("GET", "/" + kOtherDid));
  client.exchange(make_request("BREW", "/" + kOtherDid));
  client.exchange(make_request("PUT", "/" + kDid,
                               {{"If-Match", kZero}, {"Content-Type", "application/json"}},
                               swap_body(kDid, hex(1))));
  log_.records(5);
  const std::string total = "dialog_requests_total{resource=";
  EXPECT_TRUE(counts(total + "\"register\",method=\"GET\",status=\"4xx\"} 2"));
  EXPECT_TRUE(counts(total + "\"log\",method=\"GET\",status=\"4xx\"} 1"));
  EXPECT_TRUE(counts(total + "\"register\",method=\"other\",status=\"4xx\"} 1"));
  EXPECT_TRUE(counts(total + "\"register\",method=\"PUT\",status=\"2xx\"} 1"));
  EXPECT_TRUE(
      counts("dialog_body_bytes_received_total " + std::to_string(swap_body(kDid, hex(1)).size())));
}

TEST_F(ServedState, the_latency_of_requests_is_counted_by_resource) {
  serve();
  RawClient client(port());
  client.exchange(make_request("GET", "/healthz"));
  client.exchange(make_request("GET", "/healthz"));
  log_.records(2);
  const std::string name = "dialog_request_duration_seconds";
  EXPECT_TRUE(counts(name + "_count{resource=\"health\"} 2"));
  EXPECT_TRUE(counts(name + "_bucket{resource=\"health\",le=\"+Inf\"} 2"));
}

TEST_F(ServedState, connections_are_counted_and_why_they_were_turned_away) {
  serve({.connections_max = 1});
  RawClient client(port());
  client.exchange(make_request("GET", "/"));
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503);
  const auto page = client.exchange(make_request("GET", "/metrics")).body;
  for (const char* line : {"\ndialog_connections_open 1\n", "\ndialog_connections_total 1\n",
                           "\ndialog_connections_turned_away_total{reason=\"connections\"} 1\n",
                           "\ndialog_connections_turned_away_total{reason=\"address\"} 0\n"})
    EXPECT_NE(page.find(line), std::string::npos) << line;
}

TEST_F(ServedState, without_tokens_metrics_are_for_this_machine) {
  serve({.trusted_proxies = {"127.0.0.1"}});
  EXPECT_EQ(metrics({{"X-Forwarded-For", "203.0.113.7"}}).status, 403);
  EXPECT_EQ(metrics({{"X-Forwarded-For", "127.0.0.1"}}).status, 200);
  EXPECT_EQ(metrics().status, 200);
}

TEST_F(ServedState, a_store_that_takes_no_more_writes_is_not_ready) {
  serve();
  EXPECT_EQ(status_of("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
  store_.lose_writes({ErrorCode::storage_failed, "/srv/secret: an earlier write failed", {}});
  EXPECT_EQ(status_of("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503);
  EXPECT_TRUE(counts("dialog_store_writable 0"));
  EXPECT_TRUE(counts("dialog_ready 0"));
}

}  // namespace
}  // namespace dialog::test
