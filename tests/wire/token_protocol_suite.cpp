#include "protocol_suites.hpp"

namespace dialog::test {
namespace {

TEST_P(TokenProtocol, without_a_token_everything_about_a_subject_is_refused) {
  set_tokens(token_line("alice", "admin"));
  const std::string block = "/" + kDid + "/blocks/" + hex(1);
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"HEAD", "/" + kDid},
                                                        {"GET", "/" + kDid},
                                                        {"PUT", "/" + kDid},
                                                        {"GET", "/" + kDid + "/log"},
                                                        {"GET", block},
                                                        {"HEAD", block},
                                                        {"PUT", block},
                                                        {"POST", "/" + kDid + "/blocks/get"},
                                                        {"POST", "/" + kDid + "/blocks/put"},
                                                        {"POST", "/" + kDid + "/blocks/has"}}) {
    const auto response = send(method, target);
    EXPECT_EQ(response.status, 401) << method << " " << target;
    EXPECT_EQ(field(response, "WWW-Authenticate"), "Bearer realm=\"dialog\"")
        << method << " " << target;
  }
}

TEST_P(TokenProtocol, without_a_token_the_endpoint_still_says_what_it_is) {
  set_tokens(token_line("alice", "admin"));
  EXPECT_EQ(send("GET", "/").status, 200);
  EXPECT_EQ(send("GET", "/healthz").status, 200);
  EXPECT_EQ(send("OPTIONS", "/" + kDid).status, 204);
}

TEST_P(TokenProtocol, a_wrong_token_and_other_schemes_are_refused) {
  set_tokens(token_line("alice", "admin"));
  for (const char* value :
       {"Bearer wrong", "Bearer", "Bearer ", "Basic c2VjcmV0", "secret of alice", ""}) {
    EXPECT_EQ(send("HEAD", "/" + kDid, {{"Authorization", value}}).status, 401) << value;
  }
}

TEST_P(TokenProtocol, the_scheme_is_read_in_any_case) {
  set_tokens(token_line("alice", "read"));
  EXPECT_EQ(send("HEAD", "/" + kDid, {{"Authorization", "bearer  secret of alice"}}).status, 404);
  EXPECT_EQ(send("HEAD", "/" + kDid, {{"Authorization", "BEARER secret of alice"}}).status, 404);
}

TEST_P(TokenProtocol, a_token_to_read_may_not_write) {
  set_tokens(token_line("reader", "read"));
  EXPECT_EQ(as("reader", "HEAD", "/" + kDid).status, 404);
  EXPECT_EQ(as("reader", "POST", "/" + kDid + "/blocks/has",
               {{"Content-Type", "application/vnd.dialog.blocks"}})
                .status,
            200);
  const auto refused = put_as("reader");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(wire::parse_error(refused.body)->code, ErrorCode::unauthorized);
  EXPECT_EQ(as("reader", "PUT", "/" + kDid + "/blocks/" + Hash::of("x").hex(), {}, "x").status,
            403);
  EXPECT_EQ(as("reader", "POST", "/" + kDid + "/blocks/put",
               {{"Content-Type", "application/vnd.dialog.blocks"}})
                .status,
            403);
}

TEST_P(TokenProtocol, tokens_to_write_and_to_administer_may_write) {
  set_tokens(token_line("writer", "write") + token_line("admin", "admin"));
  EXPECT_EQ(put_as("writer").status, 200);
  EXPECT_EQ(put_as("admin").status, 412);
}

TEST_P(TokenProtocol, a_token_for_one_subject_opens_no_other) {
  set_tokens(token_line("alice", "write", R"("subjects":[")" + kOtherDid + R"("])"));
  EXPECT_EQ(as("alice", "HEAD", "/" + kOtherDid).status, 404);
  EXPECT_EQ(as("alice", "HEAD", "/" + kDid).status, 403);
  EXPECT_EQ(put_as("alice").status, 403);
}

TEST_P(TokenProtocol, a_refusal_does_not_tell_whether_there_is_a_record) {
  set_tokens(token_line("alice", "write", R"("subjects":[")" + kOtherDid + R"("])") +
             token_line("bob", "write"));
  const auto before = as("alice", "GET", "/" + kDid);
  ASSERT_EQ(put_as("bob").status, 200);
  const auto after = as("alice", "GET", "/" + kDid);
  EXPECT_EQ(before.status, after.status);
  EXPECT_EQ(before.body, after.body);
}

TEST_P(TokenProtocol, a_token_ends_when_it_expires) {
  set_tokens(token_line("alice", "read", R"("subjects":"all","expires":"2033-05-18T03:33:20Z")"));
  clock_.sleep(std::chrono::milliseconds(1'999'999'999'999) - clock_.wall());
  EXPECT_EQ(as("alice", "HEAD", "/" + kDid).status, 404);
  clock_.sleep(std::chrono::milliseconds(1));
  EXPECT_EQ(as("alice", "HEAD", "/" + kDid).status, 401);
}

TEST_P(TokenProtocol, the_author_on_record_is_the_name_of_the_token) {
  set_tokens(token_line("laptop of alice", "write"));
  ASSERT_EQ(put_as("laptop of alice").status, 200);
  EXPECT_EQ(wire::parse_record(as("laptop of alice", "GET", "/" + kDid).body)->author,
            "laptop of alice");
}

TEST_P(TokenProtocol, tokens_can_be_changed_while_serving) {
  set_tokens(token_line("alice", "read"));
  EXPECT_EQ(as("bob", "HEAD", "/" + kDid).status, 401);
  set_tokens(token_line("bob", "read"));
  EXPECT_EQ(as("bob", "HEAD", "/" + kDid).status, 404);
  EXPECT_EQ(as("alice", "HEAD", "/" + kDid).status, 401);
}

}  // namespace
}  // namespace dialog::test
