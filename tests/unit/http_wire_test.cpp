#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/message.hpp"
#include "dialog/http/wire.hpp"
#include "support/generator.hpp"

namespace dialog::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kDid = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi";

Revision revision(std::string_view text) { return Revision(Hash::of(text)); }
const std::string kHex = revision("a").hex();

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

TEST(HttpHeaders, CompareNamesWithoutRegardToCase) {
  HttpHeaders headers;
  headers.add("ETag", "one");
  headers.add("etag", "two");
  EXPECT_EQ(*headers.find("ETAG"), "one");
  EXPECT_EQ(headers.count("eTag"), 2U);
  headers.set("Etag", "three");
  EXPECT_EQ(headers.count("etag"), 1U);
  EXPECT_EQ(*headers.find("etag"), "three");
  EXPECT_EQ(headers.find("If-Match"), nullptr);
}

TEST(Etag, IsPrintedBareOrQuoted) {
  EXPECT_EQ(print_etag(revision("a")), kHex);
  EXPECT_EQ(print_etag(revision("a"), EtagStyle::quoted), "\"" + kHex + "\"");
}

TEST(Etag, IsReadInEverySpelling) {
  for (const std::string& text :
       {kHex, upper(kHex), "\"" + kHex + "\"", "W/\"" + kHex + "\"", " " + kHex + "\t"}) {
    EXPECT_EQ(parse_etag(text), revision("a")) << text;
  }
}

TEST(Etag, OfSomethingElseIsNoRevision) {
  for (const std::string& text :
       {std::string(), std::string("\""), std::string("\"\""), std::string("*"), "\"" + kHex,
        kHex + "\"", "w/\"" + kHex + "\"", kHex.substr(1), kHex + "0",
        "\"" + kHex + "\", \"" + kHex + "\"", std::string("5e1c-61a9c2d3b1f40")}) {
    EXPECT_EQ(parse_etag(text), std::nullopt) << text;
  }
}

TEST(IfMatch, IsOneStrongTagOfARevision) {
  EXPECT_EQ(parse_if_match(kHex), revision("a"));
  EXPECT_EQ(parse_if_match(upper(kHex)), revision("a"));
  EXPECT_EQ(parse_if_match("\"" + kHex + "\""), revision("a"));
  for (const std::string& text :
       {"W/\"" + kHex + "\"", std::string("*"), kHex + "," + kHex, std::string()}) {
    EXPECT_EQ(parse_if_match(text), std::nullopt) << text;
  }
}

TEST(Sequence, IsDecimalDigits) {
  EXPECT_EQ(parse_sequence("0"), 0U);
  EXPECT_EQ(parse_sequence(" 42 "), 42U);
  EXPECT_EQ(parse_sequence("18446744073709551615"), UINT64_MAX);
  for (const std::string_view text :
       {"", "-1", "+1", "01", "1.0", "18446744073709551616", "1e3", "0x1"}) {
    EXPECT_EQ(parse_sequence(text), std::nullopt) << text;
  }
}

TEST(MediaType, IsComparedWithoutItsParameters) {
  EXPECT_TRUE(is_media_type("application/json", kJsonMediaType));
  EXPECT_TRUE(is_media_type("Application/JSON ; charset=utf-8", kJsonMediaType));
  EXPECT_FALSE(is_media_type("application/jsonp", kJsonMediaType));
  EXPECT_FALSE(is_media_type("", kJsonMediaType));
}

TEST(SwapMessage, IsSpelledAsTheContractSays) {
  EXPECT_EQ(print_swap({"did:web:a", "did:web:b", revision("a"), std::nullopt}),
            R"({"iss":"did:web:a","sub":"did:web:b","cmd":"/state/assert","args":{"revision":")" +
                kHex + R"("}})");
  EXPECT_THAT(print_swap({"did:web:a", "did:web:b", revision("a"), Revision()}),
              HasSubstr(R"(,"origin":")" + std::string(64, '0') + "\"}"));
}

TEST(SwapMessage, IsReadInBothShapes) {
  const SwapMessage with{"did:web:a", "did:web:b", revision("a"), revision("b")};
  auto read = parse_swap(print_swap(with));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->issuer, "did:web:a");
  EXPECT_EQ(read->subject, "did:web:b");
  EXPECT_EQ(read->revision, revision("a"));
  EXPECT_EQ(read->origin, revision("b"));
  read = parse_swap(print_swap({"did:web:a", "did:web:b", revision("a"), std::nullopt}));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->origin, std::nullopt);
}

