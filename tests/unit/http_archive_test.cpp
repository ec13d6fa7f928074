#include "dialog/http/http_archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/counting_client.hpp"
#include "dialog/http/loopback_client.hpp"
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
using testing::SizeIs;

Block block(std::string_view text) { return Block::of(Bytes(text)); }

class HttpArchiveTest : public testing::Test {
 protected:
  std::unique_ptr<HttpArchive> archive(HttpArchiveOptions options = {}) {
    auto made =
        HttpArchive::create(RestBackendConfig("https://a").with_auth(AuthMethod::bearer("t")),
                            {client_, &clock_, &random_}, subject_, std::move(options));
    EXPECT_TRUE(made.has_value());
    return *std::move(made);
  }
  void answer(HttpResponse outcome) { client_->outcomes.emplace_back(std::move(outcome)); }
  void answer(ScriptedClient::Outcome outcome) {
    client_->outcomes.emplace_back(std::move(outcome));
  }
  static HttpResponse blocks(Bytes body) {
    return response(200, {{"Content-Type", "application/vnd.dialog.blocks"}}, std::move(body));
  }
  static Bytes frames(const std::vector<Block>& list) {
    Bytes body;
    for (const Block& each : list) wire::append_frame(body, each);
    return body;
  }
  const std::vector<HttpRequest>& requests() const { return client_->requests; }
  std::string url(std::string_view name) const {
    return "https://a/did:web:b/blocks/" + std::string(name);
  }

  std::shared_ptr<ScriptedClient> client_ = std::make_shared<ScriptedClient>();
  ManualClock clock_;
  ConstantRandom random_{0};
  const Subject subject_ = *Subject::parse("did:web:b");
  const Block one_ = block("one");
  const Block two_ = block("two");
  const Block three_ = block("three");
};

TEST_F(HttpArchiveTest, GetAsksForTheWholeBatchInOneRequest) {
  Bytes body = frames({one_});
  wire::append_absent_frame(body, two_.hash());
  answer(blocks(body));
  const std::vector<Hash> asked{one_.hash(), two_.hash()};
  const auto found = archive()->get(asked);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_THAT(*found, ElementsAre(one_, std::nullopt));
  ASSERT_THAT(requests(), SizeIs(1));
  EXPECT_EQ(requests()[0].method, "POST");
  EXPECT_EQ(requests()[0].target, url("get"));
  EXPECT_EQ(requests()[0].body, wire::print_hashes(asked));
  EXPECT_EQ(*requests()[0].headers.find("Content-Type"), "application/vnd.dialog.blocks");
  EXPECT_EQ(*requests()[0].headers.find("Authorization"), "Bearer t");
}

TEST_F(HttpArchiveTest, GetOfNothingSendsNothing) {
  EXPECT_TRUE(archive()->get({})->empty());
  EXPECT_TRUE(archive()->put({}).has_value());
  EXPECT_TRUE(archive()->has({})->empty());
  EXPECT_THAT(requests(), SizeIs(0));
}

TEST_F(HttpArchiveTest, GetAsksForARepeatedHashOnce) {
  answer(blocks(frames({one_, two_})));
  const std::vector<Hash> asked{one_.hash(), two_.hash(), one_.hash()};
  const auto found = archive()->get(asked);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ElementsAre(one_, two_, one_));
  EXPECT_EQ(requests()[0].body.size(), 64U);
}

TEST_F(HttpArchiveTest, GetAsksAgainForWhatAnAnswerLeftOut) {
  answer(blocks(frames({one_, two_})));
  answer(blocks(frames({three_})));
  const std::vector<Hash> asked{one_.hash(), two_.hash(), three_.hash()};
  const auto found = archive()->get(asked);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ElementsAre(one_, two_, three_));
  ASSERT_THAT(requests(), SizeIs(2));
  EXPECT_EQ(requests()[1].body, three_.hash().bytes());
}

TEST_F(HttpArchiveTest, BatchesObeyTheLimitOfHashes) {
  HttpArchiveOptions options;
  options.capabilities.batch_hashes_max = 2;
  answer(blocks(frames({one_, two_})));
  answer(blocks(frames({three_})));
  answer(blocks(Bytes("\1\0", 2)));
  answer(blocks(Bytes("\1", 1)));
  answer(response(204));
  answer(response(204));
  const auto limited = archive(options);
  const std::vector<Hash> asked{one_.hash(), two_.hash(), three_.hash()};
  EXPECT_THAT(*limited->get(asked), ElementsAre(one_, two_, three_));
  EXPECT_THAT(*limited->has(asked), ElementsAre(true, false, true));
  EXPECT_TRUE(limited->put(std::vector{one_, two_, three_}).has_value());
  EXPECT_EQ(requests()[4].body, frames({one_, two_}));
  EXPECT_EQ(requests()[5].body, frames({three_}));
}

