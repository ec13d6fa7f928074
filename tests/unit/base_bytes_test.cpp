#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialog/base/bytes.hpp"
#include "support/seeds.hpp"

namespace dialog {
namespace {

using namespace std::string_view_literals;

TEST(Hex, WritesTwoLowercaseDigitsPerByte) { EXPECT_EQ(to_hex("\x00\x0f\xa0\xff"sv), "000fa0ff"); }

TEST(Hex, ReadsBothCases) { EXPECT_EQ(from_hex("000FaaFf"), "\x00\x0f\xaa\xff"sv); }

TEST(Hex, OfNothingIsNothing) {
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  for (const auto text :
       {"0"sv, "000"sv, "0g"sv, "g0"sv, "0x"sv, " 0"sv, "0\0"sv, "\xff\xff"sv, "-1"sv}) {
    EXPECT_FALSE(from_hex(text)) << text;
  }
}

TEST(Base64, WritesThePublishedExamples) {
  const std::vector<std::pair<std::string_view, std::string_view>> examples{
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xfe\xfd"sv, "//79"},
      {"\xfb\xff"sv, "+/8="}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, RefusesMissingOrMisplacedPadding) {
  for (const auto text : {"Zg"sv, "Zg="sv, "Zm8"sv, "="sv, "===="sv, "Z==="sv, "Zm=v"sv,
                          "Zg==Zg=="sv, "Zm9v="sv, "=Zm9"sv}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Base64, RefusesBitsThatNoByteUses) {
  EXPECT_FALSE(from_base64("Zh=="));
  EXPECT_FALSE(from_base64("Zm9="));
  EXPECT_FALSE(from_base64("Zm/="));
}

TEST(Base64, RefusesOtherAlphabetsAndWhiteSpace) {
  for (const auto text : {"-_79"sv, "Zm9v\n"sv, "Zm 9v==="sv, "Zm\0v"sv, "Zm9\xff"sv}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Encodings, ReadBackWhatTheyWrote) {
  test::for_each_seed(200, [](test::Generator& generator) {
    const Bytes bytes = generator.bytes(generator.below(100));
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  });
}

TEST(Base64, HasOneTextForEachByteString) {
  test::for_each_seed(2000, [](test::Generator& generator) {
    Bytes text = to_base64(generator.bytes(generator.below(12)));
    if (text.empty()) return;
    text[generator.below(text.size())] = generator.pick("ABCXYZabcxyz0189+/="sv);
    const auto bytes = from_base64(text);
    if (bytes) {
      EXPECT_EQ(to_base64(*bytes), text);
    }
  });
}

TEST(Utf8, AcceptsEveryLengthAtItsBounds) {
  for (const auto text : {""sv, "plain"sv, "\x00"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv,
                          "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv,
                          "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv, "gr\xc3\xbc\xc3\x9f"sv}) {
    EXPECT_TRUE(is_utf8(text)) << to_hex(text);
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const auto text : {"\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x80\x80"sv, "\xe0\x9f\xbf"sv,
                          "\xf0\x80\x80\x80"sv, "\xf0\x8f\xbf\xbf"sv}) {
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
  }
}

TEST(Utf8, RefusesSurrogatesAndWhatLiesBeyondUnicode) {
  for (const auto text :
       {"\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv}) {
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
  }
}

TEST(Utf8, RefusesTruncatedAndStrayBytes) {
  for (const auto text : {"\x80"sv, "\xbf"sv, "\xc3"sv, "\xe2\x82"sv, "\xf0\x9f\x98"sv, "a\xc3"sv,
                          "\xc3("sv, "\xe2(\xa1"sv, "\xe2\x82("sv}) {
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
  }
}

TEST(ByteView, ComparesAsUnsignedBytesFromTheLeft) {
  EXPECT_LT(ByteView("\x7f"sv), ByteView("\x80"sv));
  EXPECT_LT(ByteView("a"sv), ByteView("a\0"sv));
  EXPECT_LT(ByteView(""sv), ByteView("\0"sv));
  EXPECT_LT(ByteView("a\xff"sv), ByteView("b"sv));
}

}  // namespace
}  // namespace dialog
