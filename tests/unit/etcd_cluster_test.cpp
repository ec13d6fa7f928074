#include <algorithm>

#include "etcd_fixture.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;
using Fault = FakeEtcd::Fault;
using EtcdCluster = EtcdTest;

class EtcdAuthentication : public EtcdTest {
 protected:
  EtcdAuthentication() { cluster_->enable_authentication("root", "secret"); }
  static EtcdOptions as(std::string user, std::string password) {
    EtcdOptions options;
    options.credentials = EtcdCredentials{std::move(user), std::move(password)};
    options.plain_http_credentials = true;
    return options;
  }
};

TEST_F(EtcdCluster, IsAskedForAReadOnce) {
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(head(), std::nullopt); }), 1U);
}

TEST_F(EtcdCluster, PassesOverAMemberThatDoesNotAnswerAndRemembersWhoDid) {
  const auto heads = open();
  cluster_->stop_member("one:2379");
  EXPECT_TRUE(heads->read(subject_, {}).has_value());
  EXPECT_EQ(clock_.now(), 3s);
  EXPECT_TRUE(heads->read(subject_, {}).has_value());
  EXPECT_EQ(clock_.now(), 3s);
  EXPECT_EQ(cluster_->asked(), (std::vector<std::string>{"one:2379", "two:2379", "two:2379"}));
}

TEST_F(EtcdCluster, AnswersWithOneMemberLeftThatCan) {
  const auto heads = open();
  cluster_->stop_member("one:2379");
  cluster_->stop_member("two:2379");
  EXPECT_EQ(swap(*heads, 0, 1), 1U);
  cluster_->stop_member("three:2379");
  cluster_->start_member("one:2379");
  EXPECT_EQ(swap(*heads, 1, 2), 2U);
}

TEST_F(EtcdCluster, ThatNeverAnswersIsGivenUpInTime) {
  const auto heads = open();
  for (const char* member : {"one:2379", "two:2379", "three:2379"}) cluster_->stop_member(member);
  const auto read = heads->read(subject_, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::timeout);
  EXPECT_LE(clock_.now(), 30s);
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::indeterminate);
  EXPECT_LE(clock_.now(), 60s);
}

TEST_F(EtcdCluster, WithoutALeaderIsUnavailableAndSaysSo) {
  const auto heads = open();
  inject(Fault::no_leader, 15);
  const auto read = heads->read(subject_, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::unavailable);
  EXPECT_NE(read.error().message.find("no leader"), std::string::npos);
}

TEST_F(EtcdCluster, IsNotAskedBeyondTheDeadline) {
  const auto heads = open();
  cluster_->stop_member("one:2379");
  const Context context{clock_.now() + 2s, {}};
  const auto read = heads->read(subject_, context);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::timeout);
  EXPECT_EQ(clock_.now(), 2s);
  EXPECT_EQ(swap_error(*heads, 0, 1, context), ErrorCode::timeout);
  EXPECT_EQ(cluster_->asked().size(), 1U);
}

TEST_F(EtcdCluster, IsAskedAgainAfterPausesThatGrow) {
  const auto heads = open();
  inject(Fault::no_leader, 14);
  EXPECT_TRUE(heads->read(subject_, {}).has_value());
  // Four pauses, each a random part of 200 ms, 400 ms, and so on.
  EXPECT_GT(clock_.now(), 0ms);
  EXPECT_LE(clock_.now(), 3'000ms);
}

TEST_F(EtcdCluster, IsNotAskedOnceTheCallerHasGone) {
  const CancelSource source;
  const auto heads = open();
  inject(Fault::lose_request, 15);
  cluster_->on_fault = [&] { source.cancel(); };
  const Context context{std::nullopt, source.token()};
  EXPECT_EQ(swap_error(*heads, 0, 1, context), ErrorCode::indeterminate);
  EXPECT_EQ(cluster_->requests(), 1U);
  const auto read = heads->read(subject_, context);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::cancelled);
  EXPECT_EQ(cluster_->requests(), 1U);
}

TEST_F(EtcdCluster, IsNoneWhereAWebServerAnswers) {
  const auto heads = open();
  inject(Fault::no_json, 3);
  const auto read = heads->read(subject_, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::not_a_remote);
  EXPECT_EQ(cluster_->requests(), 3U);
}