TEST_F(HttpArchiveTest, PutsObeyTheLimitOfBytesButSendEveryBlock) {
  HttpArchiveOptions options;
  options.capabilities.batch_bytes_max = frames({one_, two_}).size();
  for (int i = 0; i < 3; ++i) answer(response(204));
  const Block large = Block::of(Bytes(200, 'x'));
  EXPECT_TRUE(archive(options)->put(std::vector{one_, two_, three_, large}).has_value());
  ASSERT_THAT(requests(), SizeIs(3));
  EXPECT_EQ(requests()[0].target, url("put"));
  EXPECT_EQ(requests()[0].body, frames({one_, two_}));
  EXPECT_EQ(requests()[1].body, frames({three_}));
  EXPECT_EQ(requests()[2].body, frames({large}));
}

TEST_F(HttpArchiveTest, WhatIsRefusedAsTooLargeIsSentAgainInHalves) {
  const auto limited = archive();
  answer(response(413));
  answer(response(413));
  for (int i = 0; i < 4; ++i) answer(response(204));
  const Block four = block("four!");
  ASSERT_TRUE(limited->put(std::vector{one_, two_, three_, four}).has_value());
  ASSERT_THAT(requests(), SizeIs(6));
  EXPECT_EQ(requests()[1].body, frames({one_, two_}));
  EXPECT_EQ(requests()[2].body, frames({one_}));
  EXPECT_EQ(requests()[5].body, frames({four}));
  const std::vector<Hash> asked{one_.hash(), two_.hash(), three_.hash()};
  answer(response(413));
  for (const Block& each : {one_, two_, three_}) answer(blocks(frames({each})));
  EXPECT_THAT(*limited->get(asked), ElementsAre(one_, two_, three_));
  EXPECT_THAT(requests(), SizeIs(10));
}

TEST_F(HttpArchiveTest, WhatARefusalTaughtIsKept) {
  const auto limited = archive();
  const std::vector<Hash> asked{one_.hash(), two_.hash()};
  answer(response(413));
  for (int i = 0; i < 4; ++i) answer(blocks(Bytes("\1", 1)));
  EXPECT_THAT(*limited->has(asked), ElementsAre(true, true));
  EXPECT_THAT(*limited->has(asked), ElementsAre(true, true));
  EXPECT_THAT(requests(), SizeIs(5));
}

TEST_F(HttpArchiveTest, AnEndlessRefusalEnds) {
  for (int i = 0; i < 3; ++i) answer(response(413));
  const auto refused = archive()->put(std::vector{one_, two_, three_, block("four!")});
  EXPECT_EQ(refused.error().code, ErrorCode::too_large);
  EXPECT_THAT(refused.error().message, HasSubstr("not even one"));
}

TEST_F(HttpArchiveTest, AnnouncedLimitsRaiseNothing) {
  HttpArchiveOptions options;
  options.capabilities.block_bytes_max = options.capabilities.batch_bytes_max =
      options.capabilities.batch_hashes_max = std::size_t{1} << 31U;
  const auto generous = archive(options);
  answer(blocks(frames({one_})));
  ASSERT_TRUE(generous->get(std::vector{one_.hash()}).has_value());
  EXPECT_EQ(client_->response_bounds[0], wire::kBatchBytesMax);
  std::vector<Hash> many;
  for (std::size_t i = 0; i <= wire::kBatchHashesMax; ++i)
    many.push_back(Hash::of(std::to_string(i)));
  answer(blocks(Bytes(wire::kBatchHashesMax, '\1')));
  answer(blocks(Bytes("\1", 1)));
  ASSERT_TRUE(generous->has(many).has_value());
  std::vector<Block> large;
  for (char c = 'a'; c < 'r'; ++c) large.push_back(Block::of(Bytes(kBlockBytesMax, c)));
  answer(response(204));
  answer(response(204));
  ASSERT_TRUE(generous->put(large).has_value());
  EXPECT_LE(requests()[3].body.size(), wire::kBatchBytesMax);
}

TEST_F(HttpArchiveTest, LimitsOfNothingStillLetOneBlockTravel) {
  HttpArchiveOptions options;
  options.capabilities.block_bytes_max = options.capabilities.batch_bytes_max =
      options.capabilities.batch_hashes_max = 0;
  const auto limited = archive(options);
  for (const Block& each : {one_, two_}) answer(blocks(frames({each})));
  EXPECT_THAT(*limited->get(std::vector{one_.hash(), two_.hash()}), ElementsAre(one_, two_));
  answer(response(204));
  EXPECT_TRUE(limited->put(std::vector{one_}).has_value());
}

