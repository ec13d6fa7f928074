#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "dialog/base/limits.hpp"
#include "dialog/identity/base58.hpp"
#include "dialog/identity/did.hpp"
#include "golden/did_key_txt.hpp"
#include "support/golden.hpp"
#include "support/seeds.hpp"

namespace dialog {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;

constexpr std::string_view kKey = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi";

/// What is wrong with `text`; empty where nothing is.
std::string complaint(std::string_view text) {
  const auto did = Did::parse(text);
  if (did) return {};
  EXPECT_EQ(did.error().code, ErrorCode::invalid_argument);
  return did.error().message;
}

std::string did_key_of(ByteView multicodec_key) { return "did:key:z" + to_base58(multicodec_key); }

TEST(Base58, WritesKnownExamples) {
  EXPECT_EQ(to_base58(""), "");
  EXPECT_EQ(to_base58("\0"sv), "1");
  EXPECT_EQ(to_base58("Hello World!"), "2NEpo7TZRRrLZSi2U");
  EXPECT_EQ(to_base58("\x00\x00\x28\x7f\xb4\xcd"sv), "11233QC4");
}

TEST(Base58, ReadsBackWhatItWrote) {
  test::for_each_seed(300, [](test::Generator& generator) {
    const Bytes bytes = Bytes(generator.below(4), '\0') + generator.bytes(generator.below(70));
    EXPECT_EQ(from_base58(to_base58(bytes)), bytes);
  });
}

TEST(Base58, HasOneTextForEachByteString) {
  test::for_each_seed(300, [](test::Generator& generator) {
    Bytes text;
    for (std::size_t i = generator.below(60); i > 0; --i)
      text.push_back(generator.pick("12zyXk9"sv));
    const auto bytes = from_base58(text);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(to_base58(*bytes), text);
  });
}

TEST(Base58, RefusesCharactersOutsideItsAlphabet) {
  for (const auto text : {"0"sv, "O"sv, "I"sv, "l"sv, "a b"sv, "a\0"sv, "+"sv, "\xff"sv, "1 "sv}) {
    EXPECT_FALSE(from_base58(text)) << text;
  }
}

TEST(Did, KeepsTheTextAndItsParts) {
  const auto did = Did::parse("did:web:example.com%3A8443:user:alice");
  ASSERT_TRUE(did) << did.error().message;
  EXPECT_EQ(did->text(), "did:web:example.com%3A8443:user:alice");
  EXPECT_EQ(did->method(), "web");
  EXPECT_EQ(did->id(), "example.com%3A8443:user:alice");
}

TEST(Did, AcceptsEveryFormOfTheSyntax) {
  for (const auto text : {"did:a:b"sv, "did:0:0"sv, "did:example:A.b-C_9"sv, "did:example:%00%fF"sv,
                          "did:example::"
                          "a"sv,
                          "did:example:a::b"sv, "did:plc:ewvi7nxzyoun6zhxrhs64oiz"sv,
                          "did:ethr:mainnet:0xb9c5714089478a327f09197987f16f9e5d936e8a"sv, kKey}) {
    EXPECT_EQ(complaint(text), "") << text;
  }
}

TEST(Did, RefusesEveryBreachOfTheSyntax) {
  for (const auto text : {""sv,
                          "did"sv,
                          "did:"sv,
                          "did::"sv,
                          "did:example"sv,
                          "did:example:"sv,
                          "did::abc"sv,
                          "did:example:a:"sv,
                          "did:Example:a"sv,
                          "did:ex-ample:a"sv,
                          "DID:example:a"sv,
                          " did:example:a"sv,
                          "did:example:a "sv,
                          "did:example:a b"sv,
                          "did:example:a/path"sv,
                          "did:example:a?query"sv,
                          "did:example:a#key"sv,
                          "did:example:a;service"sv,
                          "did:example:%"sv,
                          "did:example:%4"sv,
                          "did:example:%4g"sv,
                          "did:example:%:a"sv,
                          "did:example:a\0"sv,
                          "did:example:\xc3\xbc"sv,
                          "did:example:a\n"sv,
                          "did:example:../a"sv}) {
    EXPECT_NE(complaint(text), "") << text;
  }
}

TEST(Did, IsBounded) {
  const std::string longest = "did:example:" + std::string(kSubjectBytesMax - 12, 'a');
  EXPECT_EQ(complaint(longest), "");
  EXPECT_THAT(complaint(longest + "a"), HasSubstr("2049 bytes"));
  EXPECT_NE(complaint(std::string(1'000'000, ':')), "");
}

TEST(Did, NeverNormalizes) {
  EXPECT_NE(*Did::parse("did:web:a%3a"), *Did::parse("did:web:a%3A"));
  EXPECT_EQ(*Did::parse("did:web:a"), *Did::parse("did:web:a"));
}

TEST(DidKey, EqualsThePublishedVectors) {
  const auto rows = test::golden_rows(test::golden::did_key_txt, 2);
  ASSERT_EQ(rows.size(), 4U);
  for (const auto& row : rows) {
    const auto key = SecretKey::from_seed(test::golden_bytes(row[0]));
    ASSERT_TRUE(key);
    EXPECT_EQ(Did::of(key->public_key()).text(), row[1]);
    const auto did = Did::parse(row[1]);
    ASSERT_TRUE(did) << did.error().message;
    EXPECT_EQ(did->key(), key->public_key());
  }
}

TEST(DidKey, GivesBackTheKeyItWasMadeOf) {
  test::for_each_seed(100, [](test::Generator& generator) {
    const auto key = PublicKey::from_bytes(generator.bytes(32));
    const Did did = Did::of(*key);
    const auto parsed = Did::parse(did.text());
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->key(), key);
    EXPECT_EQ(*parsed, did);
  });
}

