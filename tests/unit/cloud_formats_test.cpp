#include <gtest/gtest.h>
#include <string>

#include "golden/bucket_head_txt.hpp"
#include "head_object.hpp"
#include "revoked_object.hpp"
#include "support/golden.hpp"
#include "support/seeds.hpp"
#include "xml.hpp"

namespace dialog {
namespace {

using detail::HeadObject;

Register::Swap swap(char desired, std::int64_t time, std::string author) {
  return {{},
          Revision(*Hash::from_bytes(Bytes(32, desired))),
          WallTime(time),
          std::move(author),
          false};
}

Subject subject() {
  return *Subject::parse("did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi");
}

// The objects that docs/format/bucket.md shows: after one swap, two, and three, the begin and the
// end of a removal, and another swap.
TEST(HeadObject, EqualsItsVectors) {
  const auto& rows = test::golden::bucket_head_txt;
  ASSERT_EQ(std::size(rows), 6U);
  const HeadObject one =
      detail::next_head(nullptr, swap('\x01', 1'700'000'000'000, "alice"), std::string(32, 'a'));
  const HeadObject two =
      detail::next_head(&one, swap('\x02', 1'700'000'000'001, ""), std::string(32, 'b'));
  const HeadObject three =
      detail::next_head(&two, swap('\x01', 1'700'000'000'002, "\"bob\"\n"), std::string(32, 'c'));
  const HeadObject removing =
      detail::removed_head(&three, true, WallTime(1'700'000'000'003), std::string(32, 'd'));
  const HeadObject removed =
      detail::removed_head(&removing, false, WallTime(1'700'000'000'003), std::string(32, 'e'));
  const HeadObject again =
      detail::next_head(&removed, swap('\x02', 1'700'000'000'004, "bob"), std::string(32, 'f'));
  std::size_t row = 0;
  for (const HeadObject* head : {&one, &two, &three, &removing, &removed, &again}) {
    EXPECT_EQ(detail::print_head(*head, subject()), rows[row]);
    const auto parsed = detail::parse_head(rows[row], subject());
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed->swaps, head->swaps);
    EXPECT_EQ(parsed->removed, head->removed);
    EXPECT_EQ(parsed->removing, head->removing);
    ++row;
  }
}

TEST(HeadObject, WithANumberThatARemovalCannotHaveIsCorrupt) {
  const std::string text(test::golden::bucket_head_txt[5]);
  for (const char* removed : {"7", "-1", "\"5\"", "null"}) {
    std::string changed = text;
    changed.replace(changed.find("\"removed\":5"), 11, std::string("\"removed\":") + removed);
    EXPECT_FALSE(detail::parse_head(changed, subject()).has_value()) << removed;
  }
  std::string of_more(test::golden::bucket_head_txt[2]);
  of_more.insert(of_more.size() - 1, ",\"removed\":1");
  EXPECT_FALSE(detail::parse_head(of_more, subject()).has_value()) << "two lie before it";
  std::string removal(test::golden::bucket_head_txt[2]);
  removal.insert(removal.size() - 1, ",\"removed\":3");
  EXPECT_FALSE(detail::parse_head(removal, subject()).has_value()) << "it leaves nothing before it";
}

TEST(HeadObject, OfAnotherSubjectIsCorrupt) {
  const auto parsed =
      detail::parse_head(test::golden::bucket_head_txt[0], *Subject::parse("did:web:example.com"));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::corrupt);
}

TEST(HeadObject, OfANewerVersionIsUnsupported) {
  std::string text(test::golden::bucket_head_txt[0]);
  text.replace(text.find("\"version\":1"), 11, "\"version\":2");
  const auto parsed = detail::parse_head(text, subject());
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::unsupported);
}

TEST(HeadObject, CutOrChangedAnywhereIsCorruptOrAnother) {
  const std::string text(test::golden::bucket_head_txt[2]);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(detail::parse_head(text.substr(0, size), subject()).has_value()) << size;
  for (const char* name : {"version", "subject", "revision", "sequence", "previous", "time_ms",
                           "author", "swap", "earlier"}) {
    std::string changed = text;
    changed.replace(changed.find("\"" + std::string(name)) + 1, 1, "X");
    EXPECT_FALSE(detail::parse_head(changed, subject()).has_value()) << name;
  }
}

