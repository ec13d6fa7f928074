#include "json.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

namespace dialog::cli {
namespace {

TEST(Json, WritesWordsAndNumbersAsTheyAre) {
  EXPECT_EQ(Json().to_line(), "null");
  EXPECT_EQ(Json(nullptr).to_line(), "null");
  EXPECT_EQ(Json(true).to_line(), "true");
  EXPECT_EQ(Json(false).to_line(), "false");
  EXPECT_EQ(Json(std::numeric_limits<std::uint64_t>::max()).to_line(), "18446744073709551615");
  EXPECT_EQ(Json(std::numeric_limits<std::int64_t>::min()).to_line(), "-9223372036854775808");
}

TEST(Json, KeepsMembersInTheOrderInWhichTheyAreSet) {
  Json document{{"b", 1}, {"a", {{"z", "y"}}}};
  document["0"] = true;
  document["b"] = nullptr;
  EXPECT_EQ(document.to_line(), R"({"b":null,"a":{"z":"y"},"0":true})");
}

TEST(Json, SetsTheMembersOfAnotherObject) {
  Json document{{"a", 1}, {"b", 2}};
  document.update({{"c", 3}, {"a", 4}});
  EXPECT_EQ(document.to_line(), R"({"a":4,"b":2,"c":3})");
}

TEST(Json, WritesArraysAlsoEmptyOnes) {
  Json array = Json::array();
  EXPECT_EQ(array.to_line(), "[]");
  array.push_back("a");
  array.push_back(Json{{"b", Json::array()}});
  EXPECT_EQ(array.to_line(), R"(["a",{"b":[]}])");
  EXPECT_EQ(Json(std::vector<std::string>{"x", ""}).to_line(), R"(["x",""])");
}

TEST(Json, IsAnObjectFromTheFirstMemberOn) {
  Json document;
  document["a"]["b"] = 1;
  EXPECT_EQ(document.to_line(), R"({"a":{"b":1}})");
}

TEST(Json, EscapesWhatWouldEndATextOrSteerATerminal) {
  EXPECT_EQ(Json("\"\\\n\x1b[2J").to_line(), R"("\"\\\n\u001b[2J")");
  EXPECT_EQ(Json("a\x7f").to_line(), R"("a\u007f")");
  EXPECT_EQ(Json("\xc2\x80 \xc2\x9f \xc2\xa0").to_line(), "\"\\u0080 \\u009f \xc2\xa0\"");
  EXPECT_EQ(Json(std::string("\0", 1)).to_line(), R"("\u0000")");
  EXPECT_EQ(Json({{"\x1b", 1}}).to_line(), R"({"\u001b":1})");
}

TEST(Json, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(Json("a\xff"
                 "b\xc2")
                .to_line(),
            "\"a\xef\xbf\xbd"
            "b\xef\xbf\xbd\"");
}

TEST(Json, ShowsTextsAndNullToPeopleWithoutQuotes) {
  EXPECT_EQ(Json("a \"b\"").to_plain(), "a \"b\"");
  EXPECT_EQ(Json().to_plain(), "none");
  EXPECT_EQ(Json(true).to_plain(), "true");
  EXPECT_EQ(Json("null").to_plain(), "null");
}

}  // namespace
}  // namespace dialog::cli
