#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/rest_backend.hpp"
#include "dialog/http/wire.hpp"
#include "http_scripted_client.hpp"

namespace dialog {
namespace {

using namespace std::chrono_literals;
using test::ConstantRandom;
using test::lost;
using test::response;
using test::ScriptedClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RestBackendTest : public testing::Test {
 protected:
  RestBackend backend(
      const RestBackendConfig& config = RestBackendConfig("https://api.example.com/register")) {
    auto made = RestBackend::create(config, {client_, &clock_, &random_});
    EXPECT_TRUE(made.has_value());
    return *std::move(made);
  }
  template <class... Outcomes>
  void answer(Outcomes... outcomes) {
    (client_->outcomes.push_back(std::move(outcomes)), ...);
  }
  static HttpHeaders::Field etag(const Revision& revision) { return {"ETag", revision.hex()}; }
  const std::vector<HttpRequest>& requests() const { return client_->requests; }

  RemoteResult<void> swap() { return backend().swap(subject_, r1_, r2_); }

  std::shared_ptr<ScriptedClient> client_ = std::make_shared<ScriptedClient>();
  ManualClock clock_;
  ConstantRandom random_{0xff};
  const Subject subject_ =
      *Subject::parse("did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi");
  const Revision r1_{Hash::of("1")};
  const Revision r2_{Hash::of("2")};
  const Revision r3_{Hash::of("3")};
};

TEST_F(RestBackendTest, FetchIsAHeadOfTheSubject) {
  answer(response(200, {etag(r1_), {"Dialog-Sequence", "7"}}));
  EXPECT_EQ(*backend().fetch_head(subject_), (Head{r1_, 7}));
  ASSERT_EQ(requests().size(), 1U);
  EXPECT_EQ(requests()[0].method, "HEAD");
  EXPECT_EQ(requests()[0].target, "https://api.example.com/register/" + subject_.did());
  EXPECT_THAT(requests()[0].headers.fields(), IsEmpty());
  EXPECT_EQ(requests()[0].body, "");
}

TEST_F(RestBackendTest, SwapIsAPutWithThePreconditionAndTheBodyOfTheContract) {
  answer(response(200, {etag(r2_)}));
  ASSERT_TRUE(swap().has_value());
  ASSERT_EQ(requests().size(), 1U);
  EXPECT_EQ(requests()[0].method, "PUT");
  EXPECT_EQ(requests()[0].target, "https://api.example.com/register/" + subject_.did());
  EXPECT_EQ(*requests()[0].headers.find("If-Match"), r1_.hex());
  EXPECT_EQ(*requests()[0].headers.find("Content-Type"), "application/json");
  const auto message = wire::parse_swap(requests()[0].body);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->issuer, subject_.did());
  EXPECT_EQ(message->subject, subject_.did());
  EXPECT_EQ(message->revision, r2_);
  EXPECT_EQ(message->origin, r1_);
}

TEST_F(RestBackendTest, EveryRequestCarriesTheTokenAndTheConfiguredFields) {
  answer(response(200, {etag(r1_)}), response(200, {etag(r2_)}), response(404, {}, "{}"));
  auto made = backend(RestBackendConfig("https://api.example.com")
                          .with_auth(AuthMethod::bearer("my-secret-token"))
                          .with_header("X-Custom-Header", "value"));
  ASSERT_TRUE(made.fetch(subject_).has_value());
  ASSERT_TRUE(made.swap(subject_, r1_, r2_).has_value());
  ASSERT_TRUE(made.history(subject_, 0).has_value());
  ASSERT_EQ(requests().size(), 3U);
  for (const HttpRequest& request : requests()) {
    EXPECT_EQ(*request.headers.find("Authorization"), "Bearer my-secret-token");
    EXPECT_EQ(*request.headers.find("X-Custom-Header"), "value");
  }
}

TEST_F(RestBackendTest, ErrorsNeverShowTheToken) {
  answer(response(401), response(500), lost());
  auto made = backend(RestBackendConfig("https://api.example.com")
                          .with_auth(AuthMethod::bearer("my-secret-token"))
                          .with_retry({1, 1ms, 1ms}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(made.fetch(subject_).error().message(), Not(HasSubstr("my-secret-token")));
  }
}

TEST_F(RestBackendTest, TheTimeoutIsThirtySecondsOrWhatWasConfigured) {
  answer(response(200, {etag(r1_)}), response(200, {etag(r1_)}), response(200, {etag(r1_)}));
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  auto patient = backend(RestBackendConfig("https://api.example.com").with_timeout(60s));
  ASSERT_TRUE(patient.fetch(subject_).has_value());
  ASSERT_TRUE(patient.fetch(subject_, Context{MonotonicTime(5s), {}}).has_value());
  EXPECT_EQ(client_->contexts[0].deadline, MonotonicTime(30s));
  EXPECT_EQ(client_->contexts[1].deadline, MonotonicTime(60s));
  EXPECT_EQ(client_->contexts[2].deadline, MonotonicTime(5s));
}

TEST_F(RestBackendTest, WrongConfigurationsAreRefused) {
  const auto code_of = [&](const RestBackendConfig& config) {
    const auto made = RestBackend::create(config, {client_, &clock_, &random_});
    return made ? std::optional<ErrorCode>() : made.error().code;
  };
  const std::string url = "https://a";
  for (const RestBackendConfig& config :
       {RestBackendConfig("no url"), RestBackendConfig(url).with_header("A b", "c"),
        RestBackendConfig(url).with_header("A", "b\r\nC: d"),
        RestBackendConfig(url).with_header("", "c"),
        RestBackendConfig(url).with_header("If-Match", "x"),
        RestBackendConfig(url).with_header("host", "x"),
        RestBackendConfig(url).with_auth(AuthMethod::bearer("")),
        RestBackendConfig(url).with_auth(AuthMethod::bearer("a b")),
        RestBackendConfig(url).with_auth(AuthMethod::bearer("a\n")),
        RestBackendConfig(url).with_auth(AuthMethod::bearer("a")).with_header("Authorization", "b"),
        RestBackendConfig(url).with_timeout(0s),
        RestBackendConfig(url).with_retry({0, 1ms, 1ms})}) {
    EXPECT_EQ(code_of(config), ErrorCode::invalid_argument);
  }
}

TEST_F(RestBackendTest, CredentialsTravelInTheClearOnlyToThisMachineOrWhereAllowed) {
  const auto allowed = [&](const RestBackendConfig& config) {
    return RestBackend::create(config, {client_, &clock_, &random_}).has_value();
  };
  const AuthMethod token = AuthMethod::bearer("t");
  EXPECT_TRUE(allowed(RestBackendConfig("http://example.com")));
  EXPECT_FALSE(allowed(RestBackendConfig("http://example.com").with_auth(token)));
  EXPECT_FALSE(
      allowed(RestBackendConfig("http://example.com").with_header("authorization", "Basic x")));
  EXPECT_FALSE(allowed(RestBackendConfig("http://127.0.0.1.example.com").with_auth(token)));
  EXPECT_TRUE(allowed(RestBackendConfig("https://example.com").with_auth(token)));
  EXPECT_TRUE(allowed(RestBackendConfig("http://localhost:4711").with_auth(token)));
  EXPECT_TRUE(allowed(RestBackendConfig("http://[::1]:4711").with_auth(token)));
  EXPECT_TRUE(allowed(
      RestBackendConfig("http://example.com").with_auth(token).with_plain_http_credentials()));
}

TEST_F(RestBackendTest, StatusesOfFetchBecomeTheErrorsOfTheContract) {
  answer(response(404), response(401), response(403));
  auto made = backend();
  EXPECT_NE(made.fetch(subject_).error().as<NotFound>(), nullptr);
  EXPECT_NE(made.fetch(subject_).error().as<Unauthorized>(), nullptr);
  EXPECT_NE(made.fetch(subject_).error().as<Unauthorized>(), nullptr);
}

TEST_F(RestBackendTest, NotFoundEmptiesTheCache) {
  answer(response(200, {etag(r1_)}), response(404));
  auto made = backend();
  ASSERT_TRUE(made.fetch(subject_).has_value());
  ASSERT_FALSE(made.fetch(subject_).has_value());
  EXPECT_EQ(*made.revision(subject_), std::nullopt);
}

TEST_F(RestBackendTest, AnAnswerWithoutAReadableTagIsNoRegister) {
  answer(response(200, {{"Content-Type", "text/html"}}),
         response(200, {{"ETag", "\"5e1c-61a9c2d3b1f40\""}}));
  auto made = backend();
  for (int i = 0; i < 2; ++i) {
    const auto fetched = made.fetch(subject_);
    ASSERT_FALSE(fetched.has_value());
    EXPECT_NE(fetched.error().as<FetchFailed>(), nullptr);
    EXPECT_EQ(fetched.error().code(), ErrorCode::not_a_remote);
    EXPECT_THAT(fetched.error().message(), HasSubstr("https://api.example.com/register"));
  }
}

TEST_F(RestBackendTest, RedirectsAndOtherAnswersAreNoRegister) {
  answer(response(301, {{"Location", "https://elsewhere.example/\x1b[2J"}}), response(405),
         response(501), response(418), lost(true, ErrorCode::malformed),
         lost(true, ErrorCode::too_large));
  auto made = backend();
  const auto redirected = made.fetch(subject_);
  ASSERT_FALSE(redirected.has_value());
  EXPECT_EQ(redirected.error().code(), ErrorCode::not_a_remote);
  EXPECT_THAT(redirected.error().message(), HasSubstr("https://elsewhere.example/?[2J"));
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(made.fetch(subject_).error().code(), ErrorCode::not_a_remote);
  EXPECT_EQ(requests().size(), 6U);
}

TEST_F(RestBackendTest, FetchIsRepeatedAfterTransientFaults) {
  answer(response(503), lost(true), response(429), lost(false), response(200, {etag(r1_)}));
  EXPECT_EQ(backend().fetch(subject_), r1_);
  EXPECT_EQ(requests().size(), 5U);
}

TEST_F(RestBackendTest, RepetitionsBackOffExponentiallyUpToACap) {
  std::vector<MonotonicTime> times;
  client_->on_send = [&] { times.push_back(clock_.now()); };
  answer(response(503), response(503), response(503), response(503), response(200, {etag(r1_)}));
  auto made = backend(RestBackendConfig("https://a").with_retry({5, 100ms, 300ms}));
  ASSERT_TRUE(made.fetch(subject_).has_value());
  ASSERT_EQ(times.size(), 5U);
  std::vector<std::chrono::nanoseconds> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
  const std::vector<std::chrono::nanoseconds> bounds{100ms, 200ms, 300ms, 300ms};
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    // What is left of 64 random bits, all of them set here, by a bound that is reached itself.
    const auto jitter = ~std::uint64_t{0} % (static_cast<std::uint64_t>(bounds[i].count()) + 1);
    EXPECT_EQ(gaps[i].count(), static_cast<std::int64_t>(jitter)) << i;
  }
}

TEST_F(RestBackendTest, JitterMayBeNothing) {
  ConstantRandom zeros(0);
  answer(response(503), response(200, {etag(r1_)}));
  auto made = RestBackend::create(RestBackendConfig("https://a"), {client_, &clock_, &zeros});
  ASSERT_TRUE(made->fetch(subject_).has_value());
  EXPECT_EQ(clock_.now(), MonotonicTime(0));
}

TEST_F(RestBackendTest, RetryAfterIsHonoured) {
  answer(response(429, {{"Retry-After", "7"}}), response(200, {etag(r1_)}));
  ASSERT_TRUE(backend().fetch(subject_).has_value());
  EXPECT_GE(clock_.now(), MonotonicTime(7s));
}

TEST_F(RestBackendTest, RetryAfterMayBeADate) {
  const auto wait_for = [&](const char* date) {
    const MonotonicTime before = clock_.now();
    answer(response(503, {{"Retry-After", date}}), response(200, {etag(r1_)}));
    EXPECT_TRUE(backend(RestBackendConfig("https://a").with_timeout(60s).with_retry({2, 0ms, 0ms}))
                    .fetch(subject_)
                    .has_value());
    return clock_.now() - before;
  };
  ASSERT_EQ(clock_.wall(), WallTime(1'700'000'000'000)) << "Tue, 14 Nov 2023 22:13:20 GMT";
  EXPECT_EQ(wait_for("Tue, 14 Nov 2023 22:13:27 GMT"), 7s);
  EXPECT_EQ(wait_for("Tue, 14 Nov 2023 22:13:27 GMT"), 0s) << "which is now";
  EXPECT_EQ(wait_for("Sun, 06 Nov 1994 08:49:37 GMT"), 0s);
  EXPECT_EQ(wait_for(" Tue, 14 Nov 2023 22:14:20 GMT "), 53s);
}

TEST_F(RestBackendTest, RetryAfterIsADayAtMost) {
  // A wait that is begun ends at once, by the token; one beyond the deadline is not begun.
  const auto begins = [&](const char* retry_after, std::chrono::milliseconds timeout) {
    const CancelSource source;
    client_->on_send = [&] { source.cancel(); };
    answer(response(503, {{"Retry-After", retry_after}}));
    const auto fetched = backend(RestBackendConfig("https://a").with_timeout(timeout))
                             .fetch(subject_, Context{std::nullopt, source.token()});
    return fetched.error().code() == ErrorCode::cancelled;
  };
  for (const char* ever : {"999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    EXPECT_FALSE(begins(ever, 24h)) << ever;
    EXPECT_TRUE(begins(ever, 24h + 1s)) << ever;
  }
}

TEST_F(RestBackendTest, RetryAfterThatCannotBeReadIsNone) {
  for (const char* text :
       {"", "soon", "Tue, 14 Nov 2023 22:14:20", "Tuesday, 14-Nov-23 22:14:20 GMT",
        "Tue Nov 14 22:14:20 2023", "Tue, 14 Nox 2023 22:14:20 GMT",
        "Tue, 31 Nov 2023 22:14:20 GMT", "Tue, 14 Nov 2023 24:14:20 GMT",
        "Tue, 14 Nov 2023 22:60:20 GMT", "Tue, 14 Nov 2023 22:14:61 GMT",
        "Tue, 14 Nov 2023 22:14:20 CET", "-7"}) {
    answer(response(503, {{"Retry-After", text}}), response(200, {etag(r1_)}));
    EXPECT_TRUE(backend(RestBackendConfig("https://a").with_retry({2, 0ms, 0ms}))
                    .fetch(subject_)
                    .has_value());
    EXPECT_EQ(clock_.now(), MonotonicTime(0)) << text;
  }
}

TEST_F(RestBackendTest, AWaitBeyondTheDeadlineIsNotBegun) {
  answer(response(429, {{"Retry-After", "31"}}));
  const auto fetched = backend().fetch(subject_);
  ASSERT_FALSE(fetched.has_value());
  EXPECT_NE(fetched.error().as<FetchFailed>(), nullptr);
  EXPECT_EQ(fetched.error().code(), ErrorCode::unavailable);
  EXPECT_EQ(clock_.now(), MonotonicTime(0));
}

TEST_F(RestBackendTest, RepetitionsAreBounded) {
  answer(response(500), response(502), response(504));
  const auto fetched =
      backend(RestBackendConfig("https://a").with_retry({3, 1ms, 1ms})).fetch(subject_);
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code(), ErrorCode::unavailable);
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(RestBackendTest, AWaitEndsWhenTheTokenFires) {
  const CancelSource source;
  client_->on_send = [&] { source.cancel(); };
  answer(response(429, {{"Retry-After", "20"}}));
  const auto fetched = backend().fetch(subject_, Context{std::nullopt, source.token()});
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code(), ErrorCode::cancelled);
  EXPECT_LT(clock_.now(), MonotonicTime(1s));
}

TEST_F(RestBackendTest, AFullDiskIsTheProvidersError) {
  answer(response(507, {}, wire::print_error({ErrorCode::storage_full, "no space", {}})));
  const auto swapped = swap();
  ASSERT_FALSE(swapped.has_value());
  EXPECT_NE(swapped.error().as<ProviderError>(), nullptr);
  EXPECT_EQ(swapped.error().code(), ErrorCode::storage_full);
}

TEST_F(RestBackendTest, A412TellsTheActualRevision) {
  answer(response(412, {{"ETag", "\"" + r3_.hex() + "\""}}));
  const auto swapped = swap();
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().as<RevisionMismatch>(), nullptr);
  EXPECT_EQ(swapped.error().as<RevisionMismatch>()->expected, r1_);
  EXPECT_EQ(swapped.error().as<RevisionMismatch>()->actual, r3_);
}

