#include <algorithm>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "served_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

class Lifecycle : public ServedTest {};

TEST_F(Lifecycle, a_request_in_flight_is_finished_before_the_server_stops) {
  serve();
  store_.shut();
  RawClient client(port());
  client.send(print_request(
      make_request("PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "application/json"}},
                   swap_body(kDid, hex(1)))));
  store_.wait_for_waiting(1);
  std::thread stopping([&] { server_->stop(); });
  log_.wait_for_event("stopping");
  store_.open();
  const auto response = client.receive();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  client.finish();
  EXPECT_EQ(client.receive_rest(), "");
  stopping.join();
  EXPECT_EQ(server_->connection_count(), 0U);
}

TEST_F(Lifecycle, idle_connections_are_closed_at_once) {
  serve();
  RawClient client(port());
  EXPECT_EQ(client.exchange(make_request("GET", "/")).status, 200);
  server_->stop();
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Lifecycle, nobody_connects_to_a_server_that_stopped) {
  serve();
  const std::uint16_t was = port();
  server_->stop();
  EXPECT_THROW(RawClient client(was), std::runtime_error);
}

TEST_F(Lifecycle, a_request_that_does_not_end_is_cut) {
  serve({.stop_time_max = 10ms});
  store_.shut();
  store_.obey_cancellation();
  RawClient client(port());
  client.send(print_request(make_request("HEAD", "/" + kDid)));
  store_.wait_for_waiting(1);
  server_->stop();
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Lifecycle, a_client_that_sends_slowly_does_not_hold_up_the_stop) {
  serve({.stop_time_max = 10ms});
  RawClient client(port());
  client.send("GET / HTTP/1.1\r\nHo");
  while (server_->connection_count() == 0) std::this_thread::yield();
  server_->stop();
  EXPECT_EQ(server_->connection_count(), 0U);
}

TEST_F(Lifecycle, stopping_twice_or_without_a_start_is_fine) {
  serve();
  server_->stop();
  server_->stop();
  server::Server never(*service_, {}, log_);
  never.stop();
}

TEST_F(Lifecycle, a_port_that_is_taken_is_told) {
  serve();
  server::Server second(*service_, {.port = port()}, log_);
  const auto started = second.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::unavailable);
}

TEST_F(Lifecycle, without_tokens_it_listens_on_loopback_only) {
  serve();
  server::Server second(*service_, {.host = "0.0.0.0"}, log_);
  const auto started = second.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
}

TEST_F(Lifecycle, without_tokens_it_listens_anywhere_where_told_to_be_open) {
  serve({.host = "0.0.0.0", .open = true});
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
}

