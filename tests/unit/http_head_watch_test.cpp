#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dialog/http/head_watch.hpp"
#include "dialog/http/wire.hpp"
#include "http_scripted_client.hpp"

namespace dialog {
namespace {

using namespace std::chrono_literals;
using test::lost;
using test::response;
using test::ScriptedClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using wire::WatchEvent;

class HeadWatchTest : public testing::Test {
 protected:
  static WatchEvent event(std::uint64_t sequence, WatchEvent::Kind kind = WatchEvent::Kind::head) {
    return {kind, HeadRecord{revision(sequence), revision(sequence - 1), sequence, {}, ""}};
  }
  static Revision revision(std::uint64_t number) {
    return number == 0 ? Revision() : Revision(Hash::of(std::to_string(number)));
  }
  static HttpResponse stream(const std::vector<WatchEvent>& events) {
    Bytes body;
    for (const WatchEvent& each : events) body += wire::print_watch_event(each);
    return response(200, {{"Content-Type", "text/event-stream"}}, body);
  }
  template <class... Outcomes>
  void answer(Outcomes... outcomes) {
    (client_->outcomes.push_back(std::move(outcomes)), ...);
  }
  /// Until so many events were told.
  Result<void> watch(std::size_t count, const std::optional<wire::WatchPosition>& after = {},
                     const Context& context = {}) {
    return watch_head(
        RestBackendConfig("https://api.example.com"), {client_, &clock_, &random_}, subject_, after,
        [&](const WatchEvent& told) {
          told_.push_back(told);
          return told_.size() < count;
        },
        context);
  }
  static ErrorCode code(const Result<void>& outcome) {
    return outcome ? ErrorCode::internal : outcome.error().code;
  }
  std::string last_event_id(std::size_t request) {
    const auto* const field = client_->requests.at(request).headers.find("Last-Event-ID");
    return field == nullptr ? "(none)" : *field;
  }

  std::shared_ptr<ScriptedClient> client_ = std::make_shared<ScriptedClient>();
  ManualClock clock_;
  test::ConstantRandom random_{0xff};
  const Subject subject_ =
      *Subject::parse("did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi");
  std::vector<WatchEvent> told_;
};

TEST_F(HeadWatchTest, TellsEachEventInOrderUntilTheCallerEndsIt) {
  answer(stream({event(1), event(2), event(3)}));
  ASSERT_TRUE(watch(2).has_value());
  EXPECT_THAT(told_, ElementsAre(event(1), event(2)));
  ASSERT_EQ(client_->requests.size(), 1U);
  EXPECT_EQ(client_->requests[0].method, "GET");
  EXPECT_EQ(client_->requests[0].target, "https://api.example.com/" + subject_.did() + "/watch");
  EXPECT_EQ(last_event_id(0), "(none)");
}

TEST_F(HeadWatchTest, BeginsAfterWhereTheCallerStands) {
  answer(stream({event(5)}));
  ASSERT_TRUE(watch(1, event(4).position()).has_value());
  EXPECT_EQ(last_event_id(0), wire::print_watch_position(event(4).position()));
}

TEST_F(HeadWatchTest, GoesOnFromTheLastEventWhereAConnectionEnds) {
  answer(stream({event(1), event(2)}), lost(), stream({event(3)}));
  ASSERT_TRUE(watch(3).has_value());
  EXPECT_THAT(told_, ElementsAre(event(1), event(2), event(3)));
  EXPECT_EQ(last_event_id(1), wire::print_watch_position(event(2).position()));
  EXPECT_EQ(last_event_id(2), last_event_id(1));
}

TEST_F(HeadWatchTest, WaitsLongerWithEachAttemptInVain) {
  answer(stream({event(1)}));
  for (int i = 0; i < 20; ++i) answer(lost());
  answer(stream({event(2)}));
  const MonotonicTime before = clock_.now();
  ASSERT_TRUE(watch(2).has_value());
  // Twenty waits of 200 ms at most would be 4 s; doubled up to 10 s each they come to more.
  EXPECT_GT(clock_.now() - before, 10s);
}

TEST_F(HeadWatchTest, GivesUpWhereThereNeverWasAStream) {
  for (int i = 0; i < 5; ++i) answer(lost());
  EXPECT_EQ(code(watch(1)), ErrorCode::unavailable);
  EXPECT_EQ(client_->requests.size(), 5U);
}

TEST_F(HeadWatchTest, WaitsAsLongAsTheRemoteAsks) {
  answer(response(503, {{"Retry-After", "30"}}), stream({event(1)}));
  const MonotonicTime before = clock_.now();
  ASSERT_TRUE(watch(1).has_value());
  EXPECT_GE(clock_.now() - before, 30s);
}

TEST_F(HeadWatchTest, EndsWithTheRightToRead) {
  answer(stream({event(1)}),
         response(401, {}, wire::print_error({ErrorCode::unauthorized, "the token expired", {}})));
  const auto outcome = watch(2);
  ASSERT_EQ(code(outcome), ErrorCode::unauthorized);
  EXPECT_THAT(outcome.error().message, HasSubstr("the token expired"));
}

TEST_F(HeadWatchTest, SaysWhereARemoteTellsNoChanges) {
  answer(response(404));
  EXPECT_EQ(code(watch(1)), ErrorCode::unsupported);
}

TEST_F(HeadWatchTest, PassesOverEventsThatItDoesNotKnow) {
  HttpResponse told = stream({event(1)});
  told.body = "event: quota\nid: 9\ndata: {}\n\n:\n\n" + told.body;
  answer(std::move(told));
  ASSERT_TRUE(watch(1).has_value());
  EXPECT_THAT(told_, ElementsAre(event(1)));
}

TEST_F(HeadWatchTest, TellsAReset) {
  const WatchEvent reset = event(2, WatchEvent::Kind::reset);
  answer(stream({reset, event(3)}));
  ASSERT_TRUE(watch(2, event(7).position()).has_value());
  EXPECT_THAT(told_, ElementsAre(reset, event(3)));
}

TEST_F(HeadWatchTest, RefusesAStreamThatContradictsItself) {
  HttpResponse told = stream({event(1)});
  told.body.replace(told.body.find("id: 1"), 5, "id: 2");
  answer(std::move(told));
  EXPECT_EQ(code(watch(1)), ErrorCode::malformed);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(HeadWatchTest, RefusesAnEventWithoutAnEnd) {
  answer(response(200, {}, Bytes(100'000, 'x')));
  EXPECT_EQ(code(watch(1)), ErrorCode::too_large);
}

TEST_F(HeadWatchTest, EndsWhenItIsCancelled) {
  const CancelSource source;
  client_->on_send = [&] { source.cancel(); };
  answer(lost());
  EXPECT_EQ(code(watch(1, {}, {std::nullopt, source.token()})), ErrorCode::cancelled);
}

TEST_F(HeadWatchTest, EndsAtTheDeadline) {
  answer(stream({event(1)}), lost(), lost(), lost(), lost());
  EXPECT_EQ(code(watch(2, {}, {clock_.now() + 2s, {}})), ErrorCode::timeout);
}

}  // namespace
}  // namespace dialog