TEST_F(RestBackendTest, A412WithoutATagIsReadFromItsBody) {
  answer(response(412, {}, wire::print_mismatch({r1_, r3_})));
  EXPECT_EQ(swap().error().as<RevisionMismatch>()->actual, r3_);
}

TEST_F(RestBackendTest, A412ThatTellsNothingIsFollowedByAFetch) {
  answer(response(412), response(200, {etag(r3_)}));
  const auto swapped = swap();
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().as<RevisionMismatch>(), nullptr);
  EXPECT_EQ(swapped.error().as<RevisionMismatch>()->actual, r3_);
  EXPECT_EQ(requests()[1].method, "HEAD");
}

TEST_F(RestBackendTest, ARefusalNeverClaimsThatTheExpectedRevisionIsTheActualOne) {
  for (const bool told : {true, false}) {
    if (told) {
      answer(response(412, {etag(r1_)}), response(200, {etag(r1_)}));
    } else {
      answer(response(412), response(200, {etag(r1_)}));
    }
    const auto swapped = swap();
    ASSERT_FALSE(swapped.has_value());
    ASSERT_NE(swapped.error().as<PublishFailed>(), nullptr);
    EXPECT_FALSE(swapped.error().as<PublishFailed>()->indeterminate);
    EXPECT_EQ(swapped.error().code(), ErrorCode::unavailable);
  }
}