TEST_F(Lifecycle, with_tokens_it_listens_anywhere) {
  service_ = std::make_unique<server::Service>(store_, server::ServiceConfig{});
  service_->set_tokens(std::make_shared<const server::TokenSet>());
  server_ =
      std::make_unique<server::Server>(*service_, server::ServerConfig{.host = "0.0.0.0"}, log_);
  ASSERT_TRUE(server_->start().has_value());
  EXPECT_EQ(status_of("GET /" + kDid + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
}

TEST_F(Lifecycle, with_signatures_it_listens_anywhere) {
  service_ = std::make_unique<server::Service>(store_, server::ServiceConfig{.signatures = true});
  server_ =
      std::make_unique<server::Server>(*service_, server::ServerConfig{.host = "0.0.0.0"}, log_);
  ASSERT_TRUE(server_->start().has_value());
  EXPECT_EQ(status_of("GET /" + kDid + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
}

TEST_F(Lifecycle, without_tokens_a_page_whose_name_points_here_gets_nothing) {
  serve();
  EXPECT_EQ(status_of("GET /" + kDid + " HTTP/1.1\r\nHost: rebound.example\r\n\r\n"), 421);
  EXPECT_EQ(status_of("GET /" + kDid + " HTTP/1.1\r\nHost: localhost:1\r\n\r\n"), 404);
  service_->set_tokens(std::make_shared<const server::TokenSet>());
  EXPECT_EQ(status_of("GET /" + kDid + " HTTP/1.1\r\nHost: rebound.example\r\n\r\n"), 401);
}

TEST_F(Lifecycle, an_open_server_answers_to_any_name) {
  serve({.open = true});
  EXPECT_EQ(status_of("GET /" + kDid + " HTTP/1.1\r\nHost: remote.example\r\n\r\n"), 404);
}

TEST_F(Lifecycle, a_wrong_configuration_is_told) {
  service_ = std::make_unique<server::Service>(store_, server::ServiceConfig{});
  server::Server no_address(*service_, {.host = "no such host.invalid"}, log_);
  EXPECT_EQ(no_address.start().error().code, ErrorCode::invalid_argument);
  server::Server no_network(*service_, {.trusted_proxies = {"10.0.0.0/33"}}, log_);
  EXPECT_EQ(no_network.start().error().code, ErrorCode::invalid_argument);
}

// Takes all file descriptors but one while it lives.
class DescriptorsTaken {
 public:
  DescriptorsTaken() {
    getrlimit(RLIMIT_NOFILE, &before_);
    struct rlimit few = before_;
    few.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 256);
    setrlimit(RLIMIT_NOFILE, &few);
    for (int file; (file = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(file);
    close(taken_.back());
    taken_.pop_back();
  }
  ~DescriptorsTaken() {
    for (const int file : taken_) close(file);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  DescriptorsTaken(const DescriptorsTaken&) = delete;
  DescriptorsTaken& operator=(const DescriptorsTaken&) = delete;

 private:
  struct rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(Lifecycle, that_file_descriptors_run_out_is_told_but_not_again_and_again) {
  serve();
  for (int round = 0; round < 2; ++round) {
    std::optional<DescriptorsTaken> taken(std::in_place);
    RawClient client(port());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    log_.wait_for_event("accept_failed");
    taken.reset();
    EXPECT_EQ(client.receive()->status, 200);
  }
  EXPECT_EQ(log_.event_count("accept_failed"), 1U);
}

TEST_F(Lifecycle, each_request_is_logged_without_secrets) {
  serve();
  const auto tokens =
      server::TokenSet::parse(R"({"name":"alice","hash":"blake3:)" + Hash::of("sesame").hex() +
                              R"(","subjects":"all","access":"write"})");
  service_->set_tokens(std::make_shared<const server::TokenSet>(*tokens));
  RawClient client(port());
  const auto response = client.exchange(make_request("PUT", "/" + kDid + "?token=sesame",
                                                     {{"If-Match", kZero},
                                                      {"Content-Type", "application/json"},
                                                      {"Authorization", "Bearer sesame"}},
                                                     swap_body(kDid, hex(1))));
  ASSERT_EQ(response.status, 200);
  const auto record = log_.records(1)[0];
  EXPECT_EQ(record.method, "PUT");
  EXPECT_EQ(record.path, "/" + kDid);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.bytes_in, swap_body(kDid, hex(1)).size());
  EXPECT_EQ(record.bytes_out, response.body.size());
  EXPECT_EQ(record.subject, kDid);
  EXPECT_EQ(record.who, "alice");
  EXPECT_EQ(record.request_id, field(response, "X-Request-Id"));
  EXPECT_EQ(server::to_json(record).find("sesame"), std::string::npos);
}

TEST_F(Lifecycle, a_failure_of_the_store_is_logged_and_not_told) {
  serve();
  store_.fail_with({ErrorCode::storage_failed, "/srv/secret/data.mdb: input/output error", {}});
  RawClient client(port());
  const auto response = client.exchange(make_request("GET", "/" + kDid));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("/srv"), std::string::npos);
  EXPECT_EQ(log_.records(1)[0].fault, "/srv/secret/data.mdb: input/output error");
  EXPECT_EQ(client.exchange(make_request("GET", "/healthz")).status, 503);
}

TEST_F(Lifecycle, a_store_that_takes_no_more_writes_is_not_well) {
  serve();
  RawClient client(port());
  EXPECT_EQ(client.exchange(make_request("GET", "/healthz")).status, 200);
  store_.lose_writes({ErrorCode::storage_failed, "/srv/secret: an earlier write failed", {}});
  const auto response = client.exchange(make_request("GET", "/healthz"));
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find("started again"), std::string::npos) << response.body;
  EXPECT_EQ(response.body.find("/srv"), std::string::npos);
  EXPECT_EQ(log_.records(2)[1].fault, "/srv/secret: an earlier write failed");
  EXPECT_EQ(client.exchange(make_request("GET", "/" + kDid)).status, 404) << "reads go on";
}

TEST_F(Lifecycle, a_full_disk_refuses_as_such) {
  serve();
  store_.fail_with({ErrorCode::storage_full, "no space left on device", {}});
  RawClient client(port());
  EXPECT_EQ(client
                .exchange(make_request("PUT", "/" + kDid,
                                       {{"If-Match", kZero}, {"Content-Type", "application/json"}},
                                       swap_body(kDid, hex(1))))
                .status,
            507);
}

}  // namespace
}  // namespace dialog::test