TEST(HeadObject, KeepsTheLatestHundredSwaps) {
  HeadObject head = detail::next_head(nullptr, swap('a', 0, ""), std::string(32, 'a'));
  for (int i = 0; i < 150; ++i)
    head = detail::next_head(&head, swap('b', i, ""), std::string(32, 'a'));
  EXPECT_EQ(head.swaps.size(), 100U);
  EXPECT_EQ(head.record().sequence, 151U);
  EXPECT_TRUE(head.reaches(51));
  EXPECT_FALSE(head.reaches(50));
  EXPECT_TRUE(head.history(51, 1000).complete);
  EXPECT_FALSE(head.history(50, 1000).complete);
  EXPECT_LE(detail::print_head(head, subject()).size(), 24'000U);
}

TEST(Revoked, IsReadAsItWasWritten) {
  const std::vector<Revocation> list{{Hash::of("a"), std::chrono::seconds(5)},
                                     {Hash::of("b"), std::chrono::seconds(7)}};
  const Bytes text = detail::print_revoked(list, subject());
  EXPECT_EQ(detail::parse_revoked(text, subject()).value(), list);
  EXPECT_EQ(detail::parse_revoked(text, *Subject::parse("did:web:example.com")).error().code,
            ErrorCode::corrupt);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(detail::parse_revoked(text.substr(0, size), subject()).has_value()) << size;
  Bytes newer = text;
  newer.replace(newer.find("\"format\":1"), 10, "\"format\":2");
  EXPECT_EQ(detail::parse_revoked(newer, subject()).error().code, ErrorCode::unsupported);
}

TEST(Xml, ReadsWhatStoresAnswer) {
  const auto root = xml::parse(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a > b --><Error xmlns='http://x/'>\n"
      "<Code>NoSuchKey</Code><s:Message a=\"1\">a &lt;&amp;&gt; &#x41;&#233;</s:Message><Empty/>"
      "</Error>\n");
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->name, "Error");
  EXPECT_EQ(root->text_of("Code"), "NoSuchKey");
  EXPECT_EQ(root->text_of("Message"), "a <&> A\xc3\xa9");
  EXPECT_NE(root->child("Empty"), nullptr);
  EXPECT_EQ(root->text_of("None"), "");
}

TEST(Xml, RefusesWhatIsNotWellFormedOrCouldGrow) {
  for (const char* text : {"",
                           "text",
                           "<a>",
                           "<a></b>",
                           "<a",
                           "<a b></a>",
                           "<a b=c></a>",
                           "<a></a><b></b>",
                           "<a></a>text",
                           "<a>&unknown;</a>",
                           "<a>&#0;</a>",
                           "<a>&#xd800;</a>",
                           "<a>&#x110000;</a>",
                           "<a>&</a>",
                           "<!DOCTYPE a><a></a>",
                           "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                           "<a><![CDATA[b]]></a>",
                           "<a><?b?></a>",
                           "<></>",
                           "<a><!-- </a>",
                           "<?xml <a></a>"}) {
    EXPECT_FALSE(xml::parse(text).has_value()) << text;
  }
}

TEST(Xml, NestsOnlyAsDeepAsStoresDo) {
  std::string text;
  for (int i = 0; i < 8; ++i) text = "<a>" + text + "</a>";
  EXPECT_TRUE(xml::parse(text).has_value());
  EXPECT_FALSE(xml::parse("<a>" + text + "</a>").has_value());
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_FALSE(xml::parse(deep).has_value());
}

TEST(Xml, SurvivesAnyChange) {
  const std::string text = "<?xml v?><a b=\"c\"><d>&amp;&#x41;</d><!-- e --></a>";
  test::for_each_seed(2'000, [&](test::Generator& generator) {
    std::string changed = text;
    for (std::uint64_t i = generator.below(4) + 1; i > 0; --i) {
      changed[static_cast<std::size_t>(generator.below(changed.size()))] =
          static_cast<char>(generator.below(256));
    }
    (void)xml::parse(changed.substr(0, static_cast<std::size_t>(generator.below(60))));
    (void)xml::parse(changed);
  });
}

}  // namespace
}  // namespace dialog