TEST_F(HttpArchiveTest, BytesOfAnotherBlockAreCorrupt) {
  Bytes body = frames({one_});
  body.back() = 'X';
  answer(blocks(body));
  EXPECT_EQ(archive()->get(std::vector{one_.hash()}).error().code, ErrorCode::corrupt);
}

TEST_F(HttpArchiveTest, AnswersThatDoNotMatchTheQuestionAreMalformed) {
  Bytes cut = frames({one_});
  cut.pop_back();
  for (const Bytes& body : {frames({two_}), Bytes(), cut, Bytes("x")}) {
    answer(blocks(body));
    EXPECT_EQ(archive()->get(std::vector{one_.hash()}).error().code, ErrorCode::malformed);
  }
  answer(blocks(frames({one_, one_})));
  EXPECT_EQ(archive()->get(std::vector{one_.hash()}).error().code, ErrorCode::too_large);
  answer(blocks(Bytes("\1\1", 2)));
  EXPECT_EQ(archive()->has(std::vector{one_.hash()}).error().code, ErrorCode::malformed);
}

TEST_F(HttpArchiveTest, AWebPageIsNoArchive) {
  const HttpResponse page = response(200, {{"Content-Type", "text/html"}}, "<html>");
  for (int i = 0; i < 3; ++i) answer(page);
  const std::vector<Hash> asked{one_.hash()};
  EXPECT_EQ(archive()->get(asked).error().code, ErrorCode::not_a_remote);
  EXPECT_EQ(archive()->has(asked).error().code, ErrorCode::not_a_remote);
  EXPECT_EQ(archive()->put(std::vector{one_}).error().code, ErrorCode::not_a_remote);
  answer(response(404));
  answer(response(405));
  answer(response(301, {{"Location", "https://b"}}));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(archive()->get(asked).error().code, ErrorCode::not_a_remote);
}

TEST_F(HttpArchiveTest, RefusalsKeepTheirMeaning) {
  const std::vector<Hash> asked{one_.hash()};
  answer(response(401));
  EXPECT_EQ(archive()->get(asked).error().code, ErrorCode::unauthorized);
  answer(response(403));
  EXPECT_EQ(archive()->put(std::vector{one_}).error().code, ErrorCode::unauthorized);
  answer(response(507, {}, wire::print_error({ErrorCode::storage_full, "no space", {}})));
  EXPECT_EQ(archive()->put(std::vector{one_}).error().code, ErrorCode::storage_full);
  answer(response(422));
  EXPECT_EQ(archive()->put(std::vector{one_}).error().code, ErrorCode::corrupt);
  answer(response(413));
  EXPECT_EQ(archive()->put(std::vector{one_}).error().code, ErrorCode::too_large);
}

TEST_F(HttpArchiveTest, EveryRequestIsRepeatedAfterTransientFaults) {
  answer(lost(true));
  answer(response(503));
  answer(response(204));
  EXPECT_TRUE(archive()->put(std::vector{one_}).has_value());
  answer(lost(true));
  answer(blocks(frames({one_})));
  EXPECT_TRUE(archive()->get(std::vector{one_.hash()}).has_value());
  EXPECT_THAT(requests(), SizeIs(5));
}

TEST_F(HttpArchiveTest, FailuresNameTheEndpoint) {
  answer(lost(true, ErrorCode::timeout));
  const auto found = archive()->get(std::vector{one_.hash()});
  EXPECT_EQ(found.error().code, ErrorCode::timeout);
  EXPECT_THAT(found.error().message, HasSubstr("https://a"));
}

TEST_F(HttpArchiveTest, ALargeBlockIsRefusedBeforeAnythingIsSent) {
  EXPECT_EQ(archive()->put(std::vector{Block::of(Bytes(kBlockBytesMax + 1, 'x'))}).error().code,
            ErrorCode::too_large);
  EXPECT_THAT(requests(), SizeIs(0));
}

TEST_F(HttpArchiveTest, TheTimeoutGrowsWithTheBytes) {
  answer(response(204));
  std::vector<Block> many;
  for (char c = 'a'; c < 'q'; ++c) many.push_back(Block::of(Bytes(kBlockBytesMax - 100, c)));
  ASSERT_TRUE(archive()->put(many).has_value());
  EXPECT_GT(client_->contexts[0].deadline, MonotonicTime(30s + 120s));
}

TEST_F(HttpArchiveTest, AnErrorStopsTheBatch) {
  HttpArchiveOptions options;
  options.capabilities.batch_hashes_max = 1;
  answer(response(401));
  EXPECT_EQ(archive(options)->put(std::vector{one_, two_, three_}).error().code,
            ErrorCode::unauthorized);
  EXPECT_THAT(requests(), SizeIs(1));
}

