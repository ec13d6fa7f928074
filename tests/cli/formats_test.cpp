#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "byte_format.hpp"
#include "dialog/base/limits.hpp"
#include "entry_format.hpp"
#include "json_text.hpp"

namespace dialog::cli {
namespace {

using namespace std::string_view_literals;

struct Reading {
  std::vector<Entry> entries;
  std::vector<BadLine> bad;
  std::optional<Error> error;
};

Reading read_all(ByteView input, const EntryOptions& options) {
  Reading reading;
  MemorySource source(input);
  auto reader = make_entry_reader(source, options);
  if (!reader) {
    reading.error = reader.error();
    return reading;
  }
  while (true) {
    auto step = (*reader)->next();
    if (!step) {
      reading.error = step.error();
      return reading;
    }
    if (std::holds_alternative<EndOfInput>(*step)) return reading;
    if (auto* entry = std::get_if<Entry>(&*step)) reading.entries.push_back(std::move(*entry));
    if (auto* bad = std::get_if<BadLine>(&*step)) reading.bad.push_back(std::move(*bad));
  }
}

Reading read_csv(ByteView input) { return read_all(input, {.format = FileFormat::csv}); }
Reading read_ndjson(ByteView input) { return read_all(input, {}); }

std::string position(const BadLine& bad) {
  return std::to_string(bad.line) + ":" + std::to_string(bad.column);
}

TEST(ByteFormat, EscapedTextShowsWhatALineCannot) {
  EXPECT_EQ(encode(ByteFormat::escaped, "a\tb\\c\n\x00\xffé"sv), "a\\tb\\\\c\\n\\x00\\xffé");
}

TEST(ByteFormat, EscapesTheControlsAboveAscii) {
  EXPECT_EQ(encode(ByteFormat::escaped, "\xc2\x9b"sv), "\\xc2\\x9b");
}

TEST(ByteFormat, EachRefusesWhatItWouldNotWrite) {
  EXPECT_EQ(decode(ByteFormat::hex, "abc").error().code, ErrorCode::malformed);
  EXPECT_EQ(decode(ByteFormat::base64, "abc").error().code, ErrorCode::malformed);
  EXPECT_EQ(decode(ByteFormat::escaped, "\\q").error().code, ErrorCode::malformed);
  EXPECT_EQ(decode(ByteFormat::escaped, "\\x4").error().code, ErrorCode::malformed);
}

TEST(JsonText, CompactTextKeepsNumbersAndEscapesAsWritten) {
  EXPECT_EQ(compact_json(R"( { "a" : [ 1.0 , 12345678901234567890123 ] , "b" : "x \u0041" } )"),
            R"({"a":[1.0,12345678901234567890123],"b":"x \u0041"})");
}

TEST(JsonText, SplitsMembersWhateverTheirValuesHold) {
  const auto members = json_members(R"({"a":{"x":"}"},"b":[1,"]"],"c\u0041":"\"",  "d":null})");
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 4U);
  EXPECT_EQ((*members)[0].text, R"({"x":"}"})");
  EXPECT_EQ((*members)[2].name, "cA");
  EXPECT_EQ((*members)[2].text, R"("\"")");
  EXPECT_EQ((*members)[3].text, "null");
}

TEST(JsonText, ANulIsNoEnd) { EXPECT_TRUE(json_fault("{}\0garbage"sv)); }

TEST(Ndjson, TakesStringsAndAnyOtherJsonAsValues) {
  const Reading reading = read_ndjson(
      "{\"key\":\"a\",\"value\":\"x\\ny\"}\n\n{\"value\": {\"n\": 1}, \"key\": \"b\"}\r\n"
      "{\"key_hex\":\"00ff\",\"value_base64\":\"AAE=\"}");
  EXPECT_TRUE(reading.bad.empty());
  EXPECT_EQ(reading.entries,
            (std::vector<Entry>{
                {"a", "x\ny"}, {"b", "{\"n\":1}"}, {Bytes("\x00\xff"sv), Bytes("\x00\x01"sv)}}));
}

TEST(Ndjson, TellsLineAndColumnOfBrokenJson) {
  const Reading reading = read_ndjson(
      "{\"key\":\"a\",\"value\":\"\"}\n{\"key\":\"a\",}\n{\"key\":\"c\",\"value\":\"\"}\n");
  ASSERT_EQ(reading.bad.size(), 1U);
  EXPECT_EQ(position(reading.bad[0]), "2:12");
  EXPECT_EQ(reading.entries.size(), 2U);
}

TEST(Ndjson, RefusesAFieldThatWouldBeLost) {
  const Reading reading = read_ndjson("{\"key\":\"a\",\"value\":\"b\",\"time\":3}\n");
  ASSERT_EQ(reading.bad.size(), 1U);
  EXPECT_NE(reading.bad[0].message.find("\"time\""), std::string::npos);
}

TEST(Ndjson, RefusesAmbiguousKeys) {
  EXPECT_EQ(read_ndjson("{\"key\":\"a\",\"key_hex\":\"61\",\"value\":\"\"}").bad.size(), 1U);
  EXPECT_EQ(read_ndjson("{\"key\":\"a\",\"key\":\"b\",\"value\":\"\"}").bad.size(), 1U);
  EXPECT_EQ(read_ndjson("{\"key\":1,\"value\":\"\"}").bad.size(), 1U);
  EXPECT_EQ(read_ndjson("{\"value\":\"\"}").bad.size(), 1U);
  EXPECT_EQ(read_ndjson("[1]").bad.size(), 1U);
}