TEST(SwapMessage, PassesOverWhatItDoesNotKnow) {
  const auto read = parse_swap(
      R"({"x":[{}],"sub":"s","cmd":"/state/assert","origin":null,"args":{"y":1,"revision":")" +
      upper(kHex) + R"("}})");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->revision, revision("a"));
  EXPECT_EQ(read->origin, std::nullopt);
}

TEST(SwapMessage, IsRefusedWhereAnythingIsWrong) {
  const std::string args = R"("args":{"revision":")" + kHex + R"("})";
  for (const std::string& body : {
           std::string(),
           std::string("null"),
           std::string("[]"),
           std::string("{"),
           std::string("\xff\xfe"),
           R"({"sub":"s",)" + args + "}",
           R"({"sub":"s","cmd":"/state/retract",)" + args + "}",
           R"({"sub":"s","cmd":1,)" + args + "}",
           R"({"cmd":"/state/assert",)" + args + "}",
           R"({"sub":7,"cmd":"/state/assert",)" + args + "}",
           std::string(R"({"sub":"s","cmd":"/state/assert"})"),
           std::string(R"({"sub":"s","cmd":"/state/assert","args":[]})"),
           std::string(R"({"sub":"s","cmd":"/state/assert","args":{"revision":"12"}})"),
           std::string(R"({"sub":"s","cmd":"/state/assert","args":{"revision":1}})"),
           R"({"sub":"s","cmd":"/state/assert","origin":"12",)" + args + "}",
           R"({"sub":"s","cmd":"/state/assert","origin":3,)" + args + "}",
           R"({"sub":"s","cmd":"/state/assert",)" + args + "} x",
           R"({"sub":"s","cmd":"/state/assert",)" + args + std::string("}\0", 2),
           R"({"sub":"s","sub":"s","cmd":"/state/assert",)" + args + "}",
           R"({"sub":"s","cmd":"/state/assert","x":[{"y":1,"y":2}],)" + args + "}",
           std::string(16000, '['),
       }) {
    const auto read = parse_swap(body);
    ASSERT_FALSE(read.has_value()) << body;
    EXPECT_EQ(read.error().code, ErrorCode::malformed);
  }
}

TEST(Record, IsReadAsItWasPrinted) {
  const HeadRecord record{revision("a"), revision("b"), 7, WallTime{1'700'000'000'123},
                          "al\"ice\n"};
  const auto read = parse_record(print_record(record));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, record);
}

TEST(Record, IsSpelledAsDocumented) {
  EXPECT_EQ(print_record({Revision(), Revision(), 1, WallTime{5}, "alice"}),
            R"({"revision":")" + std::string(64, '0') + R"(","previous":")" + std::string(64, '0') +
                R"(","sequence":1,"time_ms":5,"author":"alice"})");
}

TEST(Record, WithAnAuthorThatIsNoTextIsStillPrinted) {
  EXPECT_TRUE(
      parse_record(print_record({Revision(), Revision(), 1, WallTime{5}, "\xff\xc0"})).has_value());
}

TEST(History, IsReadAsItWasPrinted) {
  HeadHistory history;
  history.records = {{revision("a"), Revision(), 1, WallTime{1}, ""},
                     {revision("b"), revision("a"), 2, WallTime{2}, "x"}};
  history.complete = false;
  const auto read = parse_history(print_history(history));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->records, history.records);
  EXPECT_FALSE(read->complete);
}

TEST(History, WhoseNumbersDoNotRiseIsRefused) {
  HeadHistory history;
  history.records = {{revision("a"), Revision(), 2, WallTime{1}, ""},
                     {revision("b"), revision("a"), 2, WallTime{2}, ""}};
  EXPECT_FALSE(parse_history(print_history(history)).has_value());
  EXPECT_FALSE(parse_history(R"({"records":[{}],"complete":true})").has_value());
  EXPECT_FALSE(parse_history(R"({"records":[]})").has_value());
  EXPECT_FALSE(parse_history("<html>").has_value());
}

TEST(History, OfMoreRecordsThanWereAskedForIsRefused) {
  HeadHistory history;
  for (std::uint64_t i = 1; i <= kLogRecordsMax; ++i)
    history.records.push_back({revision("a"), revision("a"), i, WallTime{1}, ""});
  EXPECT_TRUE(parse_history(print_history(history)).has_value());
  EXPECT_EQ(parse_history(print_history(history), kLogRecordsMax - 1).error().code,
            ErrorCode::too_large);
  history.records.push_back({revision("a"), revision("a"), kLogRecordsMax + 1, WallTime{1}, ""});
  EXPECT_EQ(parse_history(print_history(history)).error().code, ErrorCode::too_large);
}