TEST_F(RestBackendTest, A412AndThenNoSightOfTheRegisterIsAFailureThatChangedNothing) {
  answer(response(412), response(401));
  const auto swapped = swap();
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().as<PublishFailed>(), nullptr);
  EXPECT_FALSE(swapped.error().as<PublishFailed>()->indeterminate);
}

TEST_F(RestBackendTest, A412ThatShowsTheDesiredRevisionIsASuccess) {
  answer(response(412, {etag(r2_), {"Dialog-Sequence", "9"}}));
  auto made = backend();
  EXPECT_EQ(*made.swap_head(subject_, r1_, r2_), (Head{r2_, 9}));
  EXPECT_EQ(*made.revision(subject_), r2_);
}

TEST_F(RestBackendTest, AnAcceptanceWithoutATagIsConfirmedByAFetch) {
  answer(response(200), response(200, {etag(r2_)}));
  EXPECT_TRUE(swap().has_value());
  answer(response(204), response(200, {etag(r2_)}));
  EXPECT_TRUE(swap().has_value());
}

TEST_F(RestBackendTest, AnAcceptanceWithoutATagIsReadFromItsBody) {
  answer(response(200, {}, wire::print_record({r2_, r1_, 8, WallTime{1}, "alice"})));
  EXPECT_EQ(*backend().swap_head(subject_, r1_, r2_), (Head{r2_, 8}));
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(RestBackendTest, AnAcceptanceWhoseBodyNamesAnotherRevisionIsConfirmedByAFetch) {
  answer(response(200, {}, wire::print_record({r3_, r1_, 8, WallTime{1}, ""})),
         response(200, {etag(r2_)}));
  EXPECT_TRUE(swap().has_value());
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(RestBackendTest, AWebPageIsNoAcceptance) {
  answer(response(200, {{"Content-Type", "text/html"}}, "<html>"), response(200, {}));
  const auto swapped = swap();
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::not_a_remote);
}

TEST_F(RestBackendTest, AnAcceptanceThatShowsAnotherRevisionIsIndeterminate) {
  answer(response(200, {etag(r3_)}), response(200, {etag(r3_)}));
  EXPECT_EQ(swap().error().code(), ErrorCode::indeterminate);
}

TEST_F(RestBackendTest, ALostAnswerOfASwapIsIndeterminateAndNotSentAgain) {
  for (const ErrorCode code : {ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::cancelled,
                               ErrorCode::malformed, ErrorCode::too_large}) {
    client_->requests.clear();
    answer(lost(true, code));
    const auto swapped = swap();
    ASSERT_FALSE(swapped.has_value());
    ASSERT_NE(swapped.error().as<PublishFailed>(), nullptr);
    EXPECT_TRUE(swapped.error().as<PublishFailed>()->indeterminate);
    EXPECT_EQ(swapped.error().code(), ErrorCode::indeterminate);
    EXPECT_EQ(requests().size(), 1U);
  }
}

TEST_F(RestBackendTest, ASwapThatCertainlyDidNotArriveIsSentAgain) {
  answer(lost(false), lost(false), response(200, {etag(r2_)}));
  EXPECT_TRUE(swap().has_value());
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(RestBackendTest, ASwapThatNeverArrivesDidNotHappen) {
  answer(lost(false), lost(false));
  const auto swapped =
      backend(RestBackendConfig("https://a").with_retry({2, 1ms, 1ms})).swap(subject_, r1_, r2_);
  ASSERT_FALSE(swapped.has_value());
  ASSERT_NE(swapped.error().as<PublishFailed>(), nullptr);
  EXPECT_FALSE(swapped.error().as<PublishFailed>()->indeterminate);
  EXPECT_EQ(swapped.error().code(), ErrorCode::unavailable);
}

TEST_F(RestBackendTest, AServersFailureLeavesASwapOpen) {
  for (const int status : {500, 502, 503, 504, 408}) {
    client_->requests.clear();
    answer(response(status));
    EXPECT_EQ(swap().error().code(), ErrorCode::indeterminate) << status;
    EXPECT_EQ(requests().size(), 1U);
  }
}

TEST_F(RestBackendTest, ABusyServerThatSaysSoDidNothing) {
  answer(response(503, {}, wire::print_error({ErrorCode::busy, "later", {}})), response(429));
  for (int i = 0; i < 2; ++i) {
    const auto swapped = swap();
    ASSERT_FALSE(swapped.has_value());
    ASSERT_NE(swapped.error().as<PublishFailed>(), nullptr);
    EXPECT_FALSE(swapped.error().as<PublishFailed>()->indeterminate);
    EXPECT_EQ(error_row(swapped.error().code()).retry, Retry::later);
  }
}

TEST_F(RestBackendTest, StatusesOfSwapBecomeTheErrorsOfTheContract) {
  answer(response(401), response(403), response(404),
         response(400, {}, wire::print_error({ErrorCode::invalid_argument, "sub", {}})),
         response(405), response(302, {{"Location", "/"}}));
  auto made = backend();
  EXPECT_NE(made.swap(subject_, r1_, r2_).error().as<Unauthorized>(), nullptr);
  EXPECT_NE(made.swap(subject_, r1_, r2_).error().as<Unauthorized>(), nullptr);
  EXPECT_NE(made.swap(subject_, r1_, r2_).error().as<NotFound>(), nullptr);
  const auto refused = made.swap(subject_, r1_, r2_);
  EXPECT_EQ(refused.error().code(), ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message(), HasSubstr("sub"));
  EXPECT_EQ(made.swap(subject_, r1_, r2_).error().code(), ErrorCode::not_a_remote);
  EXPECT_EQ(made.swap(subject_, r1_, r2_).error().code(), ErrorCode::not_a_remote);
}

TEST_F(RestBackendTest, A404ToAFirstPublishIsNoRegister) {
  answer(response(404, {}, "<html>"));
  const auto swapped = backend().swap(subject_, {}, r1_);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code(), ErrorCode::not_a_remote);
}

TEST_F(RestBackendTest, HistoryIsAskedPageByPage) {
  HeadHistory first{{{r1_, {}, 3, WallTime{1}, ""}, {r2_, r1_, 4, WallTime{2}, ""}}, false};
  HeadHistory second{{{r3_, r2_, 5, WallTime{3}, ""}}, true};
  answer(response(200, {}, wire::print_history(first)),
         response(200, {}, wire::print_history(second)));
  const auto history = backend().history(subject_, 2);
  ASSERT_TRUE(history.has_value() && history->has_value());
  EXPECT_EQ((*history)->records.size(), 3U);
  EXPECT_TRUE((*history)->complete);
  EXPECT_EQ(requests()[0].target,
            "https://api.example.com/register/" + subject_.did() + "/log?after=2&limit=1000");
  EXPECT_THAT(requests()[1].target, HasSubstr("/log?after=4&"));
}

TEST_F(RestBackendTest, HistoryThatGrowsTooLongEndsIncomplete) {
  std::uint64_t sequence = 0;
  for (int pages = 0; pages < 2; ++pages) {
    HeadHistory page{{}, false};
    for (int i = 0; i < 150; ++i) {
      page.records.push_back(
          {r1_, r1_, ++sequence, WallTime{1}, std::string(wire::kAuthorBytesMax, 'x')});
    }
    answer(response(200, {}, wire::print_history(page)));
  }
  const auto history = backend().history(subject_, 0);
  ASSERT_TRUE(history.has_value() && history->has_value());
  EXPECT_EQ((*history)->records.size(), 300U);
  EXPECT_FALSE((*history)->complete);
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(RestBackendTest, HistoryOfMoreRecordsThanAskedForIsNone) {
  HeadHistory history;
  for (std::uint64_t i = 1; i <= wire::kLogRecordsMax + 1; ++i)
    history.records.push_back({r1_, r1_, i, WallTime{1}, ""});
  answer(response(200, {}, wire::print_history(history)));
  const auto read = backend().history(subject_, 0);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, std::nullopt);
}

TEST_F(RestBackendTest, HistoryWhoseOldestRecordsAreGoneIsIncomplete) {
  HeadHistory history{{{r1_, {}, 9, WallTime{1}, ""}}, true};
  answer(response(200, {}, wire::print_history(history)));
  const auto read = backend().history(subject_, 2);
  ASSERT_TRUE(read.has_value() && read->has_value());
  EXPECT_FALSE((*read)->complete);
}

TEST_F(RestBackendTest, ARegisterWithoutHistoryHasNone) {
  answer(response(404, {}, "nothing here"), response(405), response(200, {}, "<html>"),
         response(301));
  auto made = backend();
  for (int i = 0; i < 4; ++i) {
    const auto history = made.history(subject_, 0);
    ASSERT_TRUE(history.has_value()) << history.error().message();
    EXPECT_EQ(*history, std::nullopt);
  }
}

TEST_F(RestBackendTest, HistoryThatDoesNotAdvanceIsNone) {
  HeadHistory stuck{{{r1_, {}, 1, WallTime{1}, ""}}, false};
  answer(response(200, {}, wire::print_history(stuck)),
         response(200, {}, wire::print_history(stuck)));
  const auto history = backend().history(subject_, 0);
  ASSERT_TRUE(history.has_value());
  EXPECT_EQ(*history, std::nullopt);
}

TEST_F(RestBackendTest, HistoryWithoutPermissionIsUnauthorized) {
  answer(response(403));
  EXPECT_NE(backend().history(subject_, 0).error().as<Unauthorized>(), nullptr);
}

TEST_F(RestBackendTest, CapabilitiesAreWhatTheRemoteSays) {
  wire::Capabilities offered;
  offered.archive = true;
  answer(response(200, {}, wire::print_capabilities(offered)));
  const auto found =
      fetch_capabilities(RestBackendConfig("https://a/p/"), {client_, &clock_, &random_});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(*found, offered);
  EXPECT_EQ(requests()[0].method, "GET");
  EXPECT_EQ(requests()[0].target, "https://a/p/");
}

TEST_F(RestBackendTest, ARemoteWithoutCapabilitiesHasNone) {
  answer(response(404), response(200, {}, "<html>"), response(405),
         lost(true, ErrorCode::too_large));
  for (int i = 0; i < 4; ++i) {
    const auto found =
        fetch_capabilities(RestBackendConfig("https://a"), {client_, &clock_, &random_});
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_EQ(*found, std::nullopt);
  }
}

TEST_F(RestBackendTest, WhereNothingIsPublishedARemoteCanBeRequiredToTellItsCapabilities) {
  const RestBackendConfig config = RestBackendConfig("https://a/p").with_capabilities_required();
  answer(response(404), response(200, {}, wire::print_capabilities({})), response(404),
         response(404), response(404), response(200, {}, "<html>"), response(404),
         lost(true, ErrorCode::timeout), response(200, {etag(r1_)}));
  auto made = backend(config);
  EXPECT_NE(made.fetch(subject_).error().as<NotFound>(), nullptr);
  EXPECT_EQ(requests()[1].method, "GET");
  EXPECT_EQ(requests()[1].target, "https://a/p/");
  EXPECT_EQ(made.fetch(subject_).error().code(), ErrorCode::not_a_remote);
  EXPECT_EQ(made.fetch(subject_).error().code(), ErrorCode::not_a_remote);
  EXPECT_EQ(made.fetch(subject_).error().code(), ErrorCode::timeout);
  EXPECT_EQ(requests().size(), 8U);
  EXPECT_EQ(*made.fetch(subject_), r1_);
  EXPECT_EQ(requests().size(), 9U);
}

TEST_F(RestBackendTest, CapabilitiesThatCannotBeAskedForAreAnError) {
  answer(response(401), lost(true, ErrorCode::timeout),
         response(200, {}, R"({"protocol":"dialog-remote","version":3})"));
  const auto ask = [&] {
    return fetch_capabilities(RestBackendConfig("https://a"), {client_, &clock_, &random_})
        .error()
        .code;
  };
  EXPECT_EQ(ask(), ErrorCode::unauthorized);
  EXPECT_EQ(ask(), ErrorCode::timeout);
  EXPECT_EQ(ask(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace dialog
