#include "dialog/http/subject_messages.hpp"
#include "protocol_fixture.hpp"

namespace dialog::test {
namespace {

std::string line(const std::string& name, const std::string& access,
                 const std::string& subjects = R"("all")") {
  return R"({"name":")" + name + R"(","hash":"blake3:)" + Hash::of("secret of " + name).hex() +
         R"(","access":")" + access + R"(","subjects":)" + subjects + "}\n";
}

/// What an operator does with subjects. `root` is an admin, `writer` is none.
class SubjectProtocol : public ProtocolTest {
 protected:
  void SetUp() override { set_tokens(line("root", "admin") + line("writer", "write")); }

  HttpResponse as(const std::string& name, std::string method, std::string target,
                  Fields fields = {}, Bytes body = {}) {
    HttpRequest request =
        make_request(std::move(method), std::move(target), fields, std::move(body));
    request.headers.add("Authorization", "Bearer secret of " + name);
    return send(request);
  }
  HttpResponse swap(const std::string& expected, const std::string& desired,
                    const std::string& did = kDid) {
    return as("writer", "PUT", "/" + did,
              {{"If-Match", expected}, {"Content-Type", "application/json"}},
              swap_body(did, desired));
  }
  HttpResponse put_block(const std::string& text, const std::string& did = kDid) {
    return as("writer", "PUT", block_path(text, did), {}, text);
  }
  static std::string block_path(const std::string& text, const std::string& did = kDid) {
    return "/" + did + "/blocks/" + Hash::of(text).hex();
  }
  HttpResponse set_quota(const std::string& body, const std::string& did = kDid) {
    return as("root", "PUT", "/" + did + "/quota", {{"Content-Type", "application/json"}}, body);
  }
  wire::UsageMessage usage(const std::string& did = kDid) {
    const auto response = as("writer", "GET", "/" + did + "/usage");
    EXPECT_EQ(response.status, 200);
    return wire::parse_usage(response.body).value();
  }
  static std::string code(const HttpResponse& response) {
    const auto error = wire::parse_error(response.body);
    return error ? std::string(error_row(error->code).name) : "(none)";
  }
};
DIALOG_DIRECT_TRANSPORTS(SubjectProtocol);

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
  set_tokens(line("root", "admin", R"([")" + kDid + R"("])") + line("writer", "write"));
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  ASSERT_EQ(swap(kZero, hex(1), kOtherDid).status, 200);
  EXPECT_EQ(as("root", "GET", "/subjects").status, 403);
  EXPECT_EQ(as("root", "DELETE", "/" + kOtherDid).status, 403);
  EXPECT_EQ(as("root", "DELETE", "/" + kDid).status, 204);
}

TEST_P(SubjectProtocol, the_list_shows_heads_usage_and_quotas_page_by_page) {
  ASSERT_EQ(swap(kZero, hex(1)).status, 200);
  ASSERT_EQ(put_block("12345").status, 204);
  ASSERT_EQ(put_block("123", kOtherDid).status, 204);
  ASSERT_EQ(set_quota(R"({"blocks":null,"bytes":7})", kOtherDid).status, 204);
  const auto whole = as("root", "GET", "/subjects");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(field(whole, "Content-Type"), "application/json");
  const auto all = wire::parse_subjects(whole.body);
  ASSERT_TRUE(all.has_value()) << all.error().message;
  EXPECT_TRUE(all->complete);
  EXPECT_EQ(all->entries.size(), 2U);
  for (const auto& entry : all->entries) {
    EXPECT_EQ(entry.id, Hash::of(entry.did));
    if (entry.did == kDid) {
      EXPECT_EQ(entry.head->revision, revision(1));
      EXPECT_EQ(entry.head->author, "writer");
      EXPECT_EQ(entry.usage, (Usage{1, 5}));
      EXPECT_EQ(entry.quota, std::nullopt);
    } else {
      EXPECT_EQ(entry.head, std::nullopt);
      EXPECT_EQ(entry.usage, (Usage{1, 3}));
      EXPECT_EQ(entry.quota, (Quota{std::nullopt, 7}));
    }
  }
  const auto first = wire::parse_subjects(as("root", "GET", "/subjects?limit=1").body);
  EXPECT_FALSE(first->complete);
  ASSERT_EQ(first->entries.size(), 1U);
  const auto rest = wire::parse_subjects(
      as("root", "GET", "/subjects?limit=5&after=" + first->entries[0].id.hex()).body);
  EXPECT_TRUE(rest->complete);
  ASSERT_EQ(rest->entries.size(), 1U);
  EXPECT_EQ(rest->entries[0], all->entries[1]);
}

