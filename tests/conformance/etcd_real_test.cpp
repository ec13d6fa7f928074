#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>

#include "backend_suite.hpp"
#include "dialog/http/json.hpp"
#include "etcd_real_fixture.hpp"
#include "register_suite.hpp"
#include "revocation_suite.hpp"
#include "support/register_load.hpp"

namespace dialog::test {
namespace {

using namespace std::chrono_literals;

/// How many swaps must succeed in each state of a cluster.
std::uint64_t swaps_each() {
  const char* const scale = std::getenv("DIALOG_SOAK_SCALE");
  return 30 * (scale == nullptr ? 1 : std::strtoull(scale, nullptr, 10));
}

INSTANTIATE_TEST_SUITE_P(RealEtcd, RegisterConformance, only<CloudRegisterFixture<RealEtcd>>());
INSTANTIATE_TEST_SUITE_P(RealEtcd, RegisterRaces, only<CloudRegisterFixture<RealEtcd>>());
INSTANTIATE_TEST_SUITE_P(RealEtcd, BackendConformance, only<CloudBackendFixture<RealEtcd>>());
INSTANTIATE_TEST_SUITE_P(RealEtcd, BackendRaces, only<CloudBackendFixture<RealEtcd>>());
INSTANTIATE_TEST_SUITE_P(RealEtcd, RemovalConformance, only<CloudRemovalFixture<RealEtcd>>());
INSTANTIATE_TEST_SUITE_P(RealEtcd, SharedRemovalConformance, only<CloudRemovalFixture<RealEtcd>>());

// Blocks in memory: this is about revocations.
using RealEtcdStore = CloudServerStoreFixture<TwoClouds<RealEtcd, LocalParts>>;
INSTANTIATE_TEST_SUITE_P(RealEtcd, RevocationConformance, only<RealEtcdStore>());
INSTANTIATE_TEST_SUITE_P(RealEtcd, RevocationRaces, only<RealEtcdStore>());

const Subject kOne = subject_named("one");

/// Posts to etcd itself, as an administrator would.
void post(const EtcdProcesses& processes, const std::string& path, const std::string& body) {
  const auto address = *EtcdAddress::parse(processes.address("any"));
  const HttpRequest request{"POST", processes.url_of(0) + path, {}, body};
  const auto response = transport_for(address).client->send(request, 65536, {});
  ASSERT_TRUE(response.has_value()) << response.error().error.message;
  ASSERT_EQ(response->status, 200) << response->body;
}

TEST(RealEtcd, GivesAPageOfTheLongestRecords) {
  const auto heads = open_real(single_etcd().address("long"));
  const Subject subject =
      *Subject::parse("did:web:example.com:" + std::string(kSubjectBytesMax - 20, 'a'));
  const std::string author(4096, '\x01');
  std::string puts;
  for (std::uint64_t i = 1; i <= 130; ++i) {
    const std::string number =
        to_hex({"\0\0\0\0\0\0\0", 7}) + to_hex(Bytes(1, static_cast<char>(i)));
    const json::Value record{{"format", 1U},
                             {"did", subject.did()},
                             {"revision", std::string(64, '1')},
                             {"previous", std::string(64, '1')},
                             {"sequence", i},
                             {"time_ms", 0},
                             {"author", author},
                             {"swap", number}};
    puts += (puts.empty() ? "" : ",") +
            json::print({{"request_put",
                          {{"key", to_base64("long/log/" + subject.id().hex() + "/" + number)},
                           {"value", to_base64(json::print(record))}}}});
    if (i % 26 == 0) {
      post(single_etcd(), "/v3/kv/txn", "{\"success\":[" + puts + "]}");
      puts.clear();
    }
  }
  const auto history = heads->history(subject, 0, SIZE_MAX, {});
  ASSERT_TRUE(history.has_value()) << history.error().message;
  EXPECT_EQ(history->records.size(), 130U);
  EXPECT_EQ(history->records.back().author, author);
}

/// What the log in etcd says, as a set of numbers.
std::set<std::uint64_t> numbers_in_log(Register& heads, const Subject& subject) {
  const auto history = heads.history(subject, 0, SIZE_MAX, {});
  EXPECT_TRUE(history.has_value()) << history.error().message;
  std::set<std::uint64_t> numbers;
  Revision previous;
  std::uint64_t sequence = 0;
  for (const HeadRecord& record : history ? history->records : std::vector<HeadRecord>{}) {
    EXPECT_EQ(record.previous, previous);
    EXPECT_EQ(record.sequence, ++sequence);
    previous = record.revision;
    numbers.insert(number_of(record.revision));
  }
  return numbers;
}

class EtcdClusterLoad : public testing::Test {
 protected:
  void SetUp() override { wait_for(url_); }

