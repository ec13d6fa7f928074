#include <gtest/gtest.h>
#include <string>

#include "dialog/http/structured_fields.hpp"

namespace dialog::structured {
namespace {

std::string again(std::string_view field) {
  const auto parsed = parse_dictionary(field);
  return parsed ? print(*parsed) : "refused: " + parsed.error().message;
}

TEST(StructuredFields, ReadsAndPrintsEveryKindOfItem) {
  const auto parsed =
      parse_dictionary(R"(a=-12, b="x \"y\" \\", c=tok/en:1, d=:aGVsbG8=:, e=?0, f)");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  ASSERT_EQ(parsed->entries.size(), 6U);
  const auto value = [&](const char* name) { return std::get<Item>(*parsed->find(name)).value; };
  EXPECT_EQ(value("a"), BareItem(std::int64_t{-12}));
  EXPECT_EQ(value("b"), BareItem(std::string(R"(x "y" \)")));
  EXPECT_EQ(value("c"), BareItem(Token{"tok/en:1"}));
  EXPECT_EQ(value("d"), BareItem(Octets{"hello"}));
  EXPECT_EQ(value("e"), BareItem(false));
  EXPECT_EQ(value("f"), BareItem(true));
  EXPECT_EQ(print(*parsed), R"(a=-12, b="x \"y\" \\", c=tok/en:1, d=:aGVsbG8=:, e=?0, f)");
}

TEST(StructuredFields, PrintsWhatItReadsInTheOneCanonicalForm) {
  EXPECT_EQ(again(R"( sig=(  "a"   "b";sf );created=1;  tag="t"  ,	x=1 )"),
            R"(sig=("a" "b";sf);created=1;tag="t", x=1)");
  EXPECT_EQ(again("a=?1;b=?1"), "a;b");
  EXPECT_EQ(again("a=()"), "a=()");
  EXPECT_EQ(again(""), "");
  EXPECT_EQ(again("*a.b-c_d=007"), "*a.b-c_d=7");
}

TEST(StructuredFields, RefusesWhatTheGrammarDoesNotAllow) {
  for (const std::string_view field : {"A=1",
                                       "=1",
                                       "a=",
                                       "a=1,",
                                       "a=1,,b=2",
                                       "a=1 b=2",
                                       "a=(1",
                                       "a=(1\t2)",
                                       "a=(1 2))",
                                       "a=(1,2)",
                                       "a=((1))",
                                       "a=\"x",
                                       "a=\"\\n\"",
                                       "a=\"\x7f\"",
                                       "a=\"\xc3\xa4\"",
                                       "a=:aGVsbG8:",
                                       "a=:aGVsbG8=",
                                       "a=: :",
                                       "a=?2",
                                       "a=?",
                                       "a=-",
                                       "a=1234567890123456",
                                       "a=1.5",
                                       "a=1;",
                                       "a=1;B=2",
                                       "a=1; ;b",
                                       "a=@1",
                                       ",a=1",
                                       "a=1;b=",
                                       "(1)",
                                       "\"x\"",
                                       "\ta=1"}) {
    const auto parsed = parse_dictionary(field);
    ASSERT_FALSE(parsed.has_value()) << field;
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed) << field;
  }
}

TEST(StructuredFields, RefusesAKeyThatOccursTwice) {
  EXPECT_FALSE(parse_dictionary("a=1, a=1").has_value());
  EXPECT_FALSE(parse_dictionary("a=1;b=2;b=2").has_value());
  EXPECT_FALSE(parse_dictionary("a=();b;b").has_value());
}

TEST(StructuredFields, BoundsBytesMembersItemsAndParameters) {
  const auto code = [](const std::string& field) {
    const auto parsed = parse_dictionary(field);
    return parsed ? ErrorCode::internal : parsed.error().code;
  };
  const auto repeated = [](std::size_t count, std::string_view before, std::string_view after) {
    std::string field;
    for (std::size_t i = 0; i < count; ++i)
      field.append(before).append("k").append(std::to_string(i)).append(after);
    return field;
  };
  EXPECT_EQ(code("a=\"" + std::string(kFieldBytesMax - 4, 'x') + "\""), ErrorCode::internal);
  EXPECT_EQ(code("a=\"" + std::string(kFieldBytesMax - 3, 'x') + "\""), ErrorCode::too_large);
  EXPECT_EQ(code(repeated(kElementsMax, "", ",") + "z"), ErrorCode::too_large);
  EXPECT_EQ(code(repeated(kElementsMax - 1, "", ",") + "z"), ErrorCode::internal);
  EXPECT_EQ(code("a=1" + repeated(kElementsMax + 1, ";", "")), ErrorCode::too_large);
  EXPECT_EQ(code("a=1" + repeated(kElementsMax, ";", "")), ErrorCode::internal);
  EXPECT_EQ(code("a=(" + repeated(kElementsMax + 1, "", " ") + ")"), ErrorCode::too_large);
  EXPECT_EQ(code("a=(" + repeated(kElementsMax, "", " ") + ")"), ErrorCode::internal);
}

}  // namespace
}  // namespace dialog::structured