TEST_P(SubjectProtocol, a_wrong_query_of_the_list_is_400) {
  for (const char* query :
       {"limit=0", "limit=x", "after=1", "limit=1&limit=2", "other=1", "after="})
    EXPECT_EQ(as("root", "GET", std::string("/subjects?") + query).status, 400) << query;
}

TEST_P(SubjectProtocol, usage_is_for_whoever_may_read) {
  set_tokens(line("writer", "write") + line("reader", "read") +
             line("other", "read", R"([")" + kOtherDid + R"("])"));
  ASSERT_EQ(put_block("12345").status, 204);
  const auto response = as("reader", "GET", "/" + kDid + "/usage");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"blocks":1,"bytes":5,"quota":{"blocks":null,"bytes":null}})");
  EXPECT_EQ(as("other", "GET", "/" + kDid + "/usage").status, 403);
}

TEST_P(SubjectProtocol, a_put_beyond_the_quota_is_507_and_names_both) {
  ASSERT_EQ(set_quota(R"({"blocks":2,"bytes":1000})").status, 204);
  EXPECT_EQ(usage().quota, (Quota{2, 1000}));
  ASSERT_EQ(put_block("one").status, 204);
  ASSERT_EQ(put_block("two").status, 204);
  const auto refused = put_block("three");
  EXPECT_EQ(refused.status, 507);
  EXPECT_EQ(code(refused), "quota_exceeded");
  EXPECT_NE(refused.body.find("quota is 2 blocks: it holds 2"), std::string::npos) << refused.body;
  EXPECT_EQ(put_block("two").status, 204) << "it is there already";
  EXPECT_EQ(as("writer", "GET", block_path("one")).status, 200);
  EXPECT_EQ(swap(kZero, hex(1)).status, 200);
  EXPECT_EQ(as("writer", "GET", block_path("three")).status, 404);
}

TEST_P(SubjectProtocol, a_quota_that_is_taken_away_gives_the_default_again) {
  store_.set_default_quota({1, std::nullopt});
  ASSERT_EQ(set_quota(R"({"blocks":null,"bytes":null})").status, 204);
  ASSERT_EQ(put_block("one").status, 204);
  ASSERT_EQ(put_block("two").status, 204);
  ASSERT_EQ(as("root", "DELETE", "/" + kDid + "/quota").status, 204);
  EXPECT_EQ(put_block("three").status, 507);
  EXPECT_EQ(usage().quota, (Quota{1, std::nullopt}));
}

TEST_P(SubjectProtocol, a_wrong_quota_is_400_and_changes_nothing) {
  ASSERT_EQ(set_quota(R"({"blocks":1,"bytes":1})").status, 204);
  for (const char* body :
       {"", "{}", "null", "[]", R"({"blocks":1})", R"({"bytes":1})", R"({"blocks":-1,"bytes":1})",
        R"({"blocks":1.5,"bytes":1})", R"({"blocks":"1","bytes":1})",
        R"({"blocks":1,"bytes":1,"byte":1})", R"({"blocks":1,"blocks":2,"bytes":1})"}) {
    EXPECT_EQ(set_quota(body).status, 400) << body;
  }
  EXPECT_EQ(as("root", "PUT", "/" + kDid + "/quota", {}, R"({"blocks":1,"bytes":1})").status, 400)
      << "no content type";
  EXPECT_EQ(usage().quota, (Quota{1, 1}));
}

TEST_P(SubjectProtocol, only_a_subject_has_usage_and_quota_and_only_the_server_has_subjects) {
  EXPECT_EQ(as("root", "GET", "/usage").status, 404);
  EXPECT_EQ(as("root", "GET", "/subjects/").status, 404);
  EXPECT_EQ(as("root", "GET", "/subjects/usage").status, 404);
  EXPECT_EQ(as("root", "POST", "/subjects").status, 405);
  EXPECT_EQ(as("root", "GET", "/" + kDid + "/quota").status, 405);
  EXPECT_EQ(field(as("root", "POST", "/" + kDid), "Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

class OpenSubjectProtocol : public ProtocolTest {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.set_quota(subject_, Quota{1, 1}, {}).has_value()); }
  const Subject subject_ = Subject::parse(kDid).value();
};
DIALOG_DIRECT_TRANSPORTS(OpenSubjectProtocol);

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
