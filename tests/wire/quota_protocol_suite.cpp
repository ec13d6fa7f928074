#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol_suites.hpp"

namespace dialog::test {
namespace {

TEST_P(QuotaProtocol, the_list_shows_heads_usage_and_quotas_page_by_page) {
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

TEST_P(QuotaProtocol, a_put_beyond_the_quota_is_507_and_names_both) {
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

TEST_P(QuotaProtocol, a_quota_that_is_taken_away_gives_the_default_again) {
  store_.set_default_quota({1, std::nullopt});
  ASSERT_EQ(set_quota(R"({"blocks":null,"bytes":null})").status, 204);
  ASSERT_EQ(put_block("one").status, 204);
  ASSERT_EQ(put_block("two").status, 204);
  ASSERT_EQ(as("root", "DELETE", "/" + kDid + "/quota").status, 204);
  EXPECT_EQ(put_block("three").status, 507);
  EXPECT_EQ(usage().quota, (Quota{1, std::nullopt}));
}

TEST_P(QuotaProtocol, a_wrong_quota_is_400_and_changes_nothing) {
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

}  // namespace
}  // namespace dialog::test
