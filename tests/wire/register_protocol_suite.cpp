#include "protocol_suites.hpp"

namespace dialog::test {
namespace {

TEST_P(RegisterProtocol, an_unpublished_subject_is_not_found) {
  const auto head = send("HEAD", "/" + kDid);
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(field(head, "ETag"), "(none)");
  const auto get = send("GET", "/" + kDid);
  EXPECT_EQ(get.status, 404);
  EXPECT_EQ(wire::parse_error(get.body)->code, ErrorCode::not_found);
}

TEST_P(RegisterProtocol, zeros_create_the_record_and_head_shows_it) {
  const auto created = put(kZero, hex(1));
  EXPECT_EQ(created.status, 200);
  EXPECT_EQ(field(created, "ETag"), hex(1));
  const auto head = send("HEAD", "/" + kDid);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(field(head, "ETag"), hex(1));
  EXPECT_EQ(field(head, "Dialog-Sequence"), "1");
}

TEST_P(RegisterProtocol, an_accepted_put_repeats_the_record) {
  clock_.sleep(std::chrono::seconds(5));
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  const auto response = put(hex(1), hex(2));
  EXPECT_EQ(field(response, "Content-Type"), "application/json");
  const auto record = wire::parse_record(response.body);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->revision, revision(2));
  EXPECT_EQ(record->previous, revision(1));
  EXPECT_EQ(record->sequence, 2U);
  EXPECT_EQ(record->time, clock_.wall());
  EXPECT_EQ(send("GET", "/" + kDid).body, response.body);
}

TEST_P(RegisterProtocol, head_tells_the_length_that_get_would_have) {
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  const auto get = send("GET", "/" + kDid);
  EXPECT_EQ(field(send("HEAD", "/" + kDid), "Content-Length"), std::to_string(get.body.size()));
}

TEST_P(RegisterProtocol, a_lost_swap_shows_the_actual_revision_in_tag_and_body) {
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  const auto lost = put(hex(7), hex(2));
  EXPECT_EQ(lost.status, 412);
  EXPECT_EQ(field(lost, "ETag"), hex(1));
  EXPECT_EQ(field(lost, "Dialog-Sequence"), "1");
  const auto mismatch = wire::parse_mismatch(lost.body);
  ASSERT_TRUE(mismatch.has_value());
  EXPECT_EQ(mismatch->expected, revision(7));
  EXPECT_EQ(mismatch->actual, revision(1));
  EXPECT_EQ(field(send("HEAD", "/" + kDid), "ETag"), hex(1));
}

TEST_P(RegisterProtocol, a_first_swap_from_something_else_than_zeros_is_not_found) {
  const auto response = put(hex(1), hex(2));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(field(response, "ETag"), "(none)");
}

TEST_P(RegisterProtocol, a_record_of_zeros_is_a_record_and_accepts_zeros) {
  ASSERT_EQ(put(kZero, kZero).status, 200);
  EXPECT_EQ(field(send("HEAD", "/" + kDid), "ETag"), kZero);
  EXPECT_EQ(put(kZero, hex(1)).status, 200);
}

TEST_P(RegisterProtocol, creation_asked_for_by_a_star_fails_where_a_record_is) {
  const Fields create{{"If-None-Match", "*"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(send("PUT", "/" + kDid, create, swap_body(kDid, kZero)).status, 200);
  const auto again = send("PUT", "/" + kDid, create, swap_body(kDid, hex(1)));
  EXPECT_EQ(again.status, 412);
  EXPECT_EQ(field(again, "ETag"), kZero);
}

TEST_P(RegisterProtocol, a_put_without_precondition_is_refused_as_such) {
  const auto response =
      send("PUT", "/" + kDid, {{"Content-Type", "application/json"}}, swap_body(kDid, hex(1)));
  EXPECT_EQ(response.status, 428);
  EXPECT_EQ(send("HEAD", "/" + kDid).status, 404);
}

TEST_P(RegisterProtocol, a_refused_head_says_why_in_a_field) {
  const auto head = send("HEAD", "/" + kDid);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(field(head, "Dialog-Error"), send("GET", "/" + kDid).body);
  EXPECT_EQ(field(send("GET", "/" + kDid), "Dialog-Error"), "(none)");
}

TEST_P(RegisterProtocol, only_one_strong_revision_is_a_precondition) {
  for (const std::string& value :
       {std::string("*"), "W/\"" + kZero + "\"", kZero + ", " + kZero, kZero.substr(1),
        "\"" + kZero, std::string("abc"), std::string()}) {
    EXPECT_EQ(put(value, hex(1)).status, 400) << value;
  }
  EXPECT_EQ(
      send("PUT", "/" + kDid, {{"If-None-Match", kZero}, {"Content-Type", "application/json"}},
           swap_body(kDid, hex(1)))
          .status,
      400);
  EXPECT_EQ(
      send("PUT", "/" + kDid,
           {{"If-None-Match", "*"}, {"If-Match", kZero}, {"Content-Type", "application/json"}},
           swap_body(kDid, hex(1)))
          .status,
      400);
}

TEST_P(RegisterProtocol, a_quoted_or_upper_case_precondition_counts) {
  std::string upper = hex('\xab');
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(put("\"" + kZero + "\"", upper).status, 200);
  EXPECT_EQ(field(send("HEAD", "/" + kDid), "ETag"), hex('\xab'));
  EXPECT_EQ(put(upper, hex(1)).status, 200);
}

TEST_P(RegisterProtocol, the_shape_with_an_origin_is_accepted_where_it_repeats_the_precondition) {
  const Fields fields{{"If-Match", kZero}, {"Content-Type", "application/json"}};
  std::string body = swap_body(kDid, hex(1));
  body.insert(1, R"("origin":")" + hex(9) + R"(",)");
  EXPECT_EQ(send("PUT", "/" + kDid, fields, body).status, 400);
  body = swap_body(kDid, hex(1));
  body.insert(1, R"("origin":")" + kZero + R"(",)");
  EXPECT_EQ(send("PUT", "/" + kDid, fields, body).status, 200);
}

TEST_P(RegisterProtocol, the_subject_of_the_body_must_be_the_one_of_the_url) {
  const auto response =
      send("PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "application/json"}},
           swap_body("did:web:example.com", hex(1)));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(send("HEAD", "/" + kDid).status, 404);
}

TEST_P(RegisterProtocol, a_body_that_is_no_assertion_is_refused) {
  std::string other_command = swap_body(kDid, hex(1));
  other_command.replace(other_command.find("/state/assert"), 13, "/state/retract");
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"), other_command,
        swap_body(kDid, "abc"), std::string(10'000, '['),
        swap_body(kDid, hex(1)) + std::string("\0and more", 9),
        R"({"sub":")" + kOtherDid + "\"," + swap_body(kDid, hex(1)).substr(1)}) {
    const auto response =
        send("PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "application/json"}}, body);
    EXPECT_EQ(response.status, 400) << body.substr(0, 80);
    EXPECT_TRUE(wire::parse_error(response.body).has_value()) << body.substr(0, 80);
  }
}

TEST_P(RegisterProtocol, a_body_that_is_not_declared_as_json_is_refused) {
  EXPECT_EQ(send("PUT", "/" + kDid, {{"If-Match", kZero}}, swap_body(kDid, hex(1))).status, 400);
  EXPECT_EQ(send("PUT", "/" + kDid, {{"If-Match", kZero}, {"Content-Type", "text/plain"}},
                 swap_body(kDid, hex(1)))
                .status,
            400);
  EXPECT_EQ(send("PUT", "/" + kDid,
                 {{"If-Match", kZero}, {"Content-Type", "Application/JSON; charset=utf-8"}},
                 swap_body(kDid, hex(1)))
                .status,
            200);
}

TEST_P(RegisterProtocol, a_coded_body_is_refused) {
  EXPECT_EQ(
      send(
          "PUT", "/" + kDid,
          {{"If-Match", kZero}, {"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}},
          swap_body(kDid, hex(1)))
          .status,
      415);
}

TEST_P(RegisterProtocol, a_body_above_16_kib_is_too_large) {
  std::string body = swap_body(kDid, hex(1));
  body.insert(1, 16 * 1024 - body.size(), ' ');
  const Fields fields{{"If-Match", kZero}, {"Content-Type", "application/json"}};
  EXPECT_EQ(send("PUT", "/" + kDid, fields, body + " ").status, 413);
  EXPECT_EQ(send("PUT", "/" + kDid, fields, body).status, 200);
}

TEST_P(RegisterProtocol, the_issuer_of_the_body_is_never_the_author) {
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  EXPECT_EQ(wire::parse_record(send("GET", "/" + kDid).body)->author, "");
}

TEST_P(RegisterProtocol, an_escaped_did_is_decoded_once_and_a_literal_one_never) {
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  EXPECT_EQ(send("HEAD", "/did%3Akey%3A" + kDid.substr(8)).status, 200);
  ASSERT_EQ(put(kZero, hex(2), kOtherDid).status, 200);
  EXPECT_EQ(field(send("HEAD", "/did%3aweb%3Aexample.com%253A8443"), "ETag"), hex(2));
  EXPECT_EQ(send("HEAD", "/did%3Aweb%3Aexample.com%3A8443").status, 404);
}

TEST_P(RegisterProtocol, a_path_that_names_no_did_is_refused) {
  for (const char* path : {"/did:", "/did:key:", "/did%20key", "/%2e"}) {
    EXPECT_EQ(send("GET", path).status, 400) << path;
  }
  for (const char* path : {"/index.html", "/favicon.ico", "//"}) {
    EXPECT_EQ(send("GET", path).status, 404) << path;
  }
  EXPECT_EQ(send("GET", "/" + kDid + "/nothing").status, 404);
  EXPECT_EQ(send("GET", "/" + kDid + "/").status, 404);
}

TEST_P(DirectRegisterProtocol, a_path_with_broken_escapes_or_dots_is_refused) {
  for (const char* path : {"/did%3", "/did%zzkey", "/%00", "/%2e%2e"}) {
    EXPECT_EQ(send("GET", path).status, 400) << path;
  }
  EXPECT_EQ(send("GET", "/../etc/passwd").status, 404);
}

TEST_P(RegisterProtocol, the_log_lists_accepted_swaps_in_pages) {
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  ASSERT_EQ(put(hex(1), hex(2)).status, 200);
  ASSERT_EQ(put(hex(1), hex(9)).status, 412);
  ASSERT_EQ(put(hex(2), hex(3)).status, 200);
  const auto all = wire::parse_history(send("GET", "/" + kDid + "/log").body);
  ASSERT_TRUE(all.has_value());
  ASSERT_EQ(all->records.size(), 3U);
  EXPECT_EQ(all->records[2].revision, revision(3));
  EXPECT_TRUE(all->complete);
  const auto page = wire::parse_history(send("GET", "/" + kDid + "/log?after=1&limit=1").body);
  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(page->records.size(), 1U);
  EXPECT_EQ(page->records[0].sequence, 2U);
  EXPECT_FALSE(page->complete);
}

TEST_P(RegisterProtocol, the_log_refuses_queries_it_does_not_know) {
  ASSERT_EQ(put(kZero, hex(1)).status, 200);
  for (const char* query : {"?after=-1", "?limit=0", "?limit=x", "?what=1", "?after=1&after=2"}) {
    EXPECT_EQ(send("GET", "/" + kDid + "/log" + query).status, 400) << query;
  }
}

TEST_P(RegisterProtocol, the_log_of_an_unpublished_subject_is_not_found) {
  EXPECT_EQ(send("GET", "/" + kDid + "/log").status, 404);
}

TEST_P(RegisterProtocol, nothing_but_blocks_may_be_cached) {
  EXPECT_EQ(field(put(kZero, hex(1)), "Cache-Control"), "no-store");
  EXPECT_EQ(field(put(kZero, hex(1)), "Cache-Control"), "no-store");
  EXPECT_EQ(field(send("HEAD", "/" + kDid), "Cache-Control"), "no-store");
  EXPECT_EQ(field(send("GET", "/nothing"), "Cache-Control"), "no-store");
  EXPECT_EQ(field(send("DELETE", "/" + kDid), "Cache-Control"), "no-store");
}

TEST_P(RegisterProtocol, every_answer_has_a_date) {
  clock_.sleep(std::chrono::seconds(2'000'000'000) - clock_.wall());
  EXPECT_EQ(field(send("GET", "/" + kDid), "Date"), "Wed, 18 May 2033 03:33:20 GMT");
}

TEST_P(RegisterProtocol, other_methods_are_told_which_ones_there_are) {
  for (const char* method : {"POST", "PATCH"}) {
    const auto response = send(method, "/" + kDid);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(field(response, "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS") << method;
  }
  const auto options = send("OPTIONS", "/" + kDid);
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(field(options, "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

TEST_P(DirectRegisterProtocol, methods_are_told_apart_by_case) {
  EXPECT_EQ(send("get", "/" + kDid).status, 405);
}

TEST_P(DirectRegisterProtocol, the_server_as_such_has_options) {
  EXPECT_EQ(send("OPTIONS", "*").status, 204);
}

TEST_P(RegisterProtocol, the_endpoint_says_what_it_offers) {
  const auto response = send("GET", "/");
  EXPECT_EQ(response.status, 200);
  const auto capabilities = wire::parse_capabilities(response.body);
  ASSERT_TRUE(capabilities.has_value());
  EXPECT_TRUE(capabilities->archive);
  EXPECT_TRUE(capabilities->history);
  EXPECT_FALSE(capabilities->deltas);
  EXPECT_TRUE(capabilities->watch);
  EXPECT_FALSE(capabilities->signatures);
  EXPECT_EQ(capabilities->block_bytes_max, kBlockBytesMax);
}

TEST_P(RegisterProtocol, health_is_told_to_anybody) {
  EXPECT_EQ(send("GET", "/healthz").status, 200);
  EXPECT_EQ(send("HEAD", "/healthz").status, 200);
}

TEST_P(RegisterProtocol, an_endpoint_may_have_a_prefix) {
  configure({.path_prefix = "/api/register/"});
  const Fields fields{{"If-Match", kZero}, {"Content-Type", "application/json"}};
  EXPECT_EQ(send("PUT", "/api/register/" + kDid, fields, swap_body(kDid, hex(1))).status, 200);
  EXPECT_EQ(send("HEAD", "/api/register/" + kDid).status, 200);
  EXPECT_EQ(send("HEAD", "/" + kDid).status, 404);
  EXPECT_EQ(send("HEAD", "/api/registers").status, 404);
  EXPECT_EQ(send("GET", "/api/register").status, 200);
  EXPECT_EQ(send("GET", "/api/register/").status, 200);
  EXPECT_EQ(send("GET", "/healthz").status, 200);
}

TEST_P(RegisterProtocol, tags_are_quoted_where_that_was_asked_for) {
  configure({.etag_style = wire::EtagStyle::quoted});
  EXPECT_EQ(field(put(kZero, hex(1)), "ETag"), "\"" + hex(1) + "\"");
  EXPECT_EQ(field(send("HEAD", "/" + kDid), "ETag"), "\"" + hex(1) + "\"");
  EXPECT_EQ(field(put(kZero, hex(1)), "ETag"), "\"" + hex(1) + "\"");
}

TEST_P(RegisterProtocol, web_pages_of_named_origins_may_read_tags) {
  configure({.cors_origins = {"https://app.example"}});
  const auto response = send("GET", "/" + kDid, {{"Origin", "https://app.example"}});
  EXPECT_EQ(field(response, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_NE(field(response, "Access-Control-Expose-Headers").find("ETag"), std::string::npos);
  const auto preflight =
      send("OPTIONS", "/" + kDid,
           {{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "PUT"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_NE(field(preflight, "Access-Control-Allow-Methods").find("PUT"), std::string::npos);
  EXPECT_NE(field(preflight, "Access-Control-Allow-Headers").find("If-Match"), std::string::npos);
  EXPECT_EQ(field(send("GET", "/" + kDid, {{"Origin", "https://evil.example"}}),
                  "Access-Control-Allow-Origin"),
            "(none)");
}

TEST_P(RegisterProtocol, web_pages_get_nothing_by_default) {
  EXPECT_EQ(field(send("GET", "/" + kDid, {{"Origin", "https://app.example"}}),
                  "Access-Control-Allow-Origin"),
            "(none)");
}

}  // namespace
}  // namespace dialog::test
