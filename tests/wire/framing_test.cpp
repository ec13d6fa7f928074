#include "served_fixture.hpp"

namespace dialog::test {
namespace {

class Framing : public ServedTest {
 protected:
  void SetUp() override { serve(); }
};

TEST_F(Framing, requests_follow_each_other_on_one_connection) {
  RawClient client(port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.exchange(make_request("GET", "/")).status, 200);
  EXPECT_EQ(server_->connection_count(), 1U);
}

TEST_F(Framing, pipelined_requests_are_answered_in_order) {
  RawClient client(port());
  client.send(print_request(make_request(
                  "PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "application/json"}},
                  swap_body(kDid, hex(1)))) +
              "HEAD /" + kDid + " HTTP/1.1\r\nHost: localhost\r\n\r\n" +
              "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.receive()->status, 200);
  const auto head = client.receive(true);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(field(*head, "ETag"), hex(1));
  EXPECT_EQ(client.receive()->status, 404);
}

TEST_F(Framing, a_response_to_head_has_no_body) {
  RawClient client(port());
  client.send(
      "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: "
      "localhost\r\nConnection: "
      "close\r\n\r\n");
  const auto head = client.receive(true);
  ASSERT_TRUE(head.has_value());
  EXPECT_NE(field(*head, "Content-Length"), "0");
  EXPECT_EQ(client.receive()->body, R"({"status":"ok"})");
}

TEST_F(Framing, a_head_may_come_byte_by_byte) {
  RawClient client(port());
  for (const char c : kGet + "\r\n") client.send({&c, 1});
  EXPECT_EQ(client.receive()->status, 200);
}

TEST_F(Framing, an_empty_line_before_a_request_is_skipped) {
  EXPECT_EQ(status_of("\r\n" + kGet + "\r\n"), 200);
}

TEST_F(Framing, a_chunked_body_is_put_together) {
  const std::string body = "chunked body";
  RawClient client(port());
  client.send("PUT /" + kDid + "/blocks/" + Hash::of(body).hex() +
              " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
              "7\r\nchunked\r\n5;x=y\r\n body\r\n0\r\nTrailer: t\r\n\r\n");
  EXPECT_EQ(client.receive()->status, 204);
  EXPECT_EQ(
      client.exchange(make_request("GET", "/" + kDid + "/blocks/" + Hash::of(body).hex())).body,
      body);
}

TEST_F(Framing, a_wrongly_chunked_body_is_refused) {
  const std::string head = "PUT /" + kDid + "/blocks/" + hex(1) +
                           " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"zz\r\nx\r\n0\r\n\r\n", "1\r\nxyz\r\n0\r\n\r\n", "-1\r\nx\r\n0\r\n\r\n",
                           "fffffffffffffffff\r\nx\r\n", "0x1\r\nx\r\n0\r\n\r\n"}) {
    const int status = status_of(head + body);
    EXPECT_TRUE(status == 400 || status == 413) << body << ": " << status;
  }
}

TEST_F(Framing, a_chunked_body_is_bounded_although_it_does_not_tell_its_length) {
  RawClient client(port());
  client.send("PUT /" + kDid + "/blocks/" + hex(1) +
              " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + "40000\r\n" +
              std::string(0x40000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive()->status, 413);
}

TEST_F(Framing, the_extensions_of_chunks_are_bounded) {
  RawClient client(port());
  client.send("PUT /" + kDid + "/blocks/" + hex(1) +
              " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + "1;" +
              std::string(200'000, 'x'));
  EXPECT_EQ(client.receive()->status, 400);
}

TEST_F(Framing, a_body_that_is_expected_is_asked_for) {
  RawClient client(port());
  client.send("PUT /" + kDid + "/blocks/" + Hash::of("x").hex() +
              " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive_line(), "HTTP/1.1 100 Continue");
  EXPECT_EQ(client.receive_line(), "");
  client.send("x");
  EXPECT_EQ(client.receive()->status, 204);
}

TEST_F(Framing, a_body_that_would_be_refused_is_not_asked_for) {
  EXPECT_EQ(
      status_of(
          "PUT /" + kDid +
          " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n" +
          "If-Match: " + kZero + "\r\nContent-Type: application/json\r\n\r\n"),
      413);
  EXPECT_EQ(
      status_of("PUT /" + kDid +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n" +
                "Content-Type: application/json\r\n\r\n"),
      428);
  EXPECT_EQ(
      status_of("PUT /" + kDid + "/blocks/" + hex(1) +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nExpect: a-miracle\r\n\r\n"),
      417);
}

TEST_F(Framing, a_refusal_without_the_body_ends_the_connection) {
  RawClient client(port());
  client.send("PUT /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
  const auto response = client.receive();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(field(*response, "Connection"), "close");
  // Were these bytes read as a request, there would be a second response.
  client.send(kGet + "\r\n");
  client.finish();
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Framing, a_refusal_at_the_socket_of_a_head_has_no_body_either) {
  const std::string host = "Host: localhost\r\n";
  const std::pair<int, std::string> cases[] = {
      {413, "HEAD /healthz HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n"},
      {421, "HEAD /healthz HTTP/1.1\r\nHost: rebound.example\r\n\r\n"},
      {417, "HEAD /healthz HTTP/1.1\r\n" + host + "Expect: a-miracle\r\n\r\n"},
      {400, "HEAD /healthz HTTP/1.1\r\n" + host + host + "\r\n"},
      {414, "HEAD /" + std::string(5000, 'x')},
  };
  for (const auto& [status, bytes] : cases) {
    RawClient client(port());
    client.send(bytes);
    const auto response = client.receive(true);
    ASSERT_TRUE(response.has_value()) << status;
    EXPECT_EQ(response->status, status);
    EXPECT_NE(field(*response, "Content-Length"), "0");
    client.finish();
    EXPECT_EQ(client.receive_rest(), "") << status;
  }
}

TEST_F(Framing, a_connection_ends_where_the_client_says_so) {
  RawClient client(port());
  client.send(kGet + "Connection: close\r\n\r\n" + kGet + "\r\n");
  EXPECT_EQ(client.receive()->status, 200);
  client.finish();
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_F(Framing, http_1_0_is_answered_and_closed) {
  RawClient client(port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const auto response = client.receive();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(field(*response, "Connection"), "close");
}

TEST_F(Framing, the_absolute_form_of_a_target_is_understood) {
  EXPECT_EQ(status_of("GET http://a/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
}

TEST_F(Framing, what_two_readers_could_understand_differently_is_refused) {
  const std::string put = "PUT /" + kDid + "/blocks/" + hex(1) + " HTTP/1.1\r\nHost: localhost\r\n";
  const std::string did = "GET /" + kDid + " HTTP/1.1\r\nHost: localhost\r\n";
  const std::pair<const char*, std::string> cases[] = {
      {"length and coding",
       put + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"coding and length",
       put + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"two lengths", put + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
      {"a list of lengths", put + "Content-Length: 1, 1\r\n\r\nx"},
      {"a signed length", put + "Content-Length: +1\r\n\r\nx"},
      {"an empty length", put + "Content-Length:\r\n\r\nx"},
      {"two codings",
       put + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"a folded field", kGet + "X: a\r\n b\r\n\r\n"},
      {"a folded first field", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n"},
      {"a bare line feed in a field", kGet + "X: a\nY: b\r\n\r\n"},
      {"a bare carriage return", kGet + "X: a\rY: b\r\n\r\n"},
      {"a NUL", kGet + std::string("X: a\0b\r\n\r\n", 10)},
      {"a blank before the colon", put + "Content-Length : 1\r\n\r\nx"},
      {"no name", kGet + ": x\r\n\r\n"},
      {"no colon", kGet + "Nothing\r\n\r\n"},
      {"two hosts", kGet + "Host: b\r\n\r\n"},
      {"no host", "GET / HTTP/1.1\r\n\r\n"},
      {"two credentials", did + "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n"},
      {"two preconditions", did + "If-Match: " + kZero + "\r\nIF-MATCH: " + kZero + "\r\n\r\n"},
      {"a blank in the target", "GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"no target", "GET HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"no version", "GET /\r\nHost: localhost\r\n\r\n"},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13)},
  };
  for (const auto& [name, bytes] : cases) EXPECT_EQ(status_of(bytes), 400) << name;
}

TEST_F(Framing, what_this_server_does_not_speak_is_told_apart) {
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(status_of("PUT /" + kDid + "/blocks/" + hex(1) +
                      " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
            501);
  EXPECT_EQ(status_of("PUT /" + kDid + "/blocks/" + hex(1) +
                      " HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400);
}

TEST_F(Framing, a_length_beyond_all_memory_is_just_too_large) {
  for (const char* length :
       {"999999999999999999", "18446744073709551615", "99999999999999999999999"}) {
    const int status =
        status_of("PUT /" + kDid + "/blocks/" + hex(1) +
                  " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n");
    EXPECT_TRUE(status == 413 || status == 400) << length << ": " << status;
  }
}

TEST_F(Framing, a_body_where_none_belongs_is_refused) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"), 413);
}

TEST_F(Framing, each_answer_has_a_request_id_of_its_own) {
  RawClient client(port());
  const std::string first = field(client.exchange(make_request("GET", "/")), "X-Request-Id");
  const std::string second = field(client.exchange(make_request("GET", "/")), "X-Request-Id");
  EXPECT_NE(first, "(none)");
  EXPECT_NE(first, second);
}

TEST_F(Framing, random_bytes_never_get_more_than_a_refusal) {
  SeededRandom random(1);
  for (int i = 0; i < 200; ++i) {
    std::string bytes = i % 2 == 0 ? std::string() : kGet + "\r\n";
    for (std::uint64_t count = random.below(60); count > 0; --count) {
      const auto at = static_cast<std::ptrdiff_t>(random.below(bytes.size() + 1));
      bytes.insert(bytes.begin() + at, static_cast<char>(random.below(256)));
    }
    RawClient client(port());
    client.send(bytes);
    client.finish();
    client.receive_rest();
  }
  EXPECT_EQ(status_of(kGet + "\r\n"), 200);
}

}  // namespace
}  // namespace dialog::test
