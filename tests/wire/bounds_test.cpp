#include <array>
#include <thread>

#include "served_fixture.hpp"
#include "signature_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

class Bounds : public ServedTest {
 protected:
  // A request whose response is almost 4 MiB large.
  std::string large_request() {
    std::vector<Block> blocks;
    std::vector<Hash> hashes;
    for (int i = 0; i < 15; ++i) {
      blocks.push_back(Block::of(Bytes(kBlockBytesMax, static_cast<char>(i))));
      hashes.push_back(blocks.back().hash());
    }
    EXPECT_TRUE(store_.archive_for(*Subject::parse(kDid))->put(blocks).has_value());
    return print_request(make_request("POST", "/" + kDid + "/blocks/get",
                                      {{"Content-Type", "application/vnd.dialog.blocks"}},
                                      wire::print_hashes(hashes)));
  }
};

TEST_F(Bounds, a_request_line_has_4_kib) {
  serve();
  const std::string line = "GET /" + std::string(4096 - 14, 'x') + " HTTP/1.1";
  ASSERT_EQ(line.size(), 4096U);
  EXPECT_EQ(status_of(line + "\r\nHost: localhost\r\n\r\n"), 404);
  EXPECT_EQ(status_of("GET /x" + line.substr(5) + "\r\nHost: localhost\r\n\r\n"), 414);
}

TEST_F(Bounds, a_request_line_is_refused_before_it_ends) {
  serve();
  EXPECT_EQ(status_of("GET /" + std::string(5000, 'x')), 414);
}