TEST_F(HttpArchiveTest, RequestsOfABatchRunAsTheGivenLoopSays) {
  HttpArchiveOptions options;
  options.capabilities.batch_hashes_max = 1;
  options.parallel_for = [](std::size_t count, const std::function<void(std::size_t)>& call) {
    for (std::size_t i = count; i > 0; --i) call(i - 1);
  };
  for (const Block& each : {three_, two_, one_}) answer(blocks(frames({each})));
  const std::vector<Hash> asked{one_.hash(), two_.hash(), three_.hash()};
  EXPECT_THAT(*archive(options)->get(asked), ElementsAre(one_, two_, three_));
}

TEST(LoopbackHttpClient, ShowsTheHandlerWhatAServerSees) {
  HttpRequest seen;
  LoopbackHttpClient client([&](const HttpRequest& request) {
    seen = request;
    return response(200, {}, "body");
  });
  const auto got = client.send({"HEAD", "http://h:1/a?b", {}, {}}, 100, {});
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->body, "");
  EXPECT_EQ(seen.target, "/a?b");
  EXPECT_EQ(*seen.headers.find("Host"), "h:1");
  ASSERT_TRUE(client.send({"PUT", "http://h", {}, "1234"}, 100, {}).has_value());
  EXPECT_EQ(seen.target, "/");
  EXPECT_EQ(*seen.headers.find("Content-Length"), "4");
}

TEST(LoopbackHttpClient, BoundsResponsesAndObeysTheContext) {
  ManualClock clock;
  int calls = 0;
  LoopbackHttpClient client(
      [&](const HttpRequest&) {
        ++calls;
        return response(200, {}, "12345");
      },
      clock);
  EXPECT_EQ(client.send({"GET", "http://h/", {}, {}}, 4, {}).error().error.code,
            ErrorCode::too_large);
  const auto late = client.send({"GET", "http://h/", {}, {}}, 9, Context{clock.now(), {}});
  EXPECT_EQ(late.error().error.code, ErrorCode::timeout);
  EXPECT_FALSE(late.error().may_have_been_received);
  EXPECT_EQ(calls, 1);
}

TEST(CountingHttpClient, CountsRequestsRoundTripsAndBytes) {
  auto inner = std::make_shared<ScriptedClient>();
  CountingHttpClient client(inner);
  HttpResponse answer = response(200);
  answer.traffic = {10, 20};
  inner->outcomes = {answer, answer, lost(false)};
  for (int i = 0; i < 3; ++i) static_cast<void>(client.send({"GET", "http://h/", {}, {}}, 9, {}));
  EXPECT_EQ(client.stats().requests, 3U);
  EXPECT_EQ(client.stats().round_trips, 3U);
  EXPECT_EQ(client.stats().bytes_up, 20U);
  EXPECT_EQ(client.stats().bytes_down, 40U);
  client.reset();
  EXPECT_EQ(client.stats().requests, 0U);
}

TEST(CountingHttpClient, CountsRequestsAtTheSameTimeAsOneRoundTrip) {
  auto inner = std::make_shared<ScriptedClient>();
  CountingHttpClient client(inner);
  // The second request leaves while the first still waits for its answer.
  bool nested = false;
  inner->on_send = [&] {
    if (std::exchange(nested, true)) return;
    static_cast<void>(client.send({"GET", "http://h/", {}, {}}, 9, {}));
  };
  for (int i = 0; i < 3; ++i) inner->outcomes.emplace_back(response(200));
  static_cast<void>(client.send({"GET", "http://h/", {}, {}}, 9, {}));
  EXPECT_EQ(client.stats().requests, 2U);
  EXPECT_EQ(client.stats().round_trips, 1U);
  static_cast<void>(client.send({"GET", "http://h/", {}, {}}, 9, {}));
  EXPECT_EQ(client.stats().round_trips, 2U);
}

TEST(SpelledTraffic, IsTheLengthOfTheMessages) {
  HttpRequest request{"PUT", "/x", {}, "body"};
  request.headers.add("A", "b");
  HttpResponse answer = response(200, {{"C", "dd"}}, "xyz");
  const HttpTraffic traffic = spelled_traffic(request, answer);
  EXPECT_EQ(traffic.bytes_up, std::string("PUT /x HTTP/1.1\r\nA: b\r\n\r\nbody").size());
  EXPECT_EQ(traffic.bytes_down, std::string("HTTP/1.1 200 \r\nC: dd\r\n\r\nxyz").size());
}

}  // namespace
}  // namespace dialog
