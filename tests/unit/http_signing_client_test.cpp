#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/http_archive.hpp"
#include "dialog/http/request_signature.hpp"
#include "dialog/http/rest_backend.hpp"
#include "dialog/http/wire.hpp"
#include "http_scripted_client.hpp"

namespace dialog {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using test::ConstantRandom;
using test::lost;
using test::response;
using test::ScriptedClient;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

SecretKey key_of(char byte) { return *SecretKey::from_seed(Bytes(32, byte)); }

class CountingRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

class SigningClientTest : public testing::Test {
 protected:
  // A manual clock starts at 1,700,000,000 seconds.
  static constexpr seconds kNow{1'700'001'000};
  SigningClientTest() { clock_.sleep(1000s); }

  RestBackend backend(AuthMethod auth = AuthMethod::did_key(key_of('a'))) {
    auto made = RestBackend::create(config(std::move(auth)), {client_, &clock_, &random_});
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return *std::move(made);
  }
  // Plain HTTP to another machine: what is signed gives nothing away that could be used again.
  static RestBackendConfig config(AuthMethod auth) {
    return RestBackendConfig("http://api.example.com/register").with_auth(std::move(auth));
  }
  template <class... Outcomes>
  void answer(Outcomes... outcomes) {
    (client_->outcomes.push_back(std::move(outcomes)), ...);
  }
  static HttpResponse refusal(const std::string& prefix, seconds time) {
    return response(401, {{"WWW-Authenticate", wire::print_challenge({prefix, time})}});
  }
  HttpResponse found() const { return response(200, {{"ETag", r1_.hex()}}); }

  // What the server would read of a request that it got.
  wire::SignatureClaim claim(std::size_t number) const {
    const auto read = wire::read_signature(client_->requests.at(number).headers);
    EXPECT_TRUE(read && *read) << "request " << number << " is not signed";
    return **read;
  }
  Result<void> verified(std::size_t number, std::string_view path, std::string_view query = "?") {
    const HttpRequest& request = client_->requests.at(number);
    return wire::verify_signature(claim(number), {request.method, "api.example.com", path, query},
                                  request.headers);
  }

  std::shared_ptr<ScriptedClient> client_ = std::make_shared<ScriptedClient>();
  ManualClock clock_;
  CountingRandom random_;
  const Subject subject_ = *Subject::parse(Did::of(key_of('a').public_key()).text());
  const std::string path_ = "/register/" + subject_.did();
  const Revision r1_{Hash::of("1")};
  const Revision r2_{Hash::of("2")};
};

TEST_F(SigningClientTest, EveryRequestOfARegisterIsSigned) {
  answer(found(), response(200, {{"ETag", r2_.hex()}}),
         response(200, {{"Content-Type", "application/json"}}, wire::print_history(HeadHistory{})));
  RestBackend made = backend();
  ASSERT_TRUE(made.fetch(subject_).has_value());
  ASSERT_TRUE(made.swap(subject_, r1_, r2_).has_value());
  ASSERT_TRUE(made.history(subject_, 4).has_value());
  EXPECT_TRUE(verified(0, path_).has_value());
  EXPECT_TRUE(verified(1, path_).has_value());
  EXPECT_TRUE(verified(2, path_ + "/log", "?after=4&limit=1000").has_value());
  EXPECT_EQ(claim(1).signer.text(), subject_.did());
  EXPECT_EQ(*client_->requests[1].headers.find("Content-Digest"),
            wire::print_content_digest(client_->requests[1].body));
}

TEST_F(SigningClientTest, EveryRequestOfAnArchiveIsSigned) {
  answer(response(204));
  auto archive = HttpArchive::create(config(AuthMethod::did_key(key_of('a'))),
                                     {client_, &clock_, &random_}, subject_);
  ASSERT_TRUE(archive.has_value());
  const Block block = Block::of("block");
  ASSERT_TRUE((*archive)->put({&block, 1}).has_value());
  EXPECT_TRUE(verified(0, path_ + "/blocks/put").has_value());
}

TEST_F(SigningClientTest, EveryAttemptHasASignatureOfItsOwn) {
  answer(response(503), lost(), found());
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  ASSERT_EQ(client_->requests.size(), 3U);
  EXPECT_NE(claim(0).nonce, claim(1).nonce);
  EXPECT_NE(claim(1).nonce, claim(2).nonce);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(verified(i, path_).has_value());
}

TEST_F(SigningClientTest, ItLastsAMinuteAndWhatTheBodyTakes) {
  answer(found(), response(204));
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  EXPECT_EQ(claim(0).created, kNow);
  EXPECT_EQ(claim(0).expires, kNow + 60s);
  auto archive = HttpArchive::create(config(AuthMethod::did_key(key_of('a'))),
                                     {client_, &clock_, &random_}, subject_);
  std::vector<Block> blocks;
  for (char c = 'a'; c < 'a' + 8; ++c) blocks.push_back(Block::of(Bytes(kBlockBytesMax, c)));
  ASSERT_TRUE((*archive)->put(blocks).has_value());
  EXPECT_EQ(claim(1).expires, kNow + 124s);
}

TEST_F(SigningClientTest, AServerThatAsksForItsChallengeGetsItAtOnceAndFromThenOn) {
  answer(refusal("c4-", kNow), found(), found());
  RestBackend made = backend();
  ASSERT_TRUE(made.fetch(subject_).has_value());
  ASSERT_TRUE(made.fetch(subject_).has_value());
  ASSERT_EQ(client_->requests.size(), 3U);
  EXPECT_THAT(claim(0).nonce, Not(StartsWith("c4-")));
  EXPECT_THAT(claim(1).nonce, StartsWith("c4-"));
  EXPECT_THAT(claim(2).nonce, StartsWith("c4-"));
  EXPECT_NE(claim(1).nonce, claim(2).nonce);
}

TEST_F(SigningClientTest, ASwapIsSignedAnewToo) {
  answer(refusal("c4-", kNow), response(200, {{"ETag", r2_.hex()}}));
  ASSERT_TRUE(backend().swap(subject_, r1_, r2_).has_value());
  EXPECT_TRUE(verified(1, path_).has_value());
  EXPECT_EQ(client_->requests[1].headers.count("Signature"), 1U);
  EXPECT_EQ(client_->requests[1].headers.count("Content-Digest"), 1U);
}

TEST_F(SigningClientTest, AWrongClockIsCorrectedByTheServers) {
  answer(refusal("c4-", kNow + 4000s), found());
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  EXPECT_EQ(claim(1).created, kNow + 4000s);
}

TEST_F(SigningClientTest, AClockThatIsADayOffIsNotBelieved) {
  answer(refusal("c4-", kNow + 24h + 1s), found());
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  EXPECT_EQ(claim(1).created, kNow);
}

TEST_F(SigningClientTest, ARefusalThatAsksForNothingNewIsFinal) {
  answer(refusal("c4-", kNow), refusal("c4-", kNow + 1s));
  EXPECT_EQ(backend().fetch(subject_).error().code(), ErrorCode::unauthorized);
  EXPECT_EQ(client_->requests.size(), 2U);
  answer(response(401, {{"WWW-Authenticate", "Bearer realm=\"dialog\""}}));
  EXPECT_EQ(backend().fetch(subject_).error().code(), ErrorCode::unauthorized);
  EXPECT_EQ(client_->requests.size(), 3U);
}

TEST_F(SigningClientTest, AServerThatAlwaysAsksForAnotherChallengeIsLeft) {
  answer(refusal("c1-", kNow), refusal("c2-", kNow));
  EXPECT_EQ(backend().fetch(subject_).error().code(), ErrorCode::unauthorized);
  EXPECT_EQ(client_->requests.size(), 2U);
}

TEST_F(SigningClientTest, ACapabilityTravelsAlongUnderTheSignature) {
  Grant grant{key_of('b').public_key(), CapabilityAccess::write, 900s, 2000s, {}};
  const Capability capability = *Capability::issue(key_of('a'), grant);
  answer(found());
  ASSERT_TRUE(backend(AuthMethod::did_key(key_of('b'), capability)).fetch(subject_).has_value());
  EXPECT_EQ(*client_->requests[0].headers.find("Dialog-Capability"), capability.text());
  EXPECT_TRUE(verified(0, path_).has_value());
  EXPECT_EQ(claim(0).key, key_of('b').public_key());
}

TEST_F(SigningClientTest, NothingSecretIsInWhatIsSent) {
  answer(found());
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  for (const auto& [name, value] : client_->requests[0].headers.fields()) {
    EXPECT_THAT(value, Not(HasSubstr(key_of('a').to_text()))) << name;
    EXPECT_THAT(value, Not(HasSubstr(std::string(32, 'a')))) << name;
  }
}

TEST_F(SigningClientTest, FieldsOfSignaturesCannotBeConfigured) {
  for (const char* name : {"Signature", "signature-input", "Content-Digest", "Dialog-Capability"}) {
    const auto made = RestBackend::create(
        RestBackendConfig("https://api.example.com").with_header(name, "x"), {client_});
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().code, ErrorCode::invalid_argument) << name;
  }
}

}  // namespace
}  // namespace dialog