TEST(Ndjson, StoresWholeObjectsUnderTheirKeyField) {
  const Reading reading = read_all("{\"Package\": \"zlib\", \"Size\": 12 }\n{\"Package\":7}\n",
                                   {.key_field = "Package"});
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"zlib", "{\"Package\":\"zlib\",\"Size\":12}"},
                                                 {"7", "{\"Package\":7}"}}));
}

TEST(Ndjson, TakesTheValueFromItsField) {
  const Reading reading =
      read_all("{\"k\":\"a\",\"v\":[1, 2],\"x\":0}\n", {.key_field = "k", .value_field = "v"});
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"a", "[1,2]"}}));
}

TEST(Ndjson, RefusesAnOversizedKeyByItsLine) {
  const std::string line =
      "{\"key\":\"" + std::string(kKeyBytesMax + 1, 'k') + "\",\"value\":\"\"}\n";
  const Reading reading = read_ndjson("{\"key\":\"a\",\"value\":\"\"}\n" + line);
  ASSERT_EQ(reading.bad.size(), 1U);
  EXPECT_EQ(reading.bad[0].line, 2U);
  EXPECT_EQ(reading.bad[0].code, ErrorCode::too_large);
}

TEST(Ndjson, RefusesInvalidUtf8) {
  EXPECT_EQ(read_ndjson("{\"key\":\"\xff\",\"value\":\"\"}").bad.size(), 1U);
}

TEST(Csv, ReadsQuotedFieldsWithLineEndsDelimitersAndQuotes) {
  const Reading reading = read_csv("key,value\r\n\"a,\"\"b\"\"\n\",\"x\r\ny\"\r\nplain,\n");
  EXPECT_TRUE(reading.bad.empty());
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"a,\"b\"\n", "x\r\ny"}, {"plain", ""}}));
}

TEST(Csv, ChoosesColumnsByTheHeader) {
  const Reading reading =
      read_all("name,size,note\na,1,x\nb,2,y\n",
               {.format = FileFormat::csv, .key_field = "name", .value_field = "size"});
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"a", "1"}, {"b", "2"}}));
}

TEST(Csv, ChoosesColumnsByNumberWithoutAHeader) {
  const Reading reading =
      read_all("a,1,x\nb,2,y\n", {.format = FileFormat::csv, .value_field = "3", .header = false});
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"a", "x"}, {"b", "y"}}));
}

TEST(Csv, AnUnknownColumnIsAnErrorThatNamesTheColumns) {
  const Reading reading = read_csv("name,size\na,1\n");
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->code, ErrorCode::malformed);
  EXPECT_NE(reading.error->message.find("name, size"), std::string::npos);
}

TEST(Csv, SkipsAByteOrderMarkAtTheStartOnly) {
  const Reading reading = read_csv(
      "\xef\xbb\xbfkey,value\n\xef\xbb\xbf"
      "a,1\n");
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"\xef\xbb\xbf"
                                                  "a",
                                                  "1"}}));
}

TEST(Csv, EmptyInputHoldsNothing) {
  EXPECT_TRUE(read_csv("").entries.empty());
  EXPECT_FALSE(read_csv("").error);
}

TEST(Csv, GoesOnBehindABadLine) {
  const Reading reading = read_csv("key,value\na,1\nb\nc\"x,1\n\"d\"x,1\ne,\r1\nf,2\n");
  ASSERT_EQ(reading.bad.size(), 4U);
  EXPECT_EQ(position(reading.bad[0]), "3:1");
  EXPECT_EQ(position(reading.bad[1]), "4:2");
  EXPECT_EQ(position(reading.bad[2]), "5:4");
  EXPECT_EQ(position(reading.bad[3]), "6:3");
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"a", "1"}, {"f", "2"}}));
}

TEST(Csv, CountsLinesWithinQuotedFields) {
  const Reading reading = read_csv("key,value\n\"a\nb\n\",1\nbad\n");
  ASSERT_EQ(reading.bad.size(), 1U);
  EXPECT_EQ(position(reading.bad[0]), "5:1");
}

TEST(Csv, TellsWhereAnUnclosedQuoteOpens) {
  const Reading reading = read_csv("key,value\na,1\nb,\"never\nclosed\n");
  ASSERT_EQ(reading.bad.size(), 1U);
  EXPECT_EQ(position(reading.bad[0]), "3:3");
}

TEST(Tsv, CommasAreNotSpecial) {
  const Reading reading = read_all("key\tvalue\na,b\t\"x\ty\"\n", {.format = FileFormat::tsv});
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"a,b", "x\ty"}}));
}

TEST(Csv, DecodesBinaryColumns) {
  const Reading reading = read_all(
      "key,value\n00ff,zz\n01,02\n",
      {.format = FileFormat::csv, .key_format = ByteFormat::hex, .value_format = ByteFormat::hex});
  ASSERT_EQ(reading.bad.size(), 1U);
  EXPECT_EQ(position(reading.bad[0]), "2:6");
  EXPECT_EQ(reading.entries, (std::vector<Entry>{{"\x01", "\x02"}}));
}

}  // namespace
}  // namespace dialog::cli
