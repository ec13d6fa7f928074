#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol_suites.hpp"

namespace dialog::test {
namespace {

TEST_P(SubjectProtocol, an_admin_deletes_a_subject_with_all_that_it_has) {
  ASSERT_EQ(put_block("block").status, 204);
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  const auto deleted = as("root", "DELETE", "/" + kDid);
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(as("writer", "HEAD", "/" + kDid).status, 404);
  EXPECT_EQ(as("writer", "GET", "/" + kDid + "/log").status, 404);
  EXPECT_EQ(as("writer", "GET", block_path("block")).status, 404);
  EXPECT_EQ(usage(), wire::UsageMessage{});
  EXPECT_EQ(swap(hex(1), hex(2)).status, 404);
}

TEST_P(SubjectProtocol, a_deleted_subject_begins_anew) {
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  ASSERT_EQ(swap(hex(1), hex(2)).status, 200);
  ASSERT_EQ(as("root", "DELETE", "/" + kDid).status, 204);
  const auto again = swap(kZero, hex(3));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(field(again, "Dialog-Sequence"), "1");
  EXPECT_EQ(wire::parse_history(as("writer", "GET", "/" + kDid + "/log").body)->records.size(), 1U);
}

TEST_P(SubjectProtocol, deleting_what_is_not_there_is_404) {
  const auto response = as("root", "DELETE", "/" + kDid);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(code(response), "not_found");
}

TEST_P(SubjectProtocol, a_delete_with_a_precondition_is_refused_and_deletes_nothing) {
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  EXPECT_EQ(as("root", "DELETE", "/" + kDid, {{"If-Match", hex(2)}}).status, 400);
  EXPECT_EQ(as("root", "DELETE", "/" + kDid, {{"If-None-Match", "*"}}).status, 400);
  EXPECT_EQ(as("writer", "HEAD", "/" + kDid).status, 200);
}

TEST_P(SubjectProtocol, only_an_admin_deletes_lists_and_sets_quotas) {
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"DELETE", "/" + kDid},
                                                        {"GET", "/subjects"},
                                                        {"HEAD", "/subjects"},
                                                        {"PUT", "/" + kDid + "/quota"},
                                                        {"DELETE", "/" + kDid + "/quota"}}) {
    EXPECT_EQ(as("writer", method, target).status, 403) << method << " " << target;
    EXPECT_EQ(send(method, target).status, 401) << method << " " << target;
  }
  EXPECT_EQ(as("writer", "HEAD", "/" + kDid).status, 200);
}

TEST_P(SubjectProtocol, an_admin_of_one_subject_is_none_of_others) {
  set_tokens(token_line("root", "admin", R"("subjects":[")" + kDid + R"("])") +
             token_line("writer", "write"));
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  ASSERT_EQ(swap(kZero, hex(1), kOtherDid).status, 200);
  EXPECT_EQ(as("root", "GET", "/subjects").status, 403);
  EXPECT_EQ(as("root", "DELETE", "/" + kOtherDid).status, 403);
  EXPECT_EQ(as("root", "DELETE", "/" + kDid).status, 204);
}

TEST_P(SubjectProtocol, the_list_shows_heads_and_usage_page_by_page) {
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  ASSERT_EQ(put_block("12345").status, 204);
  ASSERT_EQ(swap(kZero, hex(2), kOtherDid).status, 200);
  std::optional<Hash> after;
  for (int page = 0; page < 2; ++page) {
    const auto listed = wire::parse_subjects(
        as("root", "GET", "/subjects?limit=1" + (after ? "&after=" + after->hex() : "")).body);
    ASSERT_TRUE(listed.has_value()) << listed.error().message;
    ASSERT_EQ(listed->entries.size(), 1U);
    EXPECT_TRUE(page == 1 || !listed->complete);
    const auto& entry = listed->entries[0];
    const bool first = entry.did == kDid;
    EXPECT_EQ(entry.did, first ? kDid : kOtherDid);
    EXPECT_EQ(entry.head->revision, revision(first ? 1 : 2));
    EXPECT_EQ(entry.head->author, "writer");
    EXPECT_EQ(entry.usage, (first ? Usage{1, 5} : Usage{}));
    EXPECT_NE(after, std::optional(entry.id));
    after = entry.id;
  }
  EXPECT_EQ(as("root", "GET", "/subjects?after=" + after->hex()).body,
            R"({"subjects":[],"complete":true})");
}

TEST_P(SubjectProtocol, a_wrong_query_of_the_list_is_400) {
  for (const char* query :
       {"limit=0", "limit=x", "after=1", "limit=1&limit=2", "other=1", "after="})
    EXPECT_EQ(as("root", "GET", std::string("/subjects?") + query).status, 400) << query;
}

TEST_P(SubjectProtocol, asking_for_invented_subjects_leaves_no_trace) {
  for (int i = 0; i < 50; ++i) {
    const std::string did = "did:web:invented" + std::to_string(i);
    EXPECT_EQ(as("writer", "HEAD", "/" + did).status, 404);
    EXPECT_EQ(as("writer", "GET", block_path("x", did)).status, 404);
  }
  EXPECT_EQ(as("root", "GET", "/subjects").body, R"({"subjects":[],"complete":true})");
}

TEST_P(SubjectProtocol, usage_is_for_whoever_may_read) {
  set_tokens(token_line("writer", "write") + token_line("reader", "read") +
             token_line("other", "read", R"("subjects":[")" + kOtherDid + R"("])"));
  ASSERT_EQ(put_block("12345").status, 204);
  const auto response = as("reader", "GET", "/" + kDid + "/usage");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"blocks":1,"bytes":5,"quota":{"blocks":null,"bytes":null}})");
  EXPECT_EQ(as("other", "GET", "/" + kDid + "/usage").status, 403);
}

TEST_P(SubjectProtocol, only_a_subject_has_usage_and_quota_and_only_the_server_has_subjects) {
  EXPECT_EQ(as("root", "GET", "/usage").status, 404);
  EXPECT_EQ(as("root", "GET", "/subjects/").status, 404);
  EXPECT_EQ(as("root", "GET", "/subjects/usage").status, 404);
  EXPECT_EQ(as("root", "POST", "/subjects").status, 405);
  EXPECT_EQ(as("root", "GET", "/" + kDid + "/quota").status, 405);
  EXPECT_EQ(field(as("root", "POST", "/" + kDid), "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

TEST_P(OpenSubjectProtocol, without_tokens_nobody_is_an_admin) {
  EXPECT_EQ(send("DELETE", "/" + kDid).status, 403);
  EXPECT_EQ(send("GET", "/subjects").status, 403);
  EXPECT_EQ(send("DELETE", "/" + kDid + "/quota").status, 403);
  EXPECT_EQ(send("GET", "/" + kDid + "/usage").status, 200);
  EXPECT_EQ(send("OPTIONS", "/" + kDid).status, 204);
}

TEST_P(OpenSubjectProtocol, where_nobody_else_can_come_every_program_is_but_no_web_page) {
  server::ServiceConfig config;
  config.admin_without_tokens = true;
  config.cors_origins = {"*"};
  configure(config);
  for (const char* origin : {"https://evil.example", "null", "http://127.0.0.1:8440"}) {
    EXPECT_EQ(send("DELETE", "/" + kDid, {{"Origin", origin}}).status, 403) << origin;
    EXPECT_EQ(send("GET", "/subjects", {{"Origin", origin}}).status, 403) << origin;
  }
  EXPECT_EQ(send("GET", "/subjects").status, 200);
  EXPECT_EQ(send("DELETE", "/" + kDid).status, 204);
}

}  // namespace
}  // namespace dialog::test