TEST(DidKey, IsTheOneFormOnly) {
  const std::string text(kKey);
  EXPECT_EQ(complaint(text), "");
  EXPECT_THAT(complaint("did:key:" + text.substr(9)), HasSubstr("\"z\""));
  EXPECT_THAT(complaint("did:key:1.1:" + text.substr(8)), HasSubstr("\"z\""));
  EXPECT_THAT(complaint("did:key:Z" + text.substr(9)), HasSubstr("\"z\""));
  EXPECT_THAT(complaint("did:key:z1" + text.substr(9)), HasSubstr("multicodec"));
  EXPECT_THAT(complaint(text + "0"), HasSubstr("base58"));
  EXPECT_THAT(complaint("did:key:z%36" + text.substr(10)), HasSubstr("base58"));
  EXPECT_THAT(complaint(text + ":z"), HasSubstr("base58"));
  EXPECT_THAT(complaint("did:key:z"), HasSubstr("multicodec"));
}

TEST(DidKey, RefusesEd25519KeysOfOtherLengths) {
  const std::string codec = "\xed\x01";
  EXPECT_EQ(complaint(did_key_of(codec + Bytes(32, 'k'))), "");
  EXPECT_THAT(complaint(did_key_of(codec + Bytes(31, 'k'))), HasSubstr("31 bytes"));
  EXPECT_THAT(complaint(did_key_of(codec + Bytes(33, 'k'))), HasSubstr("33 bytes"));
  EXPECT_THAT(complaint(did_key_of(codec)), HasSubstr("empty"));
}

TEST(DidKey, RefusesAMulticodecThatIsNotMinimalOrDoesNotEnd) {
  EXPECT_THAT(complaint(did_key_of("\xed\x81\x00"sv
                                   "0123456789abcdef0123456789abcdef")),
              HasSubstr("multicodec"));
  EXPECT_THAT(complaint(did_key_of("\xed")), HasSubstr("multicodec"));
  EXPECT_THAT(complaint(did_key_of(Bytes(40, '\xff'))), HasSubstr("multicodec"));
}

TEST(DidKey, RefusesALeadingZeroByte) {
  EXPECT_NE(complaint("did:key:z11" + std::string(kKey.substr(9))), "");
}

TEST(DidKey, OfAnotherKindIsANameWithoutAnEd25519Key) {
  const auto p256 = Did::parse(did_key_of("\x80\x24\x02" + Bytes(32, 'x')));
  ASSERT_TRUE(p256) << p256.error().message;
  EXPECT_FALSE(p256->key());
}

TEST(Did, OfAnotherMethodHasNoKey) { EXPECT_FALSE(Did::parse("did:web:example.com")->key()); }

TEST(DidKey, EveryChangedCharacterIsRefusedOrAnotherKey) {
  const std::string text(kKey);
  const auto original = Did::parse(text)->key();
  for (std::size_t i = 9; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    const auto did = Did::parse(changed);
    if (did) {
      EXPECT_NE(did->key(), original) << changed;
    }
  }
}

}  // namespace
}  // namespace dialog