TEST(Record, WithAnAuthorBeyondTheLimitIsRefused) {
  HeadRecord record{revision("a"), revision("b"), 7, WallTime{1},
                    std::string(kAuthorBytesMax, 'x')};
  EXPECT_TRUE(parse_record(print_record(record)).has_value());
  record.author += 'x';
  EXPECT_EQ(parse_record(print_record(record)).error().code, ErrorCode::malformed);
  EXPECT_FALSE(parse_history(print_history({{record}, true})).has_value());
}

TEST(LogQuery, IsReadAsItWasPrinted) {
  EXPECT_EQ(print_log_query({12, 50}), "after=12&limit=50");
  const auto read = parse_log_query("limit=50&after=12");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->after, 12U);
  EXPECT_EQ(read->limit, 50U);
}

TEST(LogQuery, HasDefaultsAndABound) {
  EXPECT_EQ(parse_log_query("")->after, 0U);
  EXPECT_EQ(parse_log_query("")->limit, kLogRecordsMax);
  EXPECT_EQ(parse_log_query("limit=99999999999")->limit, kLogRecordsMax);
}

TEST(LogQuery, RefusesEverythingElse) {
  for (const std::string_view query :
       {"after", "after=", "after=x", "after=-1", "limit=0", "after=1&after=1", "other=1", "&",
        "after=1&&limit=1", "=1"}) {
    EXPECT_FALSE(parse_log_query(query).has_value()) << query;
  }
}

TEST(ErrorBody, NamesTheCodeOfTheTable) {
  const std::string body = print_error({ErrorCode::storage_full, "no space", {}});
  EXPECT_EQ(body, R"({"error":{"code":"storage_full","message":"no space"}})");
  const auto read = parse_error(body);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->code, ErrorCode::storage_full);
  EXPECT_EQ(read->message, "no space");
}

TEST(ErrorBody, OfAnotherServerIsNone) {
  EXPECT_EQ(parse_error("<html>"), std::nullopt);
  EXPECT_EQ(parse_error(R"({"error":"nope"})"), std::nullopt);
  EXPECT_EQ(parse_error(R"({"error":{"code":"newer"}})")->code, ErrorCode::internal);
}

TEST(MismatchBody, IsReadAsItWasPrinted) {
  const auto read = parse_mismatch(print_mismatch({revision("a"), revision("b")}));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->expected, revision("a"));
  EXPECT_EQ(read->actual, revision("b"));
  EXPECT_EQ(parse_mismatch(print_mismatch({std::nullopt, std::nullopt}))->actual, std::nullopt);
  EXPECT_EQ(parse_mismatch("{}"), std::nullopt);
}

TEST(Capabilities, AreReadAsTheyWerePrinted) {
  Capabilities capabilities;
  capabilities.archive = true;
  capabilities.watch = true;
  capabilities.batch_hashes_max = 77;
  const auto read = parse_capabilities(print_capabilities(capabilities));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, capabilities);
}

TEST(Capabilities, OfANewerProtocolAreUnsupported) {
  EXPECT_EQ(parse_capabilities(R"({"protocol":"dialog-remote","version":2})").error().code,
            ErrorCode::unsupported);
}

TEST(Capabilities, AreNothingElse) {
  for (const std::string_view body :
       {"", "<html>", "{}", R"({"protocol":"other","version":1})", "[1]"}) {
    EXPECT_EQ(parse_capabilities(body).error().code, ErrorCode::not_a_remote) << body;
  }
}

TEST(Capabilities, PassOverUnknownFeaturesAndSillyLimits) {
  const auto read = parse_capabilities(
      R"({"protocol":"dialog-remote","version":1,"features":["archive",7,"time-travel"],)"
      R"("limits":{"batch_hashes_max":0,"batch_bytes_max":"x","block_bytes_max":99999999999999}})");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->archive);
  EXPECT_EQ(read->batch_hashes_max, kBatchHashesMax);
  EXPECT_EQ(read->batch_bytes_max, kBatchBytesMax);
  EXPECT_EQ(read->block_bytes_max, kBlockBytesMax);
}