  std::unique_ptr<RegisterLoad> start_load() {
    LoadOptions options;
    options.threads = 6;
    options.subjects = {kOne, subject_named("two")};
    return std::make_unique<RegisterLoad>(
        options, [this](std::size_t) { return std::make_unique<RegisterTarget>(open()); });
  }

  std::shared_ptr<EtcdRegister> open() {
    EtcdOptions options;
    options.timeout = 15s;
    options.member_timeout = 1s;
    options.retry = {100, 20ms, 200ms};
    options.history_kept = 1'000'000;
    return open_real(url_, options);
  }

  /// Every answer agrees with real time, and nothing that was acknowledged is missing.
  void check(const RegisterLoad& load) {
    EXPECT_EQ(load.violation(), std::nullopt);
    const auto heads = open();
    for (std::size_t i = 0; i < 2; ++i) {
      const auto numbers = numbers_in_log(*heads, i == 0 ? kOne : subject_named("two"));
      for (const RegisterOperation& operation : load.history(i)) {
        if (operation.outcome == RegisterOperation::Outcome::accepted) {
          EXPECT_TRUE(numbers.contains(operation.desired)) << operation.desired << " is lost";
        }
      }
    }
  }

  EtcdProcesses cluster_{3};
  const std::string url_ = cluster_.address("cluster");
};

TEST_F(EtcdClusterLoad, GoesOnWhileEachMemberInTurnIsKilledAndStartedAgain) {
  const auto load = start_load();
  ASSERT_TRUE(load->wait_for_accepted(swaps_each()));
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    cluster_.kill(i);
    ASSERT_TRUE(load->wait_for_accepted(swaps_each())) << "without member " << i;
    cluster_.start(i);
    wait_for(cluster_.address_of(i, "cluster"));
  }
  load->stop();
  check(*load);
}

TEST_F(EtcdClusterLoad, GoesOnWhileEachMemberInTurnIsCutOffAndComesBack) {
  const auto load = start_load();
  ASSERT_TRUE(load->wait_for_accepted(swaps_each()));
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    cluster_.freeze(i);
    ASSERT_TRUE(load->wait_for_accepted(swaps_each())) << "without member " << i;
    // What it was sent is still waiting in its connections, and is answered now.
    cluster_.thaw(i);
    ASSERT_TRUE(load->wait_for_accepted(swaps_each()));
  }
  load->stop();
  check(*load);
}

TEST_F(EtcdClusterLoad, SaysInTimeThatThereIsNoMajorityAndGoesOnOnceThereIs) {
  const auto load = start_load();
  ASSERT_TRUE(load->wait_for_accepted(swaps_each()));
  cluster_.kill(0);
  ASSERT_TRUE(load->wait_for_accepted(swaps_each()));
  cluster_.freeze(1);
  EtcdOptions options;
  options.timeout = 2s;
  options.member_timeout = 500ms;
  const auto heads = open_real(url_, options);
  const auto read = heads->read(kOne, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_TRUE(read.error().code == ErrorCode::unavailable ||
              read.error().code == ErrorCode::timeout)
      << read.error().message;
  const auto swapped =
      heads->swap(subject_named("new"), {{}, revision_number(1), {}, "", false}, {});
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code, ErrorCode::indeterminate) << swapped.error().message;
  cluster_.thaw(1);
  ASSERT_TRUE(load->wait_for_accepted(swaps_each()));
  load->stop();
  check(*load);
}

