#include <gtest/gtest.h>
#include <string>

#include "dialog/server/replay_guard.hpp"
#include "dialog/server/subject_set.hpp"
#include "new_subjects.hpp"

namespace dialog::server {
namespace {

using std::chrono::seconds;
using Outcome = ReplayGuard::Outcome;

class MemoryReplayGuardTest : public testing::Test {
 protected:
  Outcome remember(const std::string& nonce, std::int64_t expires, std::int64_t now,
                   const std::string& signer = "did:key:a") {
    const auto outcome = guard_.remember(signer, nonce, seconds(expires), seconds(now));
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(Outcome::full);
  }
  MemoryReplayGuard guard_{seconds(1'000), 3};
};

TEST_F(MemoryReplayGuardTest, LetsEachPassOnce) {
  EXPECT_EQ(remember("n", 2'000, 1'500), Outcome::fresh);
  EXPECT_EQ(remember("n", 2'000, 1'999), Outcome::seen);
  EXPECT_EQ(remember("m", 2'000, 1'999), Outcome::fresh);
}

TEST_F(MemoryReplayGuardTest, TellsSignersApart) {
  EXPECT_EQ(remember("n", 2'000, 1'500), Outcome::fresh);
  EXPECT_EQ(remember("n", 2'000, 1'500, "did:key:b"), Outcome::fresh);
  EXPECT_EQ(remember("b", 2'000, 1'500, "did:key:"), Outcome::fresh);
}

TEST_F(MemoryReplayGuardTest, RefusesRatherThanForget) {
  EXPECT_EQ(remember("1", 2'000, 1'500), Outcome::fresh);
  EXPECT_EQ(remember("2", 2'001, 1'500), Outcome::fresh);
  EXPECT_EQ(remember("3", 2'002, 1'500), Outcome::fresh);
  EXPECT_EQ(remember("4", 2'003, 1'999), Outcome::full);
  EXPECT_EQ(remember("2", 2'001, 1'999), Outcome::seen);
  EXPECT_EQ(remember("4", 2'003, 2'000), Outcome::fresh) << "one has expired";
  EXPECT_EQ(remember("5", 2'003, 2'000), Outcome::full);
}

TEST_F(MemoryReplayGuardTest, AClockThatGoesBackLetsNothingPassTwice) {
  EXPECT_EQ(remember("n", 2'000, 1'500), Outcome::fresh);
  EXPECT_EQ(remember("other", 3'000, 2'000), Outcome::fresh);
  EXPECT_EQ(remember("n", 2'000, 1'500), Outcome::seen);
  EXPECT_EQ(remember("new", 2'001, 1'500), Outcome::fresh);
}

TEST_F(MemoryReplayGuardTest, HasAnotherChallengeWithEachStart) {
  const MemoryReplayGuard other(seconds(1'000), 3);
  EXPECT_NE(guard_.challenge(), other.challenge());
  EXPECT_EQ(guard_.challenge().size(), 32U);
  EXPECT_EQ(guard_.since(), seconds(1'000));
}

TEST(NewSubjectsTest, AdmitsSoManyInAnHour) {
  NewSubjects subjects(2);
  const auto admit = [&](const char* name, std::int64_t now) {
    return subjects.admit(Hash::of(name), seconds(now));
  };
  EXPECT_TRUE(admit("a", 10'000));
  EXPECT_TRUE(admit("b", 10'001));
  EXPECT_TRUE(admit("a", 13'599));
  EXPECT_FALSE(admit("c", 13'599));
  EXPECT_TRUE(admit("c", 13'600));
  EXPECT_TRUE(admit("a", 13'600));
  EXPECT_FALSE(admit("b", 13'601));
}

TEST(SubjectSetTest, ReadsOneDidALine) {
  const auto set = SubjectSet::parse("# mine\n\n  did:web:a.example \r\ndid:web:b.example");
  ASSERT_TRUE(set.has_value()) << set.error().message;
  EXPECT_EQ(set->size(), 2U);
  EXPECT_TRUE(set->contains(*Subject::parse("did:web:a.example")));
  EXPECT_TRUE(set->contains(*Subject::parse("did:web:b.example")));
  EXPECT_FALSE(set->contains(*Subject::parse("did:web:c.example")));
}

TEST(SubjectSetTest, NamesTheLineThatIsNoDid) {
  const auto set = SubjectSet::parse("did:web:a.example\nnonsense\n");
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().code, ErrorCode::malformed);
  EXPECT_NE(set.error().message.find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace dialog::server