TEST(Endpoint, MayHaveAPortAPathAndATrailingSlash) {
  const Subject subject = *Subject::parse(kDid);
  EXPECT_EQ(Endpoint::parse("https://api.example.com/register")->subject_url(subject),
            "https://api.example.com/register/" + std::string(kDid));
  EXPECT_EQ(Endpoint::parse("HTTP://Example.COM:8080/a/b//")->text(),
            "http://example.com:8080/a/b");
  EXPECT_EQ(Endpoint::parse("http://h")->capabilities_url(), "http://h/");
  EXPECT_EQ(Endpoint::parse("http://[2001:db8::1]:80")->text(), "http://[2001:db8::1]:80");
  EXPECT_EQ(Endpoint::parse("http://h/p")->blocks_url(subject, "get"),
            "http://h/p/" + std::string(kDid) + "/blocks/get");
  EXPECT_EQ(Endpoint::parse("http://h")->log_url(subject, "after=1"),
            "http://h/" + std::string(kDid) + "/log?after=1");
}

TEST(Endpoint, RefusesEverythingElse) {
  for (const std::string_view url :
       {"", "example.com", "ftp://example.com", "http://", "http:///x", "http://a b", "http://a/?q",
        "http://a/#f", "http://u:p@a/", "http://a:0", "http://a:65536", "http://a:", "http://a:8x",
        "http://[::1", "http://a\\b", "http://a/\r\nHost: b", "file:///etc"}) {
    const auto endpoint = Endpoint::parse(url);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_EQ(endpoint.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_THAT(Endpoint::parse("http://user:secret@a/").error().message,
              testing::Not(HasSubstr("secret")));
}

TEST(Endpoint, KnowsThisMachine) {
  for (const std::string_view url : {"http://localhost", "http://LOCALHOST:1", "http://127.0.0.1",
                                     "http://127.9.9.9:80/x", "http://[::1]:5"}) {
    EXPECT_TRUE(Endpoint::parse(url)->is_loopback()) << url;
  }
  for (const std::string_view url :
       {"http://127.0.0.1.example.com", "http://localhost.example.com", "http://127.1",
        "http://127.0.0.256", "http://10.0.0.1", "http://[::2]"}) {
    EXPECT_FALSE(Endpoint::parse(url)->is_loopback()) << url;
  }
}

TEST(SubjectSegment, ThatStartsWithDidIsTakenLiterally) {
  EXPECT_EQ(parse_subject_segment("did:web:h%3A8443")->did(), "did:web:h%3A8443");
  EXPECT_EQ(parse_subject_segment(kDid)->did(), kDid);
}

TEST(SubjectSegment, OfAnyOtherStartIsDecodedOnce) {
  EXPECT_EQ(parse_subject_segment("did%3Aweb%3Ah%253A8443")->did(), "did:web:h%3A8443");
  EXPECT_EQ(parse_subject_segment("%64id%3aweb%3ah")->did(), "did:web:h");
}

TEST(SubjectSegment, RefusesWrongEscapesAndWhatIsNoDid) {
  EXPECT_EQ(parse_subject_segment("did%3").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_subject_segment("did%zz").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_subject_segment("favicon.ico").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(parse_subject_segment("did%3Aweb%3Aa%2Fb").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(parse_subject_segment("did%3Aweb%3Aa%00").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(parse_subject_segment("").error().code, ErrorCode::invalid_argument);
}

TEST(Hashes, AreReadAsTheyWerePrinted) {
  const std::vector<Hash> hashes{Hash::of("a"), Hash(), Hash::of("b")};
  EXPECT_EQ(*parse_hashes(print_hashes(hashes)), hashes);
  EXPECT_TRUE(parse_hashes("")->empty());
}

TEST(Hashes, AreBoundedAndWhole) {
  EXPECT_EQ(parse_hashes(Bytes(33, 'x')).error().code, ErrorCode::malformed);
  EXPECT_TRUE(parse_hashes(Bytes(64, 'x'), 2).has_value());
  EXPECT_EQ(parse_hashes(Bytes(96, 'x'), 2).error().code, ErrorCode::too_large);
}

TEST(Presence, IsOneByteForEachHash) {
  EXPECT_EQ(print_presence({true, false}), Bytes("\1\0", 2));
  EXPECT_THAT(*parse_presence(Bytes("\1\0", 2), 2), ElementsAre(true, false));
  EXPECT_FALSE(parse_presence(Bytes("\1", 1), 2).has_value());
  EXPECT_FALSE(parse_presence(Bytes("\1\2", 2), 2).has_value());
}

}  // namespace
}  // namespace dialog::wire