TEST_F(Bounds, a_head_has_16_kib) {
  serve();
  const std::string rest = kGet + "X: \r\n\r\n";
  const auto head = [&](std::size_t size) {
    return kGet + "X: " + std::string(size - rest.size(), 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(head(16 * 1024)), 200);
  EXPECT_EQ(status_of(head(16 * 1024 + 1)), 431);
}

TEST_F(Bounds, a_head_is_refused_before_it_ends) {
  serve();
  EXPECT_EQ(status_of(kGet + "X: " + std::string(17 * 1024, 'x')), 431);
}

TEST_F(Bounds, a_head_has_64_fields) {
  serve();
  std::string fields;
  for (int i = 0; i < 63; ++i) fields += "X: y\r\n";
  EXPECT_EQ(status_of(kGet + fields + "\r\n"), 200);
  EXPECT_EQ(status_of(kGet + fields + "X: y\r\n\r\n"), 431);
}

TEST_F(Bounds, the_bounds_of_a_head_can_be_set) {
  serve({.request_line_bytes_max = 100, .head_bytes_max = 200, .fields_max = 2});
  EXPECT_EQ(status_of("GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            414);
  EXPECT_EQ(status_of(kGet + "X: " + std::string(200, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(status_of(kGet + "X: y\r\nX: y\r\n\r\n"), 431);
  EXPECT_EQ(status_of(kGet + "\r\n"), 200);
}

TEST_F(Bounds, a_head_that_does_not_come_in_time_is_refused) {
  serve({.head_time_max = 20ms});
  EXPECT_EQ(status_of("GET / HT"), 408);
}

TEST_F(Bounds, a_client_that_says_nothing_is_let_go) {
  serve({.head_time_max = 20ms});
  RawClient client(port());
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Bounds, an_idle_connection_is_let_go) {
  serve({.idle_time_max = 20ms});
  RawClient client(port());
  EXPECT_EQ(client.exchange(make_request("GET", "/")).status, 200);
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Bounds, a_body_that_stalls_is_refused) {
  serve({.transfer_bytes_per_second_min = 1024 * 1024, .transfer_grace = 20ms});
  EXPECT_EQ(status_of("PUT /" + kDid + "/blocks/" + hex(1) +
                      " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nsome"),
            408);
}

TEST_F(Bounds, a_client_that_does_not_take_its_response_is_cut) {
  serve({.transfer_bytes_per_second_min = 1024 * 1024 * 1024, .transfer_grace = 20ms});
  // More than what sockets hold by themselves, asked for many times and never read.
  const std::string ask = large_request();
  RawClient client(port());
  for (int i = 0; i < 8; ++i) client.send(ask);
  log_.records(1);
  while (server_->connection_count() != 0) std::this_thread::yield();
}

TEST_F(Bounds, connections_are_counted) {
  serve({.connections_max = 2});
  RawClient first(port());
  RawClient second(port());
  EXPECT_EQ(first.exchange(make_request("GET", "/")).status, 200);
  EXPECT_EQ(second.exchange(make_request("GET", "/")).status, 200);
  RawClient third(port());
  const auto refused = third.receive();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(first.exchange(make_request("GET", "/")).status, 200);
}

TEST_F(Bounds, a_connection_that_ended_makes_room) {
  serve({.connections_max = 1});
  {
    RawClient first(port());
    EXPECT_EQ(first.exchange(make_request("GET", "/", {{"Connection", "close"}})).status, 200);
    first.finish();
    EXPECT_EQ(first.receive_rest(), "");
  }
  while (server_->connection_count() != 0) std::this_thread::yield();
  EXPECT_EQ(status_of(kGet + "\r\n"), 200);
}

TEST_F(Bounds, loopback_has_no_bound_of_its_own) {
  serve({.connections_per_address_max = 1});
  RawClient first(port());
  EXPECT_EQ(first.exchange(make_request("GET", "/")).status, 200);
  EXPECT_EQ(status_of(kGet + "\r\n"), 200);
}

TEST_F(Bounds, behind_a_trusted_proxy_the_requests_of_one_client_are_counted) {
  serve({.connections_per_address_max = 1, .trusted_proxies = {"127.0.0.1"}});
  store_.shut();
  RawClient first(port());
  first.send(print_request(make_request("HEAD", "/" + kDid, {{"X-Forwarded-For", "203.0.113.7"}})));
  store_.wait_for_waiting(1);
  RawClient second(port());
  EXPECT_EQ(second.exchange(make_request("GET", "/", {{"X-Forwarded-For", "203.0.113.7"}})).status,
            429);
  RawClient spoofing(port());
  EXPECT_EQ(
      spoofing
          .exchange(make_request("GET", "/", {{"X-Forwarded-For", "198.51.100.1, 203.0.113.7"}}))
          .status,
      429);
  RawClient third(port());
  EXPECT_EQ(third.exchange(make_request("GET", "/", {{"X-Forwarded-For", "203.0.113.8"}})).status,
            200);
  store_.open();
  EXPECT_EQ(first.receive(true)->status, 404);
  EXPECT_EQ(first.exchange(make_request("GET", "/", {{"X-Forwarded-For", "203.0.113.7"}})).status,
            200);
}

TEST_F(Bounds, wrong_signatures_of_one_client_are_verified_for_a_while_only) {
  server::ServiceConfig service;
  service.signatures = true;
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::seconds>(system_clock().wall());
  };
  // As if it had run for long.
  service.replay_guard = std::make_shared<server::MemoryReplayGuard>(now() - 3h, 1000);
  service.public_endpoint = *Endpoint::parse("https://db.example.org");
  serve({.wrong_signatures_per_minute_max = 3, .trusted_proxies = {"127.0.0.1"}}, service);
  int nonces = 0;
  const auto send_from = [&](const std::string& address, bool wrong) {
    HttpRequest request = make_request("GET", "https://db.example.org/" + kA);
    request.headers.set("Host", "db.example.org");
    const wire::SignatureTerms terms{now(), now() + 60s,
                                     "nonce of a test " + std::to_string(++nonces)};
    EXPECT_TRUE(wire::sign_request(request, key_of('a'), terms).has_value());
    request.target = "/" + kA + (wrong ? "/usage" : "");
    request.headers.add("X-Forwarded-For", address);
    return RawClient(port()).exchange(request);
  };
  EXPECT_EQ(send_from("203.0.113.7", false).status, 404);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send_from("203.0.113.7", true).status, 401) << i;
  for (const bool wrong : {true, false}) {
    const auto refused = send_from("203.0.113.7", wrong);
    EXPECT_EQ(refused.status, 429);
    EXPECT_NE(refused.body.find("too many wrong signatures"), std::string::npos) << refused.body;
  }
  EXPECT_EQ(RawClient(port())
                .exchange(make_request("GET", "/", {{"X-Forwarded-For", "203.0.113.7"}}))
                .status,
            200)
      << "what is not signed goes on";
  EXPECT_EQ(send_from("203.0.113.8", false).status, 404) << "and so do others";
}

TEST_F(Bounds, web_pages_may_read_what_the_socket_refuses) {
  serve({.connections_per_address_max = 0, .trusted_proxies = {"127.0.0.1"}},
        {.cors_origins = {"https://a.example"}});
  RawClient client(port());
  const auto refused = client.exchange(make_request(
      "GET", "/", {{"X-Forwarded-For", "203.0.113.7"}, {"Origin", "https://a.example"}}));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(field(refused, "Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_NE(field(refused, "Access-Control-Expose-Headers").find("Retry-After"), std::string::npos);
}

TEST_F(Bounds, nobody_else_is_believed_where_a_request_comes_from) {
  serve({.connections_per_address_max = 0});
  RawClient client(port());
  EXPECT_EQ(client.exchange(make_request("GET", "/", {{"X-Forwarded-For", "203.0.113.7"}})).status,
            200);
  EXPECT_EQ(log_.records(1)[0].address, "127.0.0.1");
}

TEST_F(Bounds, requests_that_wait_for_a_worker_are_counted) {
  serve({.worker_threads = 1, .queued_requests_max = 2});
  store_.shut();
  // Whichever come first fill the queue; the one beyond is refused while they wait.
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(print_request(make_request("GET", "/" + kDid)));
  }
  EXPECT_EQ(log_.records(1)[0].status, 503);
  store_.open();
  int served = 0;
  for (const auto& client : clients) {
    const auto response = client->receive();
    ASSERT_TRUE(response.has_value());
    if (response->status == 404) ++served;
    EXPECT_EQ(field(*response, "Retry-After"), response->status == 503 ? "1" : "(none)");
  }
  EXPECT_EQ(served, 2);
}

constexpr std::size_t kLargeBytes = 100'000;

// A block that is as large as that, and the head of a request that stores it.
Block large_block(char byte) { return Block::of(Bytes(kLargeBytes, byte)); }
std::string put_head_of(const Block& block) {
  return "PUT /" + kDid + "/blocks/" + block.hash().hex() + " HTTP/1.1\r\nHost: localhost\r\n" +
         "Content-Length: " + std::to_string(block.size()) + "\r\n\r\n";
}

TEST_F(Bounds, bodies_that_are_held_at_once_are_bounded_in_all) {
  serve({.bytes_in_flight_max = kLargeBytes * 3 / 2});
  const std::array blocks{large_block('a'), large_block('b')};
  RawClient clients[] = {RawClient(port()), RawClient(port())};
  // Both lack their last byte, so neither is answered before the other one came.
  for (std::size_t i = 0; i < 2; ++i) {
    clients[i].send(put_head_of(blocks[i]));
    clients[i].send(blocks[i].bytes().substr(1));
  }
  const auto refused = log_.records(1)[0];
  EXPECT_EQ(refused.status, 503);
  const std::size_t kept = refused.path.ends_with(blocks[0].hash().hex()) ? 1 : 0;
  EXPECT_EQ(clients[1 - kept].receive()->status, 503);
  clients[kept].send(blocks[kept].bytes().substr(0, 1));
  EXPECT_EQ(clients[kept].receive()->status, 204);
  // What a request held is given back with its end.
  for (const Block& block : blocks)
    EXPECT_EQ(status_of(put_head_of(block) + Bytes(block.bytes())), 204);
}

TEST_F(Bounds, what_a_response_may_take_is_reserved_before_the_work_is_done) {
  serve({.bytes_in_flight_max = 1'500'000}, {.log_records_max = 1000});
  store_.shut();
  const HttpRequest ask = make_request("GET", "/" + kDid + "/log");
  RawClient first(port());
  first.send(print_request(ask));
  store_.wait_for_waiting(1);
  RawClient second(port());
  const auto refused = second.exchange(ask);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(field(refused, "Retry-After"), "1");
  // Little is reserved for little.
  second.send(print_request(make_request("GET", "/" + kDid + "/log?limit=1")));
  store_.wait_for_waiting(2);
  store_.open();
  EXPECT_EQ(first.receive()->status, 404);
  EXPECT_EQ(second.receive()->status, 404);
  EXPECT_EQ(second.exchange(ask).status, 404) << "what was not used is given back";
}

TEST_F(Bounds, responses_are_bounded_in_all_until_their_clients_took_them) {
  serve({.bytes_in_flight_max = std::size_t{6} * 1024 * 1024});
  const std::string request = large_request();
  {
    // So many that sockets by themselves do not hold them all: one of the two clients makes the
    // server hold a response, and the other one is refused.
    RawClient first(port());
    RawClient second(port());
    for (int i = 0; i < 10; ++i) {
      first.send(request);
      second.send(request);
    }
    log_.wait_for_status(503);
    // What is small is served all the same.
    EXPECT_EQ(status_of(kGet + "\r\n"), 200);
  }
  while (server_->connection_count() != 0) std::this_thread::yield();
  EXPECT_EQ(status_of(request), 200);
}

TEST_F(Bounds, many_connections_are_served_at_once) {
  serve({.io_threads = 2});
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string did = "did:web:client" + std::to_string(t);
      RawClient client(port());
      std::string expected = kZero;
      for (int i = 0; i < kEach; ++i) {
        const std::string desired = Hash::of(did + std::to_string(i)).hex();
        const auto response = client.exchange(make_request(
            "PUT", "/" + did, {{"If-Match", expected}, {"Content-Type", "application/json"}},
            swap_body(did, desired)));
        if (response.status == 200 && field(response, "ETag") == desired) ++accepted;
        expected = desired;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, kThreads * kEach);
}

TEST_F(Bounds, of_many_swaps_from_the_same_revision_one_wins) {
  serve();
  constexpr int kThreads = 8;
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      RawClient client(port());
      const auto response = client.exchange(make_request(
          "PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "application/json"}},
          swap_body(kDid, hex(static_cast<char>(t + 1)))));
      (response.status == 200 ? won : lost) += 1;
      EXPECT_TRUE(response.status == 200 || response.status == 412) << response.status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kThreads - 1);
}

}  // namespace
}  // namespace dialog::test
