#include <future>
#include <gtest/gtest.h>
#include <vector>

#include "served_fixture.hpp"
#include "support/forwarding_store.hpp"

namespace dialog::test {
namespace {

/// A store in memory whose swaps wait while its gate is shut.
class SlowWriteStore final : public ForwardingStore, private Register {
 public:
  Register& head_register() override { return *this; }
  [[nodiscard]] bool answers_at_once() const override { return true; }

  void shut() { gate_ = std::promise<void>(); }
  void open() { gate_->set_value(); }
  void wait_for_writer() { writing_.get_future().wait(); }

 private:
  Result<std::optional<HeadRecord>> read(const Subject& subject, const Context& context) override {
    return store_.head_register().read(subject, context);
  }
  Result<SwapOutcome> swap(const Subject& subject, const Swap& swap,
                           const Context& context) override {
    if (gate_) {
      writing_.set_value();
      gate_->get_future().wait();
      gate_.reset();
    }
    return store_.head_register().swap(subject, swap, context);
  }
  Result<HeadHistory> history(const Subject& subject, std::uint64_t after, std::size_t limit,
                              const Context& context) override {
    return store_.head_register().history(subject, after, limit, context);
  }

  std::optional<std::promise<void>> gate_;
  std::promise<void> writing_;
};

/// A server that answers at once what it can.
class Pipelining : public testing::Test {
 protected:
  void serve(server::ServerConfig config = {}) {
    service_ = std::make_unique<server::Service>(store_, server::ServiceConfig{});
    server_ = std::make_unique<server::Server>(*service_, std::move(config), log_);
    ASSERT_TRUE(server_->start().has_value());
  }
  void put_block(const Block& block) {
    ASSERT_TRUE(store_.archive_for(*Subject::parse(kDid))->put({&block, 1}).has_value());
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  static std::string head() { return "HEAD /" + kDid + " HTTP/1.1\r\nHost: localhost\r\n\r\n"; }
  static std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  static std::string swap(const std::string& expected, const std::string& desired) {
    return print_request(make_request(
        "PUT", "/" + kDid, {{"If-Match", expected}, {"Content-Type", "application/json"}},
        swap_body(kDid, desired)));
  }

  SlowWriteStore store_;
  CapturingLog log_;
  std::unique_ptr<server::Service> service_;
  std::unique_ptr<server::Server> server_;
};

TEST_F(Pipelining, many_requests_in_one_segment_are_answered_in_order) {
  serve();
  std::string requests;
  for (char i = 1; i <= 40; ++i) {
    requests += swap(i == 1 ? kZero : hex(static_cast<char>(i - 1)), hex(i)) + head() +
                get("/nothing") + head();
  }
  RawClient client(port());
  client.send(requests);
  for (char i = 1; i <= 40; ++i) {
    EXPECT_EQ(field(*client.receive(), "ETag"), hex(i));
    EXPECT_EQ(field(*client.receive(true), "ETag"), hex(i));
    EXPECT_EQ(client.receive()->status, 404);
    EXPECT_EQ(field(*client.receive(true), "ETag"), hex(i));
  }
}

TEST_F(Pipelining, a_target_means_the_same_each_time) {
  serve();
  RawClient client(port());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(client.exchange(make_request("GET", "/nothing")).status, 404);
    EXPECT_EQ(client.exchange(make_request("GET", "/" + kDid + "/log?limit=0")).status, 400);
    EXPECT_EQ(client.exchange(make_request("GET", "/" + kDid + "/log?limit=0")).status, 400);
    EXPECT_EQ(client.exchange(make_request("GET", "/" + kDid + "/blocks/" + hex(1))).status, 404);
    EXPECT_EQ(client.exchange(make_request("PUT", "/" + kDid)).status, 400);
    EXPECT_EQ(client.exchange(make_request("DELETE", "/healthz")).status, 405);
    EXPECT_EQ(client.exchange(make_request("GET", "/healthz")).status, 200);
  }
}

TEST_F(Pipelining, requests_that_come_in_pieces_are_answered_in_order) {
  serve();
  const std::string requests = swap(kZero, hex(1)) + head() + swap(hex(1), hex(2)) + head();
  RawClient client(port());
  for (std::size_t at = 0; at < requests.size(); at += 7) client.send(requests.substr(at, 7));
  EXPECT_EQ(client.receive()->status, 200);
  EXPECT_EQ(field(*client.receive(true), "ETag"), hex(1));
  EXPECT_EQ(client.receive()->status, 200);
  EXPECT_EQ(field(*client.receive(true), "ETag"), hex(2));
}

TEST_F(Pipelining, a_refusal_in_the_middle_ends_the_connection_behind_its_answer) {
  serve();
  RawClient client(port());
  client.send(get("/healthz") + "GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n" +
              get("/healthz"));
  EXPECT_EQ(client.receive()->status, 200);
  const auto refused = client.receive();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 400);
  EXPECT_EQ(field(*refused, "Connection"), "close");
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Pipelining, a_client_that_ends_its_side_gets_what_it_asked_for) {
  serve();
  RawClient client(port());
  client.send(swap(kZero, hex(1)) + head() + head());
  client.finish();
  EXPECT_EQ(client.receive()->status, 200);
  EXPECT_EQ(client.receive(true)->status, 200);
  EXPECT_EQ(client.receive(true)->status, 200);
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Pipelining, large_answers_come_whole_and_in_order) {
  serve();
  std::string requests;
  std::vector<Block> blocks;
  for (char i = 0; i < 60; ++i) {
    // Around the size from which on a body is not copied.
    blocks.push_back(Block::of(Bytes(i % 2 == 0 ? 200'000 : 8'192, i)));
    put_block(blocks.back());
    requests += get("/" + kDid + "/blocks/" + blocks.back().hash().hex()) + head();
  }
  RawClient client(port());
  client.send(requests);
  for (const Block& block : blocks) {
    const auto response = client.receive();
    ASSERT_TRUE(response.has_value());
    EXPECT_TRUE(response->body == block.bytes());
    EXPECT_EQ(client.receive(true)->status, 404);
  }
}

TEST_F(Pipelining, what_was_answered_is_sent_before_a_body_is_waited_for) {
  serve();
  RawClient client(port());
  const std::string put = swap(kZero, hex(1));
  client.send(get("/healthz") + put.substr(0, put.size() - 1));
  EXPECT_EQ(client.receive()->status, 200);
  client.send(put.substr(put.size() - 1));
  EXPECT_EQ(client.receive()->status, 200);
}

TEST_F(Pipelining, each_request_of_a_segment_is_logged_with_the_bytes_of_its_own_body) {
  serve();
  RawClient client(port());
  client.send(get("/healthz") + get("/nothing") + get("/healthz"));
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 3; ++i) sizes.push_back(client.receive()->body.size());
  const auto records = log_.records(3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(records[i].bytes_out, sizes[i]);
    EXPECT_EQ(records[i].status, i == 1 ? 404 : 200);
  }
}