TEST_F(EtcdCluster, HoldingAnotherSubjectsRecordIsCorrupt) {
  swap(*open(), 0, 1);
  const auto contents = cluster_->contents();
  const auto other = *Subject::parse("did:web:example.com:two");
  cluster_->put("dialog/heads/" + other.id().hex(), contents.begin()->second);
  const auto read = open()->read(other, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
}

TEST_F(EtcdCluster, HoldingALaterFormatIsUnsupported) {
  cluster_->put("dialog/heads/" + subject_.id().hex(), R"({"format":2})");
  const auto read = open()->read(subject_, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::unsupported);
}

TEST_F(EtcdCluster, HoldingNonsenseIsCorrupt) {
  for (const char* value : {"", "nonsense", "{}", R"({"format":1})"}) {
    cluster_->put("dialog/heads/" + subject_.id().hex(), value);
    EXPECT_EQ(open()->read(subject_, {}).error().code, ErrorCode::corrupt) << value;
    EXPECT_EQ(swap_error(*open(), 0, 1), ErrorCode::corrupt) << value;
  }
}

TEST_F(EtcdCluster, IsProbedByARequestThatChangesNothing) {
  EXPECT_EQ(requests_of([&] { EXPECT_TRUE(open()->probe({}).has_value()); }), 1U);
  EXPECT_TRUE(cluster_->contents().empty());
}

TEST_F(EtcdCluster, WhereThisUserMayNotWriteFailsTheProbe) {
  cluster_->allow_only("elsewhere/");
  EXPECT_EQ(open()->probe({}).error().code, ErrorCode::unauthorized);
  EXPECT_EQ(swap_error(*open(), 0, 1), ErrorCode::unauthorized);
  EXPECT_EQ(head(), std::nullopt);
}

TEST_F(EtcdCluster, OptionsMustMakeSense) {
  EtcdOptions options;
  options.history_kept = 0;
  EXPECT_EQ(create(options).error().code, ErrorCode::invalid_argument);
  options = {};
  options.member_timeout = 0ms;
  EXPECT_EQ(create(options).error().code, ErrorCode::invalid_argument);
}

TEST_F(EtcdAuthentication, TakesOneRequestForManyCalls) {
  const auto heads = open(as("root", "secret"));
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 0, 1), 1U); }), 2U);
  EXPECT_EQ(requests_of([&] { EXPECT_EQ(swap(*heads, 1, 2), 2U); }), 1U);
  EXPECT_EQ(cluster_->logins(), 1U);
}

TEST_F(EtcdAuthentication, IsRenewedWhereTheTokenRanOut) {
  for (const Fault fault : {Fault::forget_tokens, Fault::old_tokens}) {
    const auto heads = open(as("root", "secret"));
    EXPECT_TRUE(heads->read(subject_, {}).has_value());
    inject(fault);
    EXPECT_EQ(requests_of([&] { EXPECT_TRUE(heads->read(subject_, {}).has_value()); }), 3U);
  }
  EXPECT_EQ(clock_.now(), 0s);
}

TEST_F(EtcdAuthentication, OfASwapIsRenewedToo) {
  const auto heads = open(as("root", "secret"));
  EXPECT_TRUE(heads->read(subject_, {}).has_value());
  inject(Fault::forget_tokens);
  EXPECT_EQ(swap(*heads, 0, 1), 1U);
}

TEST_F(EtcdAuthentication, FailsWithAWrongPasswordAtOnceAndDoesNotRepeatIt) {
  const auto heads = open(as("root", "hunter2"));
  const auto read = heads->read(subject_, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::unauthorized);
  EXPECT_EQ(read.error().message.find("hunter2"), std::string::npos);
  EXPECT_EQ(cluster_->requests(), 1U);
  EXPECT_EQ(swap_error(*heads, 0, 1), ErrorCode::unauthorized);
}

TEST_F(EtcdAuthentication, IsMissedWhereThereAreNoCredentials) {
  const auto read = open()->read(subject_, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::unauthorized);
}

TEST_F(EtcdAuthentication, IsLeftOutWhereTheClusterWantsNone) {
  cluster_->enable_authentication("", "");
  const auto heads = open(as("root", "secret"));
  EXPECT_EQ(swap(*heads, 0, 1), 1U);
  EXPECT_EQ(swap(*heads, 1, 2), 2U);
  EXPECT_EQ(cluster_->logins(), 1U);
  cluster_->enable_authentication("root", "secret");
  EXPECT_EQ(swap(*heads, 2, 3), 3U);
}

TEST_F(EtcdAuthentication, DoesNotSendAPasswordInTheClear) {
  EtcdOptions options = as("root", "secret");
  options.plain_http_credentials = false;
  const auto refused = create(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  EXPECT_TRUE(create(options, "etcds://one").has_value());
  EXPECT_TRUE(create(options, "etcd://127.0.0.1,localhost").has_value());
  EXPECT_FALSE(create(options, "etcd://127.0.0.1,one").has_value());
}

}  // namespace
}  // namespace dialog::test
