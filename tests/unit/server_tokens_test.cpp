#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "dialog/server/tokens.hpp"

namespace dialog::server {
namespace {

const std::string kDid = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi";

std::string token_line_of(const std::string& name, const std::string& secret,
                          const std::string& rest = "") {
  return R"({"name":")" + name + R"(","hash":"blake3:)" + Hash::of(secret).hex() +
         R"(","subjects":"all","access":"write")" + rest + "}";
}

TEST(Tokens, a_made_token_is_found_by_its_secret) {
  const auto made = make_token({.name = "laptop", .subjects = {{kDid}}, .access = Access::write});
  ASSERT_TRUE(made.has_value());
  const auto set = TokenSet::parse(made->line + "\n");
  ASSERT_TRUE(set.has_value()) << set.error().message;
  const Token* token = set->find(made->secret, WallTime{0});
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->name, "laptop");
  EXPECT_EQ(token->access, Access::write);
  EXPECT_TRUE(token->covers(*Subject::parse(kDid)));
  EXPECT_FALSE(token->covers(*Subject::parse("did:web:example.com")));
}

TEST(Tokens, the_line_of_a_token_does_not_hold_its_secret) {
  const auto made = make_token({.name = "laptop"});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->line.find(made->secret), std::string::npos);
  EXPECT_EQ(made->line.find(made->secret.substr(7)), std::string::npos);
}

TEST(Tokens, each_secret_is_another) {
  EXPECT_NE(make_token({.name = "a"})->secret, make_token({.name = "a"})->secret);
}

TEST(Tokens, the_expiry_survives_the_file) {
  const WallTime expires{2'000'000'000'000};
  const auto made = make_token({.name = "a", .expires = expires});
  const auto set = TokenSet::parse(made->line);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->tokens()[0].expires, expires);
  EXPECT_NE(set->find(made->secret, expires - WallTime{1}), nullptr);
  EXPECT_EQ(set->find(made->secret, expires), nullptr);
}

TEST(Tokens, names_that_would_spoil_a_log_are_refused) {
  for (const std::string& name :
       {std::string(), std::string("a\nb"), std::string(129, 'a'), std::string("\xff")}) {
    EXPECT_FALSE(make_token({.name = name}).has_value());
  }
}

TEST(Tokens, a_subject_must_be_a_did) {
  EXPECT_FALSE(make_token({.name = "a", .subjects = {{"everything"}}}).has_value());
}

TEST(Tokens, comments_empty_lines_and_line_ends_of_windows_are_fine) {
  const auto set = TokenSet::parse("# tokens\r\n\r\n  " + token_line_of("a", "x") + "\r\n\n" +
                                   token_line_of("b", "y"));
  ASSERT_TRUE(set.has_value()) << set.error().message;
  EXPECT_EQ(set->size(), 2U);
}

TEST(Tokens, an_empty_file_lets_nobody_in) {
  const auto set = TokenSet::parse("");
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->find("", WallTime{0}), nullptr);
  EXPECT_EQ(set->find("x", WallTime{0}), nullptr);
}

TEST(Tokens, an_error_names_its_line) {
  const auto set = TokenSet::parse(token_line_of("a", "x") + "\n#\n{}\n");
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().code, ErrorCode::malformed);
  EXPECT_NE(set.error().message.find("line 3"), std::string::npos) << set.error().message;
}

TEST(Tokens, whatever_is_not_understood_is_refused) {
  const std::string hash = "\"hash\":\"blake3:" + Hash::of("x").hex() + "\"";
  for (const std::string& line : std::vector<std::string>{
           "nonsense",
           "[]",
           token_line_of("a", "x") + std::string("\0# and more", 11),
           token_line_of("a", "x",
                         R"(,"expires":"2027-01-31T00:00:00Z","expires":"2099-01-31T00:00:00Z")"),
           token_line_of("a", "x", R"(,"name":"b")"),
           token_line_of("a", "x", R"(,"expiry":"2027-01-31T00:00:00Z")"),
           token_line_of("a", "x", R"(,"expires":"2027-01-31")"),
           token_line_of("a", "x", R"(,"expires":"2027-02-30T00:00:00Z")"),
           token_line_of("a", "x", R"(,"expires":"2027-01-31T24:00:00Z")"),
           token_line_of("a", "x", R"(,"expires":"2027-01-31T00:00:00+01:00")"),
           token_line_of("a", "x", R"(,"expires":1800000000)"),
           R"({"name":"a",)" + hash + R"(,"subjects":"some","access":"read"})",
           R"({"name":"a",)" + hash + R"(,"subjects":[1],"access":"read"})",
           R"({"name":"a",)" + hash + R"(,"subjects":["x"],"access":"read"})",
           R"({"name":"a",)" + hash + R"(,"subjects":"all","access":"all"})",
           R"({"name":"a",)" + hash + R"(,"access":"read"})",
           R"({"name":"a",)" + hash + R"(,"subjects":"all"})",
           R"({)" + hash + R"(,"subjects":"all","access":"read"})",
           R"({"name":"a","subjects":"all","access":"read"})",
           R"({"name":"a","hash":")" + Hash::of("x").hex() +
               R"(","subjects":"all","access":"read"})",
           R"({"name":"a","hash":"blake3:abc","subjects":"all","access":"read"})",
       }) {
    EXPECT_FALSE(TokenSet::parse(line).has_value()) << line;
  }
}

TEST(Tokens, names_and_hashes_occur_once) {
  EXPECT_FALSE(
      TokenSet::parse(token_line_of("a", "x") + "\n" + token_line_of("a", "y")).has_value());
  EXPECT_FALSE(
      TokenSet::parse(token_line_of("a", "x") + "\n" + token_line_of("b", "x")).has_value());
}

}  // namespace
}  // namespace dialog::server