/// A member that speaks TLS and has users, set up as its administrator would.
class EtcdWithUsers : public testing::Test {
 protected:
  void SetUp() override {
    wait_for(url_);
    const std::string first = to_base64("team/");
    const std::string end = to_base64("team0");
    post(cluster_, "/v3/auth/user/add", R"({"name":"root","password":"root secret"})");
    post(cluster_, "/v3/auth/role/add", R"({"name":"root"})");
    post(cluster_, "/v3/auth/user/grant", R"({"user":"root","role":"root"})");
    post(cluster_, "/v3/auth/user/add", R"({"name":"writer","password":"writer secret"})");
    post(cluster_, "/v3/auth/role/add", R"({"name":"team"})");
    post(cluster_, "/v3/auth/role/grant",
         R"({"name":"team","perm":{"permType":"READWRITE","key":")" + first + R"(","range_end":")" +
             end + R"("}})");
    post(cluster_, "/v3/auth/user/grant", R"({"user":"writer","role":"team"})");
    post(cluster_, "/v3/auth/enable", "{}");
  }

  std::unique_ptr<EtcdRegister> open_as(const std::string& user, const std::string& password,
                                        const std::string& prefix = "team") {
    EtcdOptions options;
    options.credentials = EtcdCredentials{user, password};
    return open_real(cluster_.address(prefix), options);
  }
  static Result<Register::SwapOutcome> swap(Register& heads, std::uint64_t expected) {
    return heads.swap(
        kOne, {revision_number(expected), revision_number(expected + 1), {}, "", false}, {});
  }
  static ErrorCode error_of(const Result<Register::SwapOutcome>& outcome) {
    EXPECT_FALSE(outcome.has_value());
    return outcome ? ErrorCode::internal : outcome.error().code;
  }

  TestCertificates certificates_;
  EtcdProcesses cluster_{1, &certificates_};
  const std::string url_ = cluster_.address("team");
};

TEST_F(EtcdWithUsers, LetsAUserWriteWhereItMayAndNowhereElse) {
  EXPECT_TRUE(open_as("writer", "writer secret")->probe({}).has_value());
  EXPECT_TRUE(swap(*open_as("writer", "writer secret"), 0).has_value());
  EXPECT_EQ(error_of(swap(*open_as("writer", "writer secret", "other"), 0)),
            ErrorCode::unauthorized);
  EXPECT_EQ(error_of(swap(*open_as("writer", "wrong"), 1)), ErrorCode::unauthorized);
  EXPECT_EQ(error_of(swap(*open_real(url_), 1)), ErrorCode::unauthorized);
  const auto head = open_as("root", "root secret")->read(kOne, {});
  ASSERT_TRUE(head.has_value()) << head.error().message;
  EXPECT_EQ((*head)->sequence, 1U);
}

TEST_F(EtcdWithUsers, SaysThatItTakesNoCertificateWithACommonName) {
  EtcdOptions options;
  options.credentials = EtcdCredentials{"writer", "writer secret"};
  std::string url = url_;
  for (const std::string file : {"client.pem", "client.key"}) {
    url.replace(url.find(file), 6, "named");
  }
  const auto read = open_real(url, options)->read(kOne, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::unauthorized);
  EXPECT_NE(read.error().message.find("common name"), std::string::npos) << read.error().message;
}

TEST_F(EtcdWithUsers, LogsInAgainWhereAMemberHasForgottenItsTokens) {
  const auto heads = open_as("writer", "writer secret");
  ASSERT_TRUE(swap(*heads, 0).has_value());
  cluster_.kill(0);
  cluster_.start(0);
  EtcdOptions options;
  options.credentials = EtcdCredentials{"root", "root secret"};
  wait_for(url_, options);
  const auto swapped = swap(*heads, 1);
  EXPECT_TRUE(swapped.has_value()) << swapped.error().message;
}

TEST_F(EtcdWithUsers, IsNotTalkedToWithoutItsAuthorityOrACertificate) {
  const std::string hosts = url_.substr(0, url_.find('?'));
  const auto unknown = open_real(hosts)->read(kOne, {});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_a_remote) << unknown.error().message;
  EtcdOptions options;
  options.timeout = 1s;
  const auto nameless =
      open_real(hosts + "?ca=" + certificates_.path("ca.pem"), options)->read(kOne, {});
  EXPECT_FALSE(nameless.has_value());
}

}  // namespace
}  // namespace dialog::test
