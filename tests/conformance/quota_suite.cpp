#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>

#include "subject_suite.hpp"
#include "support/generator.hpp"

namespace dialog::test {

TEST_P(QuotaConformance, PutsBeyondTheQuotaAreRefusedWhole) {
  store().set_default_quota({3, 10});
  put(one_, {block("12345")});
  const auto beyond = try_put(one_, {block("6789"), block("x"), block("y")});
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error().code, ErrorCode::quota_exceeded);
  EXPECT_FALSE(has(one_, block("6789")));
  EXPECT_EQ(usage(one_), (Usage{1, 5}));
  EXPECT_FALSE(try_put(one_, {block("123456")}).has_value());
  // To the last byte; and what is there already always fits.
  put(one_, {block("67890"), block("12345")});
  put(one_, {block("67890")});
  put(one_, {block("")});
  EXPECT_FALSE(try_put(one_, {block("1")}).has_value());
  EXPECT_EQ(usage(one_), (Usage{3, 10}));
  put(two_, {block("1")});
}

TEST_P(QuotaConformance, TheErrorNamesQuotaAndUsage) {
  set_quota(one_, Quota{std::nullopt, 1000});
  put(one_, {block(std::string(200, 'a'))});
  const auto beyond = try_put(one_, {block(Generator(1).bytes(900))});
  ASSERT_FALSE(beyond.has_value());
  for (const char* const number : {"1000", "200", "900"}) {
    EXPECT_NE(beyond.error().message.find(number), std::string::npos) << beyond.error().message;
  }
}

TEST_P(QuotaConformance, SwapsAndReadsGoOnBeyondTheQuota) {
  put(one_, {block("12345")});
  set_quota(one_, Quota{0, 0});
  EXPECT_FALSE(try_put(one_, {block("1")}).has_value());
  EXPECT_TRUE(has(one_, block("12345")));
  publish(one_, 0, 1);
}

TEST_P(QuotaConformance, AQuotaOfItsOwnCountsBeforeTheDefaultAndStays) {
  store().set_default_quota({1, std::nullopt});
  set_quota(one_, Quota{2, std::nullopt});
  fixture().reopen();
  store().set_default_quota({1, std::nullopt});
  EXPECT_EQ(store().quota(one_, {}).value(), (Quota{2, std::nullopt}));
  EXPECT_EQ(store().quota(two_, {}).value(), (Quota{1, std::nullopt}));
  EXPECT_EQ(list().at(0).quota, (Quota{2, std::nullopt}));
  put(one_, {block("a"), block("b")});
  EXPECT_FALSE(try_put(one_, {block("c")}).has_value());
  // Without any bound.
  set_quota(one_, Quota{});
  put(one_, {block("c")});
  set_quota(one_, std::nullopt);
  EXPECT_FALSE(try_put(one_, {block("d")}).has_value());
  EXPECT_EQ(list().at(0).quota, std::nullopt);
}

TEST_P(QuotaConformance, TheListNamesWhatHasBlocksOrAQuotaAlone) {
  set_quota(one_, Quota{5, std::nullopt});
  put(two_, {block("a")});
  const auto page = store().list({}, 100, {}).value();
  std::set<std::string> dids;
  for (const auto& entry : page.entries) dids.insert(entry.did);
  EXPECT_EQ(dids, (std::set{one_.did(), two_.did()}));
}

TEST_P(QuotaConformance, AQuotaGoesWithItsSubject) {
  set_quota(one_, Quota{0, 0});
  EXPECT_TRUE(remove(one_));
  EXPECT_TRUE(list().empty());
  EXPECT_EQ(store().quota(one_, {}).value(), Quota{});
  put(one_, {block("a")});
}

}  // namespace dialog::test