TEST_F(Pipelining, reads_do_not_wait_for_writers_and_show_only_what_is_durable) {
  serve();
  store_.shut();
  RawClient writer(port());
  writer.send(swap(kZero, hex(1)));
  store_.wait_for_writer();
  RawClient reader(port());
  reader.send(head() + get("/healthz"));
  EXPECT_EQ(reader.receive(true)->status, 404);
  EXPECT_EQ(reader.receive()->status, 200);
  store_.open();
  EXPECT_EQ(writer.receive()->status, 200);
  reader.send(head());
  EXPECT_EQ(field(*reader.receive(true), "ETag"), hex(1));
}

TEST_F(Pipelining, a_client_that_goes_while_its_swap_waits_disturbs_nobody) {
  serve();
  store_.shut();
  {
    RawClient writer(port());
    writer.send(swap(kZero, hex(1)));
    store_.wait_for_writer();
  }
  store_.open();
  RawClient reader(port());
  std::string seen;
  while (seen != hex(1)) {
    reader.send(head());
    seen = field(*reader.receive(true), "ETag");
  }
}

TEST_F(Pipelining, many_threads_serve_many_connections) {
  serve({.io_threads = 3});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(std::make_unique<RawClient>(port()));
  for (int round = 0; round < 5; ++round) {
    for (auto& client : clients) client->send(swap(hex(9), hex(10)) + head());
    for (auto& client : clients) {
      EXPECT_EQ(client->receive()->status, 404);
      EXPECT_EQ(client->receive(true)->status, 404);
    }
  }
}

}  // namespace
}  // namespace dialog::test
